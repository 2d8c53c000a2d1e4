"""Plans for trees beside the workspace: values that a branch keeps, parts of the automations, what trees differ in."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from imgupdate.planning import FieldId, difference, identified, plan, survey
from imgupdate.results import Cause, Marker, Outcome, Unavailable
from tests.trees import DictFiles, automation, key, scope, selection

APP, WEB = key("app"), key("web")
SCOPES, AUTOMATIONS = [scope(APP, WEB)], [automation(APP, WEB)]


def image(name: str, tag: str) -> str:
    return f'image: reg.io/{name}:{tag} # {{"$imagepolicy": "flux-system:{name}"}}\n'


def files(app: str, web: str = "1.0.0") -> DictFiles:
    return DictFiles({"app.yaml": image("app", app), "web.yaml": image("web", web)})


def fields(tree: DictFiles) -> Mapping[FieldId, Marker]:
    return identified(survey(tree, SCOPES, AUTOMATIONS))


def absent() -> Outcome:
    return Unavailable(policy=APP, image="reg.io/app", cause=Cause.SCAN_FAILED, reason="down")


def kept(tree: DictFiles, *outcomes: Outcome) -> list[tuple[str, str]]:
    """What a plan changes where the first field of the tree has a value to keep."""
    identity = next(iter(fields(tree)))
    found = plan(
        tree,
        SCOPES,
        AUTOMATIONS,
        {outcome.policy: outcome for outcome in outcomes},
        kept={identity: "reg.io/app:1.5.0"},
    )
    return [(change.old, change.new) for change in found.changes]


def test_a_value_is_kept_where_its_policy_has_no_selection() -> None:
    assert kept(files("1.0.0"), absent()) == [("reg.io/app:1.0.0", "reg.io/app:1.5.0")]


def test_a_value_is_not_kept_where_its_policy_chose() -> None:
    assert kept(files("1.0.0"), selection(APP, "1.2.0")) == [("reg.io/app:1.0.0", "reg.io/app:1.2.0")]


def test_a_value_that_is_there_already_is_no_change() -> None:
    assert kept(files("1.5.0"), absent()) == []


def test_a_value_for_a_field_that_nobody_serves_any_more_is_not_kept() -> None:
    identity = next(iter(fields(files("1.0.0"))))

    found = plan(files("1.0.0"), SCOPES, [automation(WEB)], {}, kept={identity: "reg.io/app:1.5.0"})

    assert found.edits == ()


@pytest.mark.parametrize(("name", "paths"), [("one", ["one/a.yaml"]), ("two", ["two/a.yaml"])])
def test_only_the_fields_of_the_automations_that_are_named_are_set(name: str, paths: list[str]) -> None:
    tree = DictFiles({f"{folder}/a.yaml": image("app", "1.0.0") for folder in ("one", "two")})
    several = [automation(APP, name=folder, path=folder) for folder in ("one", "two")]

    found = plan(tree, SCOPES, several, {APP: selection(APP, "1.2.0")}, only={key(name)})

    assert [edit.path for edit in found.edits] == paths


@pytest.mark.parametrize(
    ("before", "after", "beside", "expected"),
    [
        ("1.0.0", "1.1.0", "1.0.0", [("1.0.0", "1.1.0")]),
        ("1.0.0", "1.1.0", "1.1.0", []),
        ("1.0.0", "1.1.0", "1.0.5", [("1.0.0", "1.1.0")]),
        ("1.0.0", "1.0.0", "1.1.0", []),
    ],
)
def test_the_difference_is_what_a_merge_would_bring(
    before: str, after: str, beside: str, expected: list[tuple[str, str]]
) -> None:
    edits = difference(files(before), files(after), files(beside), SCOPES, AUTOMATIONS)

    assert [(change.old, change.new) for edit in edits for change in edit.changes] == [
        (f"reg.io/app:{old}", f"reg.io/app:{new}") for old, new in expected
    ]
    assert all(
        (edit.before, edit.after) == (files(before).read(edit.path), files(after).read(edit.path)) for edit in edits
    )


def test_a_field_that_came_or_went_is_no_difference() -> None:
    one, none = files("1.0.0"), DictFiles({"web.yaml": image("web", "1.0.0")})

    assert difference(one, none, one, SCOPES, AUTOMATIONS) == ()
    assert difference(none, one, none, SCOPES, AUTOMATIONS) == ()


def test_a_field_that_the_third_tree_lacks_is_a_difference_all_the_same() -> None:
    none = DictFiles({"web.yaml": image("web", "1.0.0")})

    (edit,) = difference(files("1.0.0"), files("1.1.0"), none, SCOPES, AUTOMATIONS)

    assert edit.path == "app.yaml"
