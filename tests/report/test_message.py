"""Commit messages and titles as their templates make them (spec/flux.md 5.8, 5.9, appendix C)."""

from __future__ import annotations

import pytest

from imgupdate.config.model import ImageUpdateAutomation
from imgupdate.errors import RemovedTemplateField, TemplateError, TemplateExecutionError
from imgupdate.report.message import commit_message, render_title
from imgupdate.results import Change, Location, ObjectKey
from tests.report.messages import KEY, V1, automation, change

V1BETA2 = "image.toolkit.fluxcd.io/v1beta2"
GOLDEN = """Commit summary with ResultV2

Automation: {{ .AutomationObject }}

{{ range $filename, $objchange := .Changed.FileChanges -}}
- File: {{ $filename }}
{{- range $obj, $changes := $objchange }}
  - Object: {{ $obj.Kind }}/{{ $obj.Namespace }}/{{ $obj.Name }}
    Changes:
{{- range $_ , $change := $changes }}
    - {{ $change.OldValue }} -> {{ $change.NewValue }}
{{ end -}}
{{ end -}}
{{ end -}}"""
LIST = """Commit summary

Automation: {{ .AutomationObject }}

Files:
{{ range $filename, $_ := .Changed.FileChanges -}}
- {{ $filename }}
{{ end -}}
Objects:
{{ range $resource, $_ := .Changed.Objects -}}
- {{ $resource.Kind | lower }} {{ $resource.Name }}
{{ end -}}
Images:
{{ range $_, $change := .Changed.Changes -}}
- {{$change.NewValue}} ({{$change.Setter}})
{{ end -}}"""

DEPLOYMENT = change("clusters/z.yaml", "a:1", "a:2", name="b")
CRON_JOB = change("clusters/a.yaml", "b:1", "b:2", "ns:q:tag", kind="CronJob", name="z")
BOTH = [DEPLOYMENT, CRON_JOB]
VALUES = {"cluster": "prod"}


EACH_OBJECT = (
    "{{ range $o, $_ := .Changed.Objects }}{{ $o.Kind }}/{{ $o.Namespace }}/{{ $o.Name }}/{{ $o.APIVersion }} {{ end }}"
)
ALL_FILES = (
    "map[a.yaml:map[{{{apps/v1 CronJob} {z ns}}}:[{b:1 b:2 ns:q:tag}]]"
    " z.yaml:map[{{{apps/v1 Deployment} {b ns}}}:[{a:1 a:2 ns:p}]]]"
)
EACH_IMAGE = (
    "{{ range .Updated.Images }}{{ .String }} {{ .Identifier }} {{ .Repository }} {{ .Registry }} {{ .Policy }}"
    "{{ end }}"
)
EACH_FILE = (
    "{{ range $f, $r := .Updated.Files }}{{ $f }}{{ range $o, $all := $r.Objects }} {{ $o.Kind }} {{ $all }}"
    "{{ end }}{{ end }}"
)


def message(template: str, changes: list[Change] | None = None, *, api_version: str = V1) -> str:
    made = automation(template, api_version=api_version, values=VALUES)
    return commit_message(made, KEY, BOTH if changes is None else changes, under="clusters")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ .AutomationObject }}", "ns/auto"),
        ("{{ .AutomationObject.Name }}", "auto"),
        ('{{ .Values.cluster }}|{{ .Values.missing }}|{{ index .Values "missing" }}', "prod|<no value>|"),
        ("{{ with .Values.missing }}a{{ else }}b{{ end }}", "b"),
        ("{{ .Values }}", "map[cluster:prod]"),
        ("{{ range .Changed.Changes }}{{ . }}{{ end }}", "{b:1 b:2 ns:q:tag}{a:1 a:2 ns:p}"),
        ("{{ range $f, $_ := .Changed.FileChanges }}{{ $f }} {{ end }}", "a.yaml z.yaml "),
        (
            EACH_OBJECT,
            "CronJob/ns/z/apps/v1 Deployment/ns/b/apps/v1 ",
        ),
        (
            "{{ .Changed.Objects }}",
            "map[{{{apps/v1 CronJob} {z ns}}}:[{b:1 b:2 ns:q:tag}] {{{apps/v1 Deployment} {b ns}}}:[{a:1 a:2 ns:p}]]",
        ),
        (
            "{{ .Changed.FileChanges }}",
            ALL_FILES,
        ),
        ("{{ range .Changed.Changes }}{{ println .NewValue }}{{ end }}", "b:2\na:2\n"),
        ("{{ typeOf . }} {{ typeOf .Changed }}", "source.TemplateData update.Result"),
        ("\n  as it is \n", "\n  as it is \n"),
    ],
)
def test_the_renderings_of_flux_are_ours(template: str, expected: str) -> None:
    assert message(template) == expected


