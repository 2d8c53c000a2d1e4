"""From changes of fields to steps of images."""

from __future__ import annotations

import pytest

from imgupdate.report.updates import Update, image_names, updates, versions_hash
from imgupdate.results import Cause, Change, Marker, ObjectIdentifier, ObjectKey, Outcome, Part, Plan
from tests.report.results import edit, key, marker, selection, unavailable

IMAGE = "ghcr.io/stefanprodan/podinfo"
OLD = "sha256:" + "a" * 64
NEW = "sha256:" + "b" * 64


def planned(*changes: Change) -> Plan:
    paths = dict.fromkeys(change.marker.location.path for change in changes)
    return Plan(
        edits=tuple(
            edit(b"a", b"b", *(change for change in changes if change.marker.location.path == path), path=path)
            for path in paths
        )
    )


def change(
    old: str,
    new: str,
    part: Part = Part.REFERENCE,
    *,
    policy: ObjectKey | None = None,
    path: str = "apps/podinfo.yaml",
    line: int = 3,
) -> Change:
    return Change(marker=marker(old, part, policy=policy, path=path, line=line), new=new)


def only(*changes: Change, outcome: Outcome | None = None) -> Update:
    (found,) = updates(planned(*changes), [outcome or selection("5.0.3")])
    return found


@pytest.mark.parametrize(
    ("part", "old", "new", "told"),
    [
        (Part.TAG, "5.0.0", "5.0.3", ("5.0.0", "5.0.3", "patch")),
        (Part.TAG, "4.9.0", "5.0.3", ("4.9.0", "5.0.3", "major")),
        (Part.TAG, "", "5.0.3", ("", "5.0.3", "")),
        (Part.TAG, "main-1", "main-2", ("main-1", "main-2", "")),
        (Part.REFERENCE, f"{IMAGE}:5.0.0", f"{IMAGE}:5.1.0", ("5.0.0", "5.1.0", "minor")),
        (Part.REFERENCE, IMAGE, f"{IMAGE}:5.0.3", (IMAGE, "5.0.3", "")),
        (Part.REFERENCE, "TODO: set", f"{IMAGE}:5.0.3", ("TODO: set", "5.0.3", "")),
        (Part.REFERENCE, f"{IMAGE}:5.0.0@{OLD}", f"{IMAGE}:5.0.3@{NEW}", ("5.0.0", "5.0.3", "patch")),
        (Part.REFERENCE, f"{IMAGE}@{OLD}", f"{IMAGE}:5.0.3", (OLD, "5.0.3", "")),
        (Part.REFERENCE, f"{IMAGE}:5.0.3@{OLD}", f"{IMAGE}:5.0.3@{NEW}", (f"5.0.3@{OLD}", f"5.0.3@{NEW}", "digest")),
        (Part.REFERENCE, f"{IMAGE}:5.0.3", f"{IMAGE}:5.0.3@{NEW}", ("5.0.3", f"5.0.3@{NEW}", "digest")),
        (Part.REFERENCE, f"x/{IMAGE}:5.0.0", f"{IMAGE}:5.0.3", (f"x/{IMAGE}:5.0.0", f"{IMAGE}:5.0.3", "patch")),
        (Part.REFERENCE, "nginx:1.0", "docker.io/library/nginx:1.1", ("1.0", "1.1", "minor")),
        (Part.REFERENCE, "a:1", "no reference at all", ("a:1", "no reference at all", "")),
        (Part.DIGEST, OLD, NEW, (OLD, NEW, "digest")),
        (Part.NAME, "old/name", "new/name", ("old/name", "new/name", "")),
    ],
)
def test_a_step_is_told_by_what_differs(part: Part, old: str, new: str, told: tuple[str, str, str]) -> None:
    found = only(change(old, new, part))

    assert (found.old, found.new, found.kind) == told
    assert found.image == IMAGE
    assert found.policies == (key(),)


@pytest.mark.parametrize(
    ("part", "old", "new", "names"),
    [
        (Part.TAG, "5.0.0", "5.0.3", ("5.0.0", "5.0.3")),
        (Part.TAG, "not a tag", "5.0.3", (None, "5.0.3")),
        (Part.DIGEST, OLD, NEW, (OLD, NEW)),
        (Part.REFERENCE, f"{IMAGE}:5.0.0@{OLD}", f"{IMAGE}:5.0.3@{NEW}", (OLD, NEW)),
        (Part.REFERENCE, f"{IMAGE}:5.0.0", f"{IMAGE}:5.0.3", ("5.0.0", "5.0.3")),
        (Part.REFERENCE, IMAGE, f"{IMAGE}:5.0.3", (None, "5.0.3")),
        (Part.REFERENCE, "other:5.0.0", f"{IMAGE}:5.0.3", (None, "5.0.3")),
        (Part.REFERENCE, "", f"{IMAGE}:5.0.3", (None, "5.0.3")),
        (Part.REFERENCE, "a:1", "no reference at all", (None, None)),
        (Part.NAME, "a", "b", (None, None)),
    ],
)
def test_the_two_images_are_named_where_the_registry_knows_them(
    part: Part, old: str, new: str, names: tuple[str | None, str | None]
) -> None:
    found = only(change(old, new, part))

    assert (found.before, found.after) == names


def test_equal_steps_of_several_files_and_policies_are_one_row() -> None:
    other = key("other")
    first = change("5.0.0", "5.0.3", Part.TAG, path="b.yaml", line=9, policy=other)
    second = change(f"{IMAGE}:5.0.0", f"{IMAGE}:5.0.3", path="b.yaml", line=2)
    third = change("5.0.0", "5.0.3", Part.TAG, path="a.yaml")

    (found,) = updates(planned(first, second, third), [selection("5.0.3"), selection("5.0.3", policy=other)])

    assert found.policies == (other, key())
    assert found.changes == (third, second, first)
    assert found.markers == (third.marker, second.marker, first.marker)


