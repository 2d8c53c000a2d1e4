"""What a tree has to become, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.config.model import ActiveAutomation, ImageUpdateAutomation, Scope
from imgupdate.errors import ManifestError
from imgupdate.planning import _edits, plan, present_digest, present_tag, survey
from imgupdate.planning.tree import Tree
from imgupdate.policies import SemVer, compile_policy
from imgupdate.results import (
    Cause,
    DigestReflection,
    FileEdit,
    Location,
    Marker,
    ObjectIdentifier,
    Outcome,
    Part,
    Plan,
    Problem,
    Severity,
    Unavailable,
)
from imgupdate.setters import MarkedFile
from tests.trees import DIGEST, OTHER_DIGEST, DictFiles, automation, key, scope, selection

APP, WEB = key("app"), key("web")
NEVER, IF_NOT_PRESENT, ALWAYS = DigestReflection


def marked(value: str, setter: str = "flux-system:app", *, at: str = "image") -> str:
    return f'{at}: {value} # {{"$imagepolicy": "{setter}"}}\n'


def planned(
    contents: dict[str, str | bytes] | str,
    *outcomes: Outcome,
    scopes: Sequence[Scope] | None = None,
    automations: Sequence[ActiveAutomation] | None = None,
) -> Plan:
    """A plan for a tree, or for one file `a.yaml`, with the policies `app` and `web` and one automation for both."""
    files = DictFiles({"a.yaml": contents} if isinstance(contents, str) else contents)
    scopes = [scope(APP, WEB)] if scopes is None else scopes
    automations = [automation(APP, WEB)] if automations is None else automations
    return plan(files, scopes, automations, {outcome.policy: outcome for outcome in outcomes})


def after(found: Plan) -> str:
    (edit,) = found.edits
    return edit.after.decode()


def brief(problems: Sequence[Problem]) -> list[tuple[str, str, int]]:
    return [(str(problem.location or ""), problem.severity.value, problem.exit_code) for problem in problems]


# -- values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setter", "old", "new"),
    [
        ("flux-system:app", "reg.io/app:1.0.0", "reg.io/app:1.2.0"),
        ("flux-system:app:name", "other", "reg.io/app"),
        ("flux-system:app:tag", "1.0.0", "1.2.0"),
    ],
)
def test_each_marker_sets_its_part_of_the_image(setter: str, old: str, new: str) -> None:
    found = planned(marked(old, setter), selection(APP, "1.2.0"))

    assert after(found) == marked(new, setter)
    assert [(change.old, change.new, change.marker.setter) for change in found.changes] == [(old, new, setter)]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("setter", "old", "new"),
    [
        ("flux-system:app", "reg.io/app:1.0.0", f"reg.io/app:1.2.0@{DIGEST}"),
        ("flux-system:app:digest", '""', f'"{DIGEST}"'),
    ],
)
def test_a_digest_that_the_policy_reflects_is_written(setter: str, old: str, new: str) -> None:
    found = planned(marked(old, setter), selection(APP, "1.2.0", digest=DIGEST, reflection=ALWAYS))

    assert after(found) == marked(new, setter)


def test_native_policies_are_named_without_a_namespace() -> None:
    native = key("app", namespace="")
    text = marked("reg.io/app:1.0.0", "app") + marked("1.0.0", "app:tag", at="tag")
    found = planned(text, selection(native, "1.2.0"), scopes=[scope(native)], automations=[automation(native)])

    assert after(found) == marked("reg.io/app:1.2.0", "app") + marked("1.2.0", "app:tag", at="tag")


def test_what_is_right_already_is_not_edited() -> None:
    found = planned(marked("reg.io/app:1.2.0"), selection(APP, "1.2.0"))

    assert found.edits == ()
    assert [marker.value for marker in found.markers] == ["reg.io/app:1.2.0"]


def test_a_right_value_that_yaml_reads_as_a_number_is_quoted_only_in_a_file_that_changes() -> None:
    """spec/flux.md 5.6."""
    number = selection(APP, "1.10", order=compile_policy(SemVer(range="*"), None))
    tag = marked("1.10", "flux-system:app:tag", at="tag")
    stale = marked("other", "flux-system:app:name", at="name")

    assert planned(tag, number).edits == ()
    found = planned(tag + stale, number)
    assert after(found).startswith('tag: "1.10" # ')
    assert [change.new for change in found.changes] == ["reg.io/app"]


def test_edits_markers_and_problems_are_by_path_and_then_in_document_order() -> None:
    text = marked("reg.io/web:1.0.0", "flux-system:web") + marked("x", "unknown", at="b") + marked("reg.io/app:1.0.0")
    found = planned({"b.yaml": text, "a/z.yaml": text}, selection(APP, "2.0.0"), selection(WEB, "2.0.0"))

    assert [edit.path for edit in found.edits] == ["a/z.yaml", "b.yaml"]
    assert [str(marker.location) for marker in found.markers] == ["a/z.yaml:1", "a/z.yaml:3", "b.yaml:1", "b.yaml:3"]
    assert [change.new for change in found.changes] == ["reg.io/web:2.0.0", "reg.io/app:2.0.0"] * 2
    assert brief(found.problems) == [("a/z.yaml:2", "error", 5), ("b.yaml:2", "error", 5)]


def test_a_marker_says_where_it_is_and_to_which_object_it_belongs() -> None:
    found = planned(
        """\
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: app, namespace: apps}
        image: reg.io/app:1.0.0 # {"$imagepolicy": "flux-system:app"}
        """,
        selection(APP, "1.2.0"),
    )

    assert found.markers == (
        Marker(
            location=found.markers[0].location,
            object=ObjectIdentifier("apps/v1", "Deployment", "apps", "app"),
            setter="flux-system:app",
            policy=APP,
            part=Part.REFERENCE,
            value="reg.io/app:1.0.0",
        ),
    )
    assert (found.markers[0].location.path, found.markers[0].location.line) == ("a.yaml", 4)


def test_an_image_that_is_no_reference_fails_its_own_policy_only() -> None:
    text = marked("reg.io/app:1.0.0") + marked("1.0.0", "flux-system:app:tag", at="tag")
    text += marked("reg.io/web:1.0.0", "flux-system:web", at="web")
    found = planned({"a.yaml": text, "b.yaml": text}, selection(APP, "1:2"), selection(WEB, "2.0.0"))

    assert [change.new for change in found.changes] == ["reg.io/web:2.0.0"] * 2
    assert brief(found.problems) == [("a.yaml:1", "error", 3)]
    assert found.problems[0].policy == APP


# -- who serves a marker -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [Cause.SUSPENDED, Cause.SCAN_FAILED, Cause.NOT_REQUESTED])
def test_the_marker_of_a_policy_without_a_choice_stays_and_is_no_error(cause: Cause) -> None:
    found = planned(
        marked("reg.io/app:1.0.0"), Unavailable(policy=APP, image="reg.io/app", cause=cause, reason="so it is")
    )

    assert (found.edits, found.problems) == ((), ())
    assert [marker.policy for marker in found.markers] == [APP]


def test_the_marker_of_a_policy_that_nobody_speaks_of_stays() -> None:
    assert planned(marked("reg.io/app:1.0.0")).edits == ()


def test_the_marker_of_a_policy_that_is_configured_wrongly_stays_without_another_word() -> None:
    found = planned(marked("reg.io/app:1.0.0"), scopes=[scope(WEB, wrong=[APP])], automations=[automation(WEB)])

    assert (found.edits, found.problems) == ((), ())


def test_a_policy_that_no_automation_of_the_file_takes_is_noticed() -> None:
    found = planned(
        {"apps/a.yaml": marked("reg.io/app:1.0.0"), "web/a.yaml": marked("reg.io/app:1.0.0")},
        selection(APP, "2.0.0"),
        automations=[automation(APP, path="apps"), automation(WEB, path="web", name="other")],
    )

    assert [edit.path for edit in found.edits] == ["apps/a.yaml"]
    assert brief(found.problems) == [("web/a.yaml:1", "notice", 0)]
    assert "flux-system/app" in found.problems[0].message


def test_a_policy_of_another_scope_is_not_unknown() -> None:
    theirs = key("app", scope="staging")
    found = planned(
        marked("reg.io/app:1.0.0"),
        selection(theirs, "2.0.0"),
        scopes=[scope(WEB), scope(theirs, name="staging")],
        automations=[automation(WEB)],
    )

    assert found.edits == ()
    assert brief(found.problems) == [("a.yaml:1", "notice", 0)]


def test_nested_automations_each_serve_their_own_policies() -> None:
    text = marked("reg.io/app:1.0.0") + marked("reg.io/web:1.0.0", "flux-system:web", at="web")
    found = planned(
        {"a.yaml": text, "apps/a.yaml": text},
        selection(APP, "2.0.0"),
        selection(WEB, "2.0.0"),
        automations=[automation(APP), automation(WEB, path="apps", name="inner")],
    )

    assert [(edit.path, [change.new for change in edit.changes]) for edit in found.edits] == [
        ("a.yaml", ["reg.io/app:2.0.0"]),
        ("apps/a.yaml", ["reg.io/app:2.0.0", "reg.io/web:2.0.0"]),
    ]
    assert brief(found.problems) == [("a.yaml:2", "notice", 0)]


def test_the_order_of_automations_does_not_order_the_plan() -> None:
    found = planned(
        {"a.yaml": marked("reg.io/app:1.0.0"), "b.yaml": marked("reg.io/app:1.0.0")},
        selection(APP, "2.0.0"),
        automations=[automation(APP, path="b.yaml"), automation(APP, path="a.yaml", name="second")],
    )

    assert [edit.path for edit in found.edits] == ["a.yaml", "b.yaml"]


def test_a_file_that_several_automations_cover_is_planned_and_told_once() -> None:
    found = planned(
        marked("reg.io/app:1.0.0") + marked("x", "unknown", at="b"),
        selection(APP, "2.0.0"),
        automations=[automation(APP), automation(APP, name="second"), automation(APP, path="a.yaml", name="third")],
    )

    assert len(found.edits) == len(found.markers) == len(found.problems) == 1


def test_scopes_that_agree_on_a_field_set_it() -> None:
    theirs = key("app", scope="staging")
    found = planned(
        marked("reg.io/app:1.0.0"),
        selection(APP, "2.0.0"),
        selection(theirs, "2.0.0"),
        scopes=[scope(APP), scope(theirs, name="staging")],
        automations=[automation(APP), automation(theirs, of="staging")],
    )

    assert [change.new for change in found.changes] == ["reg.io/app:2.0.0"]
    assert found.problems == ()


def test_scopes_that_differ_on_a_field_leave_the_image_alone() -> None:
    theirs = key("app", scope="staging")
    text = marked("reg.io/app", "flux-system:app:name", at="name") + marked("1.0.0", "flux-system:app:tag", at="tag")
    found = planned(
        text,
        selection(APP, "2.0.0", image="mirror.io/app"),
        selection(theirs, "3.0.0", image="mirror.io/app"),
        scopes=[scope(APP), scope(theirs, name="staging")],
        automations=[automation(APP), automation(theirs, of="staging")],
    )

    assert found.edits == ()
    assert brief(found.problems) == [("a.yaml:2", "error", 5)]
    assert "'2.0.0'" in found.problems[0].message
    assert "'3.0.0'" in found.problems[0].message


def test_a_scope_that_has_chosen_nothing_leaves_the_field_to_the_other() -> None:
    theirs = key("app", scope="staging")
    found = planned(
        marked("reg.io/app:1.0.0"),
        Unavailable(policy=APP, image="reg.io/app", cause=Cause.SUSPENDED, reason="suspended"),
        selection(theirs, "2.0.0"),
        scopes=[scope(APP), scope(theirs, name="staging")],
        automations=[automation(APP), automation(theirs, of="staging")],
    )

    assert [(change.new, change.marker.policy) for change in found.changes] == [("reg.io/app:2.0.0", theirs)]


# -- markers that name nothing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setter", "remedy"),
    [
        ("flux-system:ap", "did you mean 'flux-system:app'?"),
        ("flux-system:app:tags", "an image has the parts name, tag and digest"),
        ("app", "did you mean 'flux-system:app'?"),
        ("app:tag", "did you mean 'flux-system:app:tag'?"),
        ("flux-sytem:web:tag", "did you mean 'flux-system:web:tag'?"),
        ("zzzzzzzzzzzzzz", "write namespace:policy as the ImagePolicy has them, or only"),
        ("Flux-System:app", "did you mean 'flux-system:app'?"),
        ("flux-system:app:", "an image has the parts"),
        ("flux-system:app:tag:name", "did you mean 'flux-system:app:"),
    ],
)
def test_a_marker_that_names_nothing_is_an_error_with_a_suggestion(setter: str, remedy: str) -> None:
    found = planned(marked("reg.io/app:1.0.0", setter), selection(APP, "2.0.0"))

    assert (found.edits, found.markers) == ((), ())
    assert brief(found.problems) == [("a.yaml:1", "error", 5)]
    assert remedy in found.problems[0].remedy


def test_where_no_policy_is_configured_a_marker_is_told_so() -> None:
    found = planned(marked("reg.io/app:1.0.0"), scopes=[scope()], automations=[automation()])

    assert found.problems[0].remedy == "no policy is configured here"


def test_suggestions_for_very_many_unknown_names_come_to_an_end() -> None:
    text = "".join(marked("x", f"flux-system:ap{number}", at=f"k{number}") for number in range(60))
    found = planned(text)

    assert len(found.problems) == 60
    assert [problem.remedy.startswith("did you mean") for problem in found.problems] == [True] * 50 + [False] * 10


def test_a_comment_that_looks_like_a_marker_and_is_none_is_told() -> None:
    found = planned(
        'image: reg.io/app:1.0.0 # {"$imagepolicy": "flux-system:app"} x\n'
        '"a": &b # {"$imagepolicy": "flux-system:app"}\n  c: 1\n',
        selection(APP, "2.0.0"),
    )

    assert brief(found.problems) == [("a.yaml:1", "warning", 0), ("a.yaml:2", "error", 5)]
    assert found.edits == ()


# -- files that cannot be served ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"a: 1\nb: [\n" + marked("x").encode(), "bad.yaml:"),
        (b"a: \xff\n" + marked("x").encode(), "bad.yaml:1"),
    ],
)
def test_a_marked_file_that_is_not_yaml_is_an_error_and_the_others_go_on(content: bytes, where: str) -> None:
    found = planned(
        {"a.yaml": marked("reg.io/app:1.0.0"), "bad.yaml": content, "c.yaml": marked("reg.io/app:1.0.0")},
        selection(APP, "2.0.0"),
    )

    assert [edit.path for edit in found.edits] == ["a.yaml", "c.yaml"]
    assert [problem.exit_code for problem in found.problems] == [5]
    assert str(found.problems[0].location).startswith(where)


def test_a_file_that_cannot_be_read_is_an_error_and_the_others_go_on() -> None:
    class Failing(DictFiles):
        def read(self, path: str) -> bytes:
            return super().read("gone" if path == "a.yaml" else path)

    files = Failing({"a.yaml": marked("x"), "b.yaml": marked("reg.io/app:1.0.0")})
    found = plan(files, [scope(APP)], [automation(APP)], {APP: selection(APP, "2.0.0")})

    assert [edit.path for edit in found.edits] == ["b.yaml"]
    assert brief(found.problems) == [("a.yaml", "error", 5)]


def test_an_edit_that_cannot_be_proved_leaves_the_file_and_says_where() -> None:
    class Unprovable(MarkedFile):
        def rewrite(self, values: Mapping[int, str]) -> bytes:
            raise ManifestError("more than the marked value would change", where=f"{self.path}:3", remedy="report it")

    files = DictFiles({"a.yaml": marked("reg.io/app:1.0.0")})
    (look,) = Tree(files, [scope(APP)], [automation(APP)]).looks()
    unprovable = Unprovable(path="a.yaml", markers=(), faults=(), _source=None, _fields=())

    assert _edits(look, unprovable, {0: "reg.io/app:1.0.0"}) == ((), ())
    edits, problems = _edits(look, unprovable, {0: "reg.io/app:2.0.0"})
    assert edits == ()
    assert brief(problems) == [("a.yaml:3", "error", 5)]


def test_a_path_that_is_not_there_is_a_problem_of_its_automation() -> None:
    found = planned(
        marked("reg.io/app:1.0.0"),
        selection(APP, "2.0.0"),
        automations=[automation(APP), automation(WEB, path="clusters/prod", name="wrong")],
    )

    assert len(found.edits) == 1
    message = "the path of the automation flux-system/wrong cannot be used: clusters/prod is not in the tree"
    told = [(problem.exit_code, problem.message, problem.remedy) for problem in found.problems]
    assert told == [(5, message, "name a path that exists")]


def test_a_path_that_is_not_there_is_told_where_it_was_written() -> None:
    written = ImageUpdateAutomation(
        key=key("wrong"), location=Location("auto.yaml", 7), api_version="v1", git=None, source=None, path="nowhere"
    )
    active = ActiveAutomation(key=written.key, path="nowhere", policies=frozenset([APP]), automation=written)
    found = planned(marked("reg.io/app:1.0.0"), automations=[active])

    assert brief(found.problems) == [("auto.yaml:7:spec.update.path", "error", 5), ("a.yaml", "notice", 0)]


def test_marked_files_below_no_automation_are_noticed_once_a_file() -> None:
    text = marked("reg.io/app:1.0.0") + marked("x", "unknown", at="b")
    found = planned(
        {"apps/a.yaml": marked("reg.io/app:2.0.0"), "docs/b.yaml": text, "c.yaml": text, "d.yaml": "a: 1\n"},
        selection(APP, "2.0.0"),
        automations=[automation(APP, path="apps")],
    )

    assert brief(found.problems) == [("c.yaml", "notice", 0), ("docs/b.yaml", "notice", 0)]


def test_where_no_automation_runs_nothing_is_done_or_noticed() -> None:
    assert planned(marked("reg.io/app:1.0.0"), selection(APP, "2.0.0"), automations=[]) == Plan()


def test_files_below_no_automation_are_not_even_read() -> None:
    files = DictFiles({"apps/a.yaml": marked("x"), "b.yaml": marked("x")})
    plan(files, [scope(APP)], [automation(APP, path="apps")], {})

    assert files.read_paths == ["apps/a.yaml"]


# -- no step back by accident ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setter", "value"), [("flux-system:app", "reg.io/app:2.1.0"), ("flux-system:app:tag", "2.1.0")]
)
def test_a_tag_that_the_policy_admits_and_ranks_higher_is_held(setter: str, value: str) -> None:
    found = planned(marked(value, setter), selection(APP, "2.0.0"))

    assert found.edits == ()
    assert brief(found.problems) == [("a.yaml:1", "warning", 0)]
    assert "'2.1.0'" in found.problems[0].message
    assert "imgupdate.dev/allow-downgrade" in found.problems[0].remedy


def test_a_native_policy_is_told_of_its_own_field() -> None:
    native = key("app", namespace="")
    found = planned(
        marked("2.1.0", "app:tag"), selection(native, "2.0.0"), scopes=[scope(native)], automations=[automation(native)]
    )

    assert found.problems[0].remedy.endswith("set allowDowngrade: true on the image")


def test_a_step_back_that_is_allowed_goes_through() -> None:
    found = planned(marked("reg.io/app:2.1.0"), selection(APP, "2.0.0", allow_downgrade=True))

    assert [change.new for change in found.changes] == ["reg.io/app:2.0.0"]
    assert found.problems == ()


@pytest.mark.parametrize(
    "value",
    ["reg.io/app:3.0.0", "reg.io/app:latest", "reg.io/app", f"reg.io/app@{DIGEST}", "REG.IO/App:2.1.0", "'?'", '""'],
)
def test_a_tag_that_the_policy_does_not_admit_is_left_behind(value: str) -> None:
    """Somebody changed the policy, or the field had no image of it before."""
    order = compile_policy(SemVer(range="2.x"), None)
    found = planned(marked(value), selection(APP, "2.0.0", order=order))

    assert [change.new for change in found.changes] == ["reg.io/app:2.0.0"]
    assert [problem for problem in found.problems if problem.severity is not Severity.NOTICE] == []


def test_all_fields_of_an_image_in_an_object_are_held_together_and_told_once() -> None:
    text = (
        marked("docker.io/app", "flux-system:app:name", at="name")
        + marked("2.1.0", "flux-system:app:tag", at="newTag")
        + marked(f'"{OTHER_DIGEST}"', "flux-system:app:digest", at="digest")
        + marked("reg.io/web:1.0.0", "flux-system:web")
    )
    found = planned(text, selection(APP, "2.0.0", digest=DIGEST, reflection=ALWAYS), selection(WEB, "2.0.0"))

    assert [change.new for change in found.changes] == ["reg.io/web:2.0.0"]
    assert brief(found.problems) == [("a.yaml:2", "warning", 0)]


def test_another_object_of_the_file_is_not_held() -> None:
    def deployment(name: str, tag: str) -> str:
        head = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n"
        return head + marked(f"reg.io/app:{tag}")

    found = planned(deployment("a", "2.1.0") + "---\n" + deployment("b", "1.0.0"), selection(APP, "2.0.0"))

    assert [(change.old, change.marker.object.name) for change in found.changes] == [("reg.io/app:1.0.0", "b")]
    assert brief(found.problems) == [("a.yaml:4", "warning", 0)]


def test_a_tag_of_equal_rank_is_replaced() -> None:
    found = planned(marked("reg.io/app:v2.0.0"), selection(APP, "2.0.0"))

    assert [change.new for change in found.changes] == ["reg.io/app:2.0.0"]


# -- digests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reflection", [ALWAYS, IF_NOT_PRESENT])
def test_a_digest_that_is_wanted_and_not_known_leaves_every_field_of_its_policy(reflection: DigestReflection) -> None:
    text = marked("reg.io/app:1.0.0") + marked("1.0.0", "flux-system:app:tag", at="tag")
    found = planned({"a.yaml": text, "b.yaml": text}, selection(APP, "2.0.0", reflection=reflection))

    assert found.edits == ()
    assert brief(found.problems) == [("a.yaml:1", "error", 4)]
    assert found.problems[0].policy == APP


def test_a_pin_that_the_policy_does_not_reflect_is_left_alone_and_an_error() -> None:
    text = marked("1.0.0", "flux-system:app:tag", at="tag") + marked(DIGEST, "flux-system:app:digest", at="digest")
    found = planned({"a.yaml": text, "b.yaml": marked("reg.io/app:1.0.0")}, selection(APP, "2.0.0"))

    assert [(change.old, change.new) for change in found.changes] == [
        ("1.0.0", "2.0.0"),
        ("reg.io/app:1.0.0", "reg.io/app:2.0.0"),
    ]
    assert DIGEST.encode() in found.edits[0].after
    assert brief(found.problems) == [("a.yaml:2", "error", 5)]
    assert "digestReflectionPolicy" in found.problems[0].remedy


def test_an_empty_field_for_a_digest_that_the_policy_does_not_reflect_stays_empty_as_in_flux() -> None:
    text = marked("1.0.0", "flux-system:app:tag", at="tag") + marked('""', "flux-system:app:digest", at="digest")
    found = planned(text, selection(APP, "2.0.0"))

    assert [change.new for change in found.changes] == ["2.0.0"]
    assert brief(found.problems) == [("a.yaml:2", "notice", 0)]


def test_a_policy_that_no_longer_reflects_drops_the_digest_of_a_reference_with_a_notice() -> None:
    found = planned(marked(f"reg.io/app:2.0.0@{DIGEST}"), selection(APP, "2.0.0"))

    assert [change.new for change in found.changes] == ["reg.io/app:2.0.0"]
    assert brief(found.problems) == [("a.yaml:1", "notice", 0)]


PRESENT = f"reg.io/app:2.0.0@{OTHER_DIGEST}"


@pytest.mark.parametrize(
    ("reflection", "value"),
    [(IF_NOT_PRESENT, PRESENT), (ALWAYS, f"reg.io/app:2.0.0@{DIGEST}")],
)
def test_only_if_not_present_keeps_the_digest_that_is_there(reflection: DigestReflection, value: str) -> None:
    found = planned(
        marked(PRESENT) + marked('""', "flux-system:web:digest", at="web"),
        selection(APP, "2.0.0", digest=DIGEST, reflection=reflection),
    )

    assert [change.new for change in found.changes] == ([] if value == PRESENT else [value])


def test_a_digest_that_is_kept_need_not_be_known() -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": marked(PRESENT),
        "b.yaml": marked("docker.io/app", "flux-system:web:name", at="name"),
    }
    found = planned(files, selection(APP, "2.0.0", reflection=IF_NOT_PRESENT), selection(WEB, "1.0.0"))

    assert [change.new for change in found.changes] == ["reg.io/web"]
    assert found.problems == ()


@pytest.mark.parametrize(
    "elsewhere",
    [
        marked("reg.io/app:1.0.0"),
        marked("reg.io/app:2.0.0"),
        marked(f"reg.io/app:2.0.0@{DIGEST}"),
        marked(f"reg.io/other:2.0.0@{OTHER_DIGEST}"),
        marked("1.0.0", "flux-system:app:tag"),
        marked('""', "flux-system:app:digest"),
        marked("reg.io/other", "flux-system:app:name"),
    ],
)
def test_one_field_anywhere_that_does_not_agree_has_the_digest_written_anew_everywhere(elsewhere: str) -> None:
    found = planned(
        {"a.yaml": marked(PRESENT), "z.yaml": elsewhere},
        selection(APP, "2.0.0", digest=DIGEST, reflection=IF_NOT_PRESENT),
    )

    assert (found.changes[0].old, found.changes[0].new) == (PRESENT, f"reg.io/app:2.0.0@{DIGEST}")


def fields(*values: tuple[Part, str]) -> list[Marker]:
    return [
        Marker(location=Location("a"), object=ObjectIdentifier(), setter="", policy=APP, part=part, value=value)
        for part, value in values
    ]


@pytest.mark.parametrize(
    ("values", "digest"),
    [
        ([(Part.TAG, "2.0.0"), (Part.DIGEST, OTHER_DIGEST)], OTHER_DIGEST),
        ([(Part.NAME, "docker.io/library/app"), (Part.TAG, "2.0.0"), (Part.DIGEST, OTHER_DIGEST)], OTHER_DIGEST),
        ([(Part.REFERENCE, f"index.docker.io/library/app:2.0.0@{OTHER_DIGEST}")], OTHER_DIGEST),
        ([(Part.DIGEST, OTHER_DIGEST)], None),
        ([(Part.TAG, "2.0.0")], None),
        ([(Part.TAG, "2.0.0"), (Part.DIGEST, "sha256:short")], None),
        ([(Part.TAG, "1.0.0"), (Part.DIGEST, OTHER_DIGEST)], None),
        ([(Part.NAME, "?"), (Part.TAG, "2.0.0"), (Part.DIGEST, OTHER_DIGEST)], None),
        ([(Part.TAG, "2.0.0"), (Part.DIGEST, OTHER_DIGEST), (Part.REFERENCE, "? ?")], None),
        ([(Part.REFERENCE, f"app@{OTHER_DIGEST}")], None),
        ([], None),
    ],
)
def test_a_digest_is_present_where_all_fields_agree_on_the_chosen_image(
    values: list[tuple[Part, str]], digest: str | None
) -> None:
    assert present_digest(selection(APP, "2.0.0", image="app"), fields(*values)) == digest


@pytest.mark.parametrize(
    ("part", "value", "tag"),
    [
        (Part.TAG, "2.0.0", "2.0.0"),
        (Part.REFERENCE, "localhost:5000/app:2.0.0", "2.0.0"),
        (Part.REFERENCE, f"localhost:5000/app:2.0.0@{DIGEST}", "2.0.0"),
        (Part.REFERENCE, "localhost:5000/app", ""),
        (Part.REFERENCE, "? ?", ""),
        (Part.NAME, "app:2.0.0", ""),
        (Part.DIGEST, DIGEST, ""),
    ],
)
def test_the_present_tag_of_a_field_is_that_of_its_image(part: Part, value: str, tag: str) -> None:
    assert present_tag(part, value) == tag


# -- survey ------------------------------------------------------------------------------------------------------------


def test_a_survey_finds_the_fields_that_are_served_with_their_values() -> None:
    files = DictFiles(
        {
            "b.yaml": marked("reg.io/app:1.0.0") + marked("x", "flux-system:web", at="web"),
            "a.yaml": marked("2.0.0", "flux-system:app:tag") + marked("x", "unknown", at="y"),
            "c.yaml": "[\n" + marked("x"),
        }
    )
    found = survey(files, [scope(APP, WEB)], [automation(APP)])

    assert [(str(marker.location), marker.part, marker.value) for marker in found] == [
        ("a.yaml:1", Part.TAG, "2.0.0"),
        ("b.yaml:1", Part.REFERENCE, "reg.io/app:1.0.0"),
    ]


# -- laws --------------------------------------------------------------------------------------------------------------

TAGS = st.sampled_from(["1.0.0", "1.1.0", "v1.1.0", "2.0.0", "2.1.0-rc.1", "latest", ""])
SETTERS = st.sampled_from([f"flux-system:{name}{part}" for name in ("app", "web") for part in ("", ":tag", ":name")])


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str | bytes]:
    def text() -> str:
        lines = draw(st.lists(st.tuples(SETTERS, TAGS), max_size=4))
        return "".join(
            marked(f'"{tag}"' if setter.endswith(":tag") else f'"reg.io/app:{tag}"', setter, at=f"k{number}")
            for number, (setter, tag) in enumerate(lines)
        )

    return {f"{number}.yaml": text() for number in range(draw(st.integers(0, 3)))}


def written(contents: dict[str, str | bytes], edits: Sequence[FileEdit]) -> dict[str, str | bytes]:
    return {**contents, **{edit.path: edit.after for edit in edits}}


@given(contents=trees(), app=TAGS, web=TAGS, reflection=st.sampled_from(DigestReflection))
def test_a_second_plan_for_what_the_first_one_made_has_nothing_to_do(
    contents: dict[str, str | bytes], app: str, web: str, reflection: DigestReflection
) -> None:
    outcomes = (
        selection(APP, app or "0", digest=DIGEST, reflection=reflection),
        selection(WEB, web or "0", allow_downgrade=True),
    )
    first = planned(contents, *outcomes)
    second = planned(written(contents, first.edits), *outcomes)

    assert second.edits == ()
    assert all(edit.before != edit.after and edit.changes for edit in first.edits)


@given(contents=trees())
def test_the_order_of_files_and_outcomes_changes_nothing(contents: dict[str, str | bytes]) -> None:
    outcomes: list[Outcome] = [selection(APP, "1.1.0"), selection(WEB, "2.0.0")]

    assert planned(dict(reversed(contents.items())), *reversed(outcomes)) == planned(contents, *outcomes)