def test_the_messages_of_fluxs_own_tests_are_ours() -> None:
    key = ObjectKey("", "test-ns", "test-update")
    one = change("deploy.yaml", "helloworld:1.0.0", "helloworld:1.0.1", namespace="", name="test")

    assert commit_message(automation(GOLDEN), key, [one]) == (
        "Commit summary with ResultV2\n\nAutomation: test-ns/test-update\n\n- File: deploy.yaml\n"
        "  - Object: Deployment//test\n    Changes:\n    - helloworld:1.0.0 -> helloworld:1.0.1\n"
    )
    two = change("deploy.yaml", "helloworld:0", "helloworld:v1.0.0", "test-ns:policy", namespace="", name="test")
    assert commit_message(automation(LIST), key, [two]) == (
        "Commit summary\n\nAutomation: test-ns/test-update\n\nFiles:\n- deploy.yaml\nObjects:\n- deployment test\n"
        "Images:\n- helloworld:v1.0.0 (test-ns:policy)\n"
    )


def without_git() -> ImageUpdateAutomation:
    return ImageUpdateAutomation(key=KEY, location=Location("a.yaml"), api_version=V1, git=None, source=None)


@pytest.mark.parametrize("given", [None, without_git(), automation("")], ids=["implicit", "no git", "no template"])
def test_without_a_template_the_message_is_fluxs(given: ImageUpdateAutomation | None) -> None:
    assert commit_message(given, KEY, BOTH) == "Update from image update automation"


def test_files_are_named_relative_to_the_path_of_the_automation() -> None:
    template = automation("{{ range $f, $_ := .Changed.FileChanges }}{{ $f }} {{ end }}")
    changes = [change(path, "a:1", "a:2") for path in ("clusters/a.yaml", "clusters/b/c.yaml", "clusters2/d.yaml")]

    assert commit_message(template, KEY, changes) == "clusters/a.yaml clusters/b/c.yaml clusters2/d.yaml "
    assert commit_message(template, KEY, changes, under="clusters") == "a.yaml b/c.yaml clusters2/d.yaml "


def test_equal_changes_are_listed_once_and_changes_of_one_object_in_document_order() -> None:
    changes = [
        change("b.yaml", "b:1", "b:2"),
        change("a.yaml", "z:1", "z:2"),
        change("a.yaml", "y:1", "y:2"),
        change("a.yaml", "b:1", "b:2"),
    ]
    template = automation("{{ range .Changed.Changes }}{{ .OldValue }} {{ end }}| {{ .Changed.Objects }}")

    assert commit_message(template, KEY, changes) == (
        "z:1 y:1 b:1 | map[{{{apps/v1 Deployment} {app ns}}}:"
        "[{z:1 z:2 ns:p} {y:1 y:2 ns:p} {b:1 b:2 ns:p} {b:1 b:2 ns:p}]]"
    )


def test_no_changes_are_a_nil_slice_as_in_go() -> None:
    assert message("{{ .Changed.Changes | toJson }} {{ len .Changed.Objects }}", []) == "null 0"


def test_texts_that_are_no_unicode_do_not_stop_a_message() -> None:
    odd = change("a\ud800.yaml", "a:1", "\udcff", kind="\ud801")

    assert commit_message(automation("{{ .Changed.FileChanges }}"), KEY, [odd]) == (
        "map[a\ufffd.yaml:map[{{{apps/v1 \ufffd} {app ns}}}:[{a:1 \ufffd ns:p}]]]"
    )


def test_a_wrong_template_raises_with_its_place() -> None:
    with pytest.raises(TemplateExecutionError, match=r"template: commit message:1:3: executing .* at <\.Nope>"):
        message("{{ .Nope }}")
    with pytest.raises(TemplateError, match="template: commit message:1: missing value for if"):
        message("{{ if }}")


@pytest.mark.parametrize(
    ("template", "used", "instead"),
    [
        ("{{ range .Updated.Images }}{{ println . }}{{ end }}", "'.Updated'", "'.Changed'"),
        ("{{ .Changed.ImageResult.Images }}", "'.Changed.ImageResult'", "'.Changed.Objects'"),
    ],
)
def test_in_v1_a_field_that_flux_has_removed_is_an_error_that_says_what_to_use(
    template: str, used: str, instead: str
) -> None:
    with pytest.raises(RemovedTemplateField) as caught:
        message(template)

    assert f"template uses removed {used} field (RemovedTemplateField)" in caught.value.message
    assert instead in caught.value.remedy
    assert "https://fluxcd.io/" in caught.value.remedy


def test_what_the_remedy_for_a_removed_field_suggests_works() -> None:
    assert message("{{range .Changed.Changes}}{{.OldValue}} -> {{println .NewValue}}{{end}}") == (
        "b:1 -> b:2\na:1 -> a:2\n"
    )


WHOLE = change("apps/a.yaml", "helloworld:v1.0.0", "helloworld:v1.0.1")
TAG = change("apps/b.yaml", "5.0.0", "5.0.3", "ns:q:tag", name="other")
NAME = change("apps/b.yaml", "x", "ghcr.io/org/x", "ns:q:name", name="other")
PINNED = "localhost:5000/org/helloworld@sha256:" + "6745" * 16


