"""Trees with edits on top, and parts of trees."""

from __future__ import annotations

from imgupdate.publish.trees import Folder, Overlay, joined
from imgupdate.results import Change, FileEdit, Location, Marker, ObjectIdentifier, ObjectKey, Part
from tests.trees import DictFiles

FILES = DictFiles({"a.yaml": "token a", "b/b.yaml": "token b", "b/c/c.yaml": "token c"})


def change(line: int) -> Change:
    marker = Marker(
        location=Location("a.yaml", line),
        object=ObjectIdentifier(),
        setter="",
        policy=ObjectKey("", "", "app"),
        part=Part.TAG,
        value="1",
    )
    return Change(marker=marker, new="2")


def test_an_overlay_holds_what_was_put_on_top() -> None:
    tree = Overlay(FILES, {"a.yaml": b""})

    assert tree.list("", b"token") == ["a.yaml", "b/b.yaml", "b/c/c.yaml"]
    assert (tree.read("a.yaml"), tree.read("b/b.yaml")) == (b"", b"token b")


def test_a_folder_has_its_own_files_only() -> None:
    assert Folder(FILES, "b").list("", b"token") == ["b/b.yaml"]
    assert Folder(FILES, "").list("", b"token") == ["a.yaml"]
    assert Folder(FILES, "b").read("b/b.yaml") == b"token b"


def test_edits_upon_edits_are_one_edit_of_each_file() -> None:
    first = FileEdit(path="b", before=b"1", after=b"2", changes=(change(1),))
    second = FileEdit(path="b", before=b"2", after=b"3", changes=(change(2),))
    other = FileEdit(path="a", before=b"x", after=b"y", changes=(change(3),))

    assert joined([[first], [second, other]]) == (
        other,
        FileEdit(path="b", before=b"1", after=b"3", changes=(change(1), change(2))),
    )
