"""The rows of the table of policies."""

from __future__ import annotations

import pytest

from imgupdate.report.rows import Row, rows
from imgupdate.results import Cause, Change, Marker, Part
from tests.report.results import edit, key, marker, result, selection, unavailable

DIGEST = "sha256:" + "1" * 64


def row_of(tag: str, *fields: Marker, changed: tuple[tuple[Marker, str], ...] = (), digest: str | None = None) -> Row:
    edits = (edit(b"a", b"b", *(Change(marker=field, new=new) for field, new in changed)),) if changed else ()
    (row,) = rows(
        result(selection(tag, digest=digest), edits=edits, markers=(*fields, *(field for field, _ in changed)))
    )
    return row


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("1.2.3", "2.0.0", "major"),
        ("1.2.3", "1.3.0", "minor"),
        ("1.2.3", "1.2.4", "patch"),
        ("main-abc", "main-def", ""),
    ],
)
def test_the_kind_of_an_update_is_the_greatest_step_between_the_tags(old: str, new: str, kind: str) -> None:
    assert row_of(new, changed=((marker(old), new),)).kind == kind


def test_the_field_that_is_furthest_behind_decides_the_kind() -> None:
    row = row_of("2.0.0", changed=((marker("1.9.9"), "2.0.0"), (marker("2.0.0-rc.1"), "2.0.0")))

    assert row.kind == "major"
    assert row.current == ("1.9.9", "2.0.0-rc.1")
    assert (row.markers, row.fields) == (2, 2)


def test_a_digest_that_moves_under_its_tag_is_a_kind_of_its_own() -> None:
    field = marker(f"reg.example/app:1.0.0@sha256:{'0' * 64}", Part.REFERENCE)

    assert row_of("1.0.0", changed=((field, f"reg.example/app:1.0.0@{DIGEST}"),), digest=DIGEST).kind == "digest"


def test_another_name_for_the_same_tag_is_no_step() -> None:
    assert row_of("1.0.0", marker("1.0.0"), changed=((marker("old", Part.NAME), "new"),)).kind == ""


def test_where_nothing_changes_there_is_no_kind() -> None:
    row = row_of("1.0.0", marker("1.0.0"), marker("reg.example/app:1.0.0", Part.REFERENCE))

    assert (row.current, row.chosen, row.kind, row.markers, row.fields) == (("1.0.0",), "1.0.0", "", 2, 0)
    assert row.cause is None


def test_a_policy_without_a_choice_has_its_cause_and_the_tags_of_its_fields() -> None:
    (row,) = rows(result(unavailable(Cause.NO_TAG), markers=(marker("1.0.0"), marker("9", policy=key("other")))))

    assert (row.cause, row.chosen, row.current, row.kind) == (Cause.NO_TAG, "", ("1.0.0",), "")
    assert row.policy == key()


def test_fields_that_hold_no_tag_show_none() -> None:
    row = row_of("1.0.0", marker("reg.example/app", Part.NAME), marker(DIGEST, Part.DIGEST), marker("", Part.REFERENCE))

    assert row.current == ()