@pytest.mark.parametrize("version", ["v1alpha1", "v1alpha2", "v1beta1", "v1beta2"])
def test_an_older_manifest_lists_images_as_flux_did(version: str) -> None:
    template = "{{ range .Updated.Images }}{{ println . }}{{ end }}"

    assert message(template, [WHOLE], api_version=f"image.toolkit.fluxcd.io/{version}") == "helloworld:v1.0.1\n"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (
            EACH_IMAGE,
            "helloworld:v1.0.1 v1.0.1 library/helloworld index.docker.io ns/p",
        ),
        (
            "{{ range .Updated.Images }}{{ .Name }}{{ end }}",
            "index.docker.io/library/helloworld:v1.0.1",
        ),
        ("{{ range .Updated.Images }}{{ .Policy.Name }}{{ end }}", "p"),
        (
            EACH_FILE,
            "a.yaml Deployment [helloworld:v1.0.1]",
        ),
        ("{{ .Updated.Objects }}", "map[{{{apps/v1 Deployment} {app ns}}}:[helloworld:v1.0.1]]"),
        ("{{ .Changed.ImageResult.Images }}", "[helloworld:v1.0.1]"),
        ("{{ range .Changed.Changes }}{{ .OldValue }}{{ end }}", "helloworld:v1.0.0"),
        ("{{ len .Changed.FileChanges }} {{ .Values.cluster }} {{ .AutomationObject }}", "1 prod ns/auto"),
        ("{{ range .Updated.Images }}{{ typeOf . }}{{ end }}", "update.ImageRef"),
    ],
)
def test_the_data_of_an_older_manifest_is_that_of_its_time(template: str, expected: str) -> None:
    made = automation(template, api_version=V1BETA2, values=VALUES)

    assert commit_message(made, KEY, [WHOLE], under="apps") == expected


def test_a_digest_identifies_an_image_of_an_older_manifest() -> None:
    template = "{{ range .Updated.Images }}{{ .Identifier }} {{ .Repository }} {{ .Registry }}{{ end }}"
    pinned = change("a.yaml", "a:1", PINNED)

    assert message(template, [pinned], api_version=V1BETA2) == f"sha256:{'6745' * 16} org/helloworld localhost:5000"


IMAGES = "{{ range .Updated.Images }}{{ . }},{{ end }}"


def test_an_older_manifest_names_an_image_once() -> None:
    changes = [WHOLE, WHOLE, change("b.yaml", "helloworld:0", "helloworld:v1.0.1")]

    assert message(IMAGES, changes, api_version=V1BETA2) == "helloworld:v1.0.1,"
    assert message("{{ range .Updated.Objects }}{{ len . }}{{ end }}", [WHOLE, WHOLE], api_version=V1BETA2) == "1"


def test_an_image_that_is_set_in_parts_is_the_policys_whole_image() -> None:
    made = automation(IMAGES, api_version=V1BETA2)
    images = {ObjectKey("", "ns", "q"): "ghcr.io/org/x:5.0.3"}

    assert commit_message(made, KEY, [TAG], images=images) == "ghcr.io/org/x:5.0.3,"
    assert commit_message(made, KEY, [TAG, NAME]) == "ghcr.io/org/x:5.0.3,"
    assert commit_message(made, KEY, [TAG, change("c.yaml", "x:1", "x:5.0.3", "ns:q")]) == "x:5.0.3,"
    assert commit_message(made, KEY, [TAG]) == "5.0.3,"


def test_an_image_that_is_no_reference_has_no_parts() -> None:
    odd = change("a.yaml", "a:1", "NO REFERENCE")
    template = "{{ range .Updated.Images }}{{ . }}|{{ .Repository }}|{{ .Identifier }}{{ end }}"

    assert message(template, [odd], api_version=V1BETA2) == "NO REFERENCE||"


def test_a_title_is_made_of_the_same_data() -> None:
    title = render_title(
        "Update {{ len .Changed.Changes }}\n images\tof {{ .Values.cluster }} ", without_git(), KEY, BOTH
    )

    assert title == "Update 2 images of <no value>"
    assert render_title("{{ .Values.cluster }}", automation("", values=VALUES), KEY, BOTH) == "prod"
    assert render_title(
        "{{ range $f, $_ := .Changed.FileChanges }}{{ $f }} {{ end }}", None, KEY, BOTH, under="clusters"
    ) == ("a.yaml z.yaml")


def test_a_title_has_a_length() -> None:
    assert render_title('{{ repeat 256 "x" }}', None, KEY, BOTH) == "x" * 256
    assert render_title('{{ repeat 257 "x" }}', None, KEY, BOTH) == "x" * 255 + "…"


def test_a_wrong_title_says_that_it_is_the_title() -> None:
    with pytest.raises(TemplateError, match=r"^template: title:1: unclosed action"):
        render_title("{{", None, KEY, BOTH)