def test_rows_are_by_image_then_by_what_they_replace() -> None:
    nginx = key("nginx")
    plan = planned(
        change("5.0.1", "5.0.3", Part.TAG, line=1),
        change("1.0", "1.1", Part.TAG, line=2, policy=nginx),
        change("5.0.0", "5.0.3", Part.TAG, line=3),
    )

    found = updates(plan, [selection("5.0.3"), selection("1.1", policy=nginx, image="a/nginx")])

    assert [row.step for row in found] == [
        ("a/nginx", "1.0", "1.1"),
        (IMAGE, "5.0.0", "5.0.3"),
        (IMAGE, "5.0.1", "5.0.3"),
    ]


def test_a_digest_and_a_name_go_with_the_tag_beside_them() -> None:
    plan = planned(
        change("old/podinfo", IMAGE, Part.NAME, line=2),
        change("5.0.0", "5.0.3", Part.TAG, line=3),
        change(OLD, NEW, Part.DIGEST, line=4),
        change("old/podinfo", IMAGE, Part.NAME, line=12),
        change("4.0.0", "5.0.3", Part.TAG, line=13),
        change("old/podinfo", IMAGE, Part.NAME, path="z.yaml", line=13),
    )

    found = updates(plan, [selection("5.0.3", digest=NEW)])

    assert [(row.old, [(m.location.path[0], m.location.line) for m in row.markers]) for row in found] == [
        ("4.0.0", [("a", 12), ("a", 13), ("z", 13)]),
        ("5.0.0", [("a", 2), ("a", 3), ("a", 4)]),
    ]


def test_a_digest_goes_with_the_tag_of_its_own_object() -> None:
    def of(name: str, value: str, new: str, part: Part, line: int) -> Change:
        base = marker(value, part, line=line)
        owner = ObjectIdentifier("apps/v1", "Deployment", "default", name)
        found = Marker(
            location=base.location,
            object=owner,
            setter=base.setter,
            policy=base.policy,
            part=part,
            value=value,
        )
        return Change(marker=found, new=new)

    plan = planned(
        of("one", "4.0.0", "5.0.3", Part.TAG, 1),
        of("one", OLD, NEW, Part.DIGEST, 9),
        of("two", "5.0.0", "5.0.3", Part.TAG, 10),
    )

    assert [(row.old, len(row.changes)) for row in updates(plan, [])] == [("4.0.0", 2), ("5.0.0", 1)]


def test_a_digest_goes_with_the_tag_of_its_own_file_before_a_nearer_line_of_another() -> None:
    plan = planned(
        change("4.0.0", "5.0.3", Part.TAG, path="a.yaml", line=3),
        change(OLD, NEW, Part.DIGEST, path="z.yaml", line=3),
        change("5.0.0", "5.0.3", Part.TAG, path="z.yaml", line=9),
    )

    assert [(row.old, len(row.changes)) for row in updates(plan, [])] == [("4.0.0", 1), ("5.0.0", 2)]


def test_a_link_belongs_to_its_step() -> None:
    plan = planned(change("5.0.0", "5.0.3", Part.TAG), change("5.0.1", "5.0.3", Part.TAG, line=4))

    first, second = updates(plan, [selection("5.0.3")], {(IMAGE, "5.0.1", "5.0.3"): "https://example.com/"})

    assert (first.compare, second.compare) == ("", "https://example.com/")


@pytest.mark.parametrize(
    ("outcomes", "new", "image"),
    [
        ([unavailable(image="a/b")], f"{IMAGE}:5.0.3", "a/b"),
        ([unavailable(Cause.INVALID, image="")], f"{IMAGE}:5.0.3", IMAGE),
        ([], f"localhost:5000/x:1@{NEW}", "localhost:5000/x"),
        ([], "localhost:5000/x", "localhost:5000/x"),
        ([], "no reference at all", "flux-system/podinfo"),
    ],
)
def test_an_image_without_a_selection_is_named_as_well_as_can_be(outcomes: list[Outcome], new: str, image: str) -> None:
    (found,) = updates(planned(change("old", new)), outcomes)

    assert found.image == image


def test_images_are_counted_however_they_are_spelled() -> None:
    plan = planned(
        change("1", "2", Part.TAG, policy=key("a")),
        change("1", "2", Part.TAG, policy=key("b"), line=4),
        change("1", "2", Part.TAG, policy=key("c"), line=5),
    )
    found = updates(
        plan,
        [
            selection("2", policy=key("a"), image="docker.io/nginx"),
            selection("2", policy=key("b"), image="nginx"),
            selection("2", policy=key("c"), image="Not An Image"),
        ],
    )

    assert image_names(found) == ("Not An Image", "docker.io/nginx")


def test_the_hash_is_of_the_new_versions_whatever_the_files_and_the_old_ones_are() -> None:
    one = versions_hash(planned(change("5.0.0", "5.0.3", Part.TAG)))

    assert one == versions_hash(planned(change(f"{IMAGE}:4.0.0", f"{IMAGE}:5.0.3", path="z.yaml")))
    assert one == versions_hash(planned(change("5.0.0", "5.0.3", Part.TAG), change("1", "5.0.3", Part.TAG, line=9)))
    assert one != versions_hash(planned(change("5.0.0", "5.0.4", Part.TAG)))
    assert one != versions_hash(planned(change("5.0.0", "5.0.3", Part.TAG, policy=key("other"))))
    assert one != versions_hash(planned(change(f"{IMAGE}:5.0.3", f"{IMAGE}:5.0.3@{NEW}")))
    assert one != versions_hash(Plan())
    assert len(one) == 64
