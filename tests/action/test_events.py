"""What follows from what a workflow runs on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.action.events import LONGEST_PAYLOAD, Trigger, read_trigger
from imgupdate.errors import UsageError
from imgupdate.results import Severity
from tests.action.support import EVENTS, event

Payload = Mapping[str, Any]


def told(tmp_path: Path, name: str, payload: object, **environment: str) -> Trigger:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(payload))
    return read_trigger({"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path), **environment})


def dispatched(tmp_path: Path, payload: object) -> Trigger:
    return told(tmp_path, "repository_dispatch", event("repository_dispatch") | {"client_payload": payload})


def pushed(tag: object = "1.2.3", url: object = "ghcr.io/Octo-Org/Team/App:1.2.3", **package: object) -> Payload:
    """A package as GitHub describes one that is pushed with a tag, after its example."""
    payload = event("registry_package.published.docker")
    version = payload["registry_package"]["package_version"]
    version["container_metadata"]["tag"]["name"] = tag
    version["package_url"] = url
    payload["registry_package"] |= package
    return payload


@pytest.mark.parametrize("name", ["", "schedule", "workflow_dispatch", "push", "workflow_run"])
def test_most_events_look_at_everything_and_publish(tmp_path: Path, name: str) -> None:
    assert told(tmp_path, name, event("workflow_dispatch"), GITHUB_REF="refs/heads/main") == Trigger(event=name)


def test_inputs_of_a_workflow_set_nothing(tmp_path: Path) -> None:
    payload = event("workflow_dispatch") | {"inputs": {"images": "ghcr.io/a/b", "publish": "none"}}

    assert told(tmp_path, "workflow_dispatch", payload) == Trigger(event="workflow_dispatch")
    assert told(tmp_path, "workflow_dispatch", payload | {"inputs": None}) == Trigger(event="workflow_dispatch")


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.name)
def test_each_payload_that_github_gives_as_an_example_is_understood(tmp_path: Path, path: Path) -> None:
    name = path.name.partition(".")[0]

    trigger = told(tmp_path, name, json.loads(path.read_text()))

    assert trigger.event == name
    assert trigger.images is None
    assert bool(trigger.nothing) is (name in ("package", "registry_package"))


@pytest.mark.parametrize(
    ("payload", "images"),
    [
        ({"image": "ghcr.io/org/app"}, ["ghcr.io/org/app"]),
        ({"image": "ghcr.io/org/app:1.0", "tag": "1.0", "digest": "sha256:0"}, ["ghcr.io/org/app"]),
        ({"image": f"ghcr.io/org/app:1.0@sha256:{'0' * 64}"}, ["ghcr.io/org/app"]),
        ({"image": " nginx \n"}, ["index.docker.io/library/nginx"]),
        ({"image": "org/app"}, ["index.docker.io/org/app"]),
        ({"image": "ghcr.io/Octo-Org/App:V1"}, ["ghcr.io/octo-org/app"]),
        ({"image": "registry:5000/org/app:1"}, ["registry:5000/org/app"]),
        ({"images": ["a/b", {"image": "c.io/d/e", "tag": "1"}, "a/b:2"]}, ["index.docker.io/a/b", "c.io/d/e"]),
        ({"images": ["a/b"], "image": "a/c"}, ["index.docker.io/a/b", "index.docker.io/a/c"]),
        ({"image": "a/b", "policy": "x", "path": "../..", "publish": "commit"}, ["index.docker.io/a/b"]),
    ],
)
def test_a_dispatch_names_images_and_nothing_else(tmp_path: Path, payload: Payload, images: list[str]) -> None:
    trigger = dispatched(tmp_path, payload)

    assert trigger.images == tuple(images)
    assert trigger.publishes
    assert trigger.problems == ()


@pytest.mark.parametrize("payload", [{}, None, [], "text", {"unit": False}, {"images": []}, {"image": None}])
def test_a_dispatch_that_names_no_image_looks_at_all_and_says_so(tmp_path: Path, payload: object) -> None:
    trigger = dispatched(tmp_path, payload)

    assert trigger.images is None
    assert [problem.severity for problem in trigger.problems] == [Severity.NOTICE]


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"image": ""}, "the client_payload names '', which is no image"),
        ({"image": "https://ghcr.io/org/app"}, "which is no image"),
        ({"image": "ghcr.io/../app"}, "which is no image"),
        ({"image": "a b\n::error::c"}, "which is no image"),
        ({"image": 7}, "an image in the client_payload is not a text"),
        ({"image": ["a/b"]}, "is not a text"),
        ({"images": "a/b"}, "`images` of the client_payload is not a list"),
        ({"images": [None]}, "is not a text"),
        ({"images": [{"tag": "1"}]}, "is not a text"),
        ({"images": [f"a/b{number}" for number in range(101)]}, "names more than 100 images"),
    ],
)
def test_what_is_no_image_is_a_clear_error(tmp_path: Path, payload: Payload, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        dispatched(tmp_path, payload)

    assert said in caught.value.message
    assert caught.value.remedy.startswith("send ")
    assert str(caught.value).isprintable()


def test_a_tag_is_a_hint_for_the_log_only(tmp_path: Path) -> None:
    trigger = dispatched(tmp_path, {"images": [{"image": "a/b", "tag": "1.0"}, {"image": "a/c", "tag": "not a tag"}]})

    assert trigger.hints == ("a/b:1.0",)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["image", "images", "x"]), inner),
        max_leaves=6,
    )
)
def test_no_payload_is_the_end_of_it(tmp_path_factory: pytest.TempPathFactory, payload: object) -> None:
    folder = tmp_path_factory.mktemp("event")
    for name in ("repository_dispatch", "registry_package"):
        for sent in ({"client_payload": payload, "registry_package": payload}, payload):
            with suppress(UsageError):
                assert told(folder, name, sent).event == name


@pytest.mark.parametrize("name", ["registry_package", "package"])
def test_a_pushed_image_is_the_only_one_that_is_looked_at(tmp_path: Path, name: str) -> None:
    sent = pushed()["registry_package"]

    trigger = told(tmp_path, name, {"action": "published", name: sent})

    assert trigger.images == ("ghcr.io/octo-org/team/app",)
    assert trigger.hints == ("ghcr.io/Octo-Org/Team/App:1.2.3",)
    assert not trigger.nothing


@pytest.mark.parametrize("tag", ["", None, 7, {}])
def test_a_manifest_without_a_tag_leaves_nothing_to_do(tmp_path: Path, tag: object) -> None:
    trigger = told(tmp_path, "registry_package", pushed(tag))

    assert trigger.nothing.startswith("the manifest has no tag")


@pytest.mark.parametrize(
    "payload", [event("package.published.npm"), {}, [], {"registry_package": None}, {"registry_package": {}}]
)
def test_a_package_that_is_no_container_leaves_nothing_to_do(tmp_path: Path, payload: object) -> None:
    trigger = told(tmp_path, "registry_package", payload)

    assert trigger.nothing == "the package is not a container image"


@pytest.mark.parametrize("url", [None, "", 7, "ghcr.io/a b\x1b", "https://ghcr.io/a/b"])
def test_a_package_without_an_address_has_all_images_looked_at(tmp_path: Path, url: object) -> None:
    trigger = told(tmp_path, "registry_package", pushed(url=url))

    (warning,) = trigger.problems
    assert (trigger.images, warning.severity) == (None, Severity.WARNING)
    assert warning.message.isprintable()
    assert warning.message.endswith("all images are looked at")


@pytest.mark.parametrize(
    ("name", "ref", "severity"),
    [
        ("pull_request", "refs/pull/1/merge", Severity.NOTICE),
        ("pull_request_review", "refs/pull/1/merge", Severity.NOTICE),
        ("merge_group", "refs/heads/gh-readonly-queue/main/pr-1", Severity.NOTICE),
        ("pull_request_target", "refs/heads/main", Severity.WARNING),
        ("workflow_dispatch", "refs/pull/1/merge", Severity.NOTICE),
    ],
)
def test_what_belongs_to_a_pull_request_is_only_reported(
    tmp_path: Path, name: str, ref: str, severity: Severity
) -> None:
    trigger = told(tmp_path, name, {}, GITHUB_REF=ref)

    assert not trigger.publishes
    assert [problem.severity for problem in trigger.problems] == [severity]


def test_a_payload_is_read_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    environment = {"GITHUB_EVENT_NAME": "repository_dispatch", "GITHUB_EVENT_PATH": str(path)}
    for content, said in [
        (b"x" * (LONGEST_PAYLOAD + 1), "larger than one can be"),
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"\xff", "is not JSON"),
    ]:
        path.write_bytes(content)
        with pytest.raises(UsageError, match=said):
            read_trigger(environment)
    path.unlink()
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_trigger(environment)
    assert read_trigger({"GITHUB_EVENT_NAME": "repository_dispatch"}).images is None
