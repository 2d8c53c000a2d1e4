"""The hashes that we compute are Git's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.github.objects import Entry, Kind, Listing, blob_id, is_hash, tree_id
from tests.github.support import root_tree
from tests.twins.github import GitHubTwin

EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
NAMES = st.text(
    st.characters(exclude_characters="/\0\ufffd", exclude_categories=["Cs"]), min_size=1, max_size=6
).filter(lambda name: name not in {".", "..", ".git"})


def listing_of(twin: GitHubTwin, branch: str) -> dict[str, Entry]:
    walked = twin.world.objects.walk(root_tree(twin, branch))
    return {path: Entry(entry.mode, entry.sha) for path, entry in walked}


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("100644", Kind.FILE),
        ("100755", Kind.FILE),
        ("100664", Kind.FILE),
        ("120000", Kind.LINK),
        ("040000", Kind.FOLDER),
        ("160000", Kind.SUBMODULE),
    ],
)
def test_a_mode_says_what_an_entry_is(mode: str, kind: Kind) -> None:
    assert Entry(mode, EMPTY).kind is kind


@pytest.mark.parametrize(
    ("text", "good"),
    [(EMPTY, True), ("a" * 64, True), ("a" * 41, False), ("A" * 40, False), ("", False), (EMPTY + "\n", False)],
)
def test_a_hash_is_one_in_full(text: str, good: bool) -> None:
    assert is_hash(text) is good


def test_the_hash_of_a_content_is_that_of_git(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfa\r\n\0\xff"
    (tmp_path / "file").write_bytes(content)
    told = subprocess.run(["git", "hash-object", "--no-filters", "file"], cwd=tmp_path, capture_output=True, check=True)

    assert blob_id(content) == told.stdout.decode().strip()


def test_folders_sort_as_if_their_names_ended_in_a_slash(twin: GitHubTwin) -> None:
    files = {"a-b": "1", "a.b": "2", "a/x": "3", "a0": "4", "ab/y": "5", "ü/ä": "6", "Z": "7", "mod": "1" * 40}
    twin.push("sorted", files, modes={"mod": "160000", "a0": "100755"}, start="main")

    entries = listing_of(twin, "sorted")

    assert Listing(entries).id == root_tree(twin, "sorted")


@given(st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=8), max_size=8))
def test_the_hash_of_a_tree_does_not_depend_on_the_order_of_its_listing(files: dict[str, bytes]) -> None:
    rows = [(path, Entry("100644", blob_id(content))) for path, content in files.items() if "/" not in path]

    assert tree_id(rows) == tree_id(rows[::-1])


def test_an_edited_tree_has_the_hash_that_git_gives_it(twin: GitHubTwin) -> None:
    twin.push("deep", {"a/b/c/d.yaml": "1", "a/b/e.yaml": "2", "a/f": "3", "g": "4"}, start="main")
    before = Listing(listing_of(twin, "deep"), root_tree(twin, "deep"))
    twin.push("deep", {"a/b/c/d.yaml": "one", "g": "four"})

    entries, after = before.edited({"a/b/c/d.yaml": b"one", "g": b"four"})

    assert after == root_tree(twin, "deep")
    assert {path: (entry.mode, entry.id) for path, entry in entries.items()} == {
        path: (entry.mode, entry.id) for path, entry in listing_of(twin, "deep").items()
    }
    assert Listing(entries, after).edited({})[1] == after


def test_a_mode_stays_with_an_edit(twin: GitHubTwin) -> None:
    before = Listing(listing_of(twin, "main"), root_tree(twin, "main"))

    entries, _ = before.edited({"run.sh": b"x"})

    assert entries["run.sh"] == Entry("100755", blob_id(b"x"), 1)
    assert before.entries["run.sh"].id != blob_id(b"x")


@pytest.mark.parametrize("damaged", ["\ufffd.yaml", "apps/\ufffd.yaml"])
def test_the_hash_of_a_changed_folder_with_a_name_that_is_not_told_as_it_is_is_not_guessed(damaged: str) -> None:
    entry = Entry("100644", EMPTY)
    apps = {"apps/a.yaml": entry, **({damaged: entry} if "/" in damaged else {})}
    folder = tree_id([("a.yaml", entry)])
    entries = {"apps": Entry("040000", folder), **apps, **({damaged: entry} if "/" not in damaged else {})}
    listing = Listing(entries, tree_id([("apps", Entry("040000", folder))]))

    assert listing.edited({"apps/a.yaml": b"x"})[1] is None


def test_a_damaged_name_in_a_folder_that_does_not_change_does_no_harm() -> None:
    entry = Entry("100644", EMPTY)
    entries = {"odd": Entry("040000", "1" * 40), "odd/\ufffd": entry, "a": entry}

    assert Listing(entries).edited({"a": b"x"})[1] is not None


def test_a_root_with_a_damaged_name_has_no_hash_that_we_know() -> None:
    with pytest.raises(ValueError, match=r"\A\Z"):
        Listing({"\ufffd": Entry("100644", EMPTY)})
