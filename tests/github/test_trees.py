"""The files of commits: what is found, what is read, and how little is asked for."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from imgupdate.errors import PublishError, UnreadableFile
from imgupdate.github import Limits
from imgupdate.github.objects import blob_id
from imgupdate.remote import CommitId
from tests.github.support import Hub, operations, root_tree
from tests.twins.github import GitHubTwin, faults

HELD = b"$imagepolicy"


def commit(twin: GitHubTwin, files: dict[str, str | bytes], **modes: str) -> CommitId:
    """A commit on a branch of its own with nothing but these files; modes by path with `_` for what is no letter."""
    named = {
        path: mode for path in files for key, mode in modes.items() if key == path.replace(".", "_").replace("/", "_")
    }
    gone: dict[str, str | bytes | None] = dict.fromkeys(twin.tree("main"))
    return CommitId(twin.push("other", {**gone, **files}, modes=named, start="main", force=True))


def listed(twin: GitHubTwin, under: str = "", **named: object) -> list[str]:
    head = twin.head("other") or twin.head("main")
    assert head is not None
    return list(Hub(twin, **named).remote.tree(CommitId(head)).list(under, HELD))  # type: ignore[arg-type]


class TestList:
    def test_yaml_files_that_hold_the_token_are_found_sorted(self, twin: GitHubTwin) -> None:
        commit(
            twin,
            {
                "z.yaml": "$imagepolicy",
                "a/b.yml": "x $imagepolicy",
                ".hidden/c.yaml": "$imagepolicy",
                "Kustomization": "$imagepolicy",
                "kustomization": "$imagepolicy",
                "notes.txt": "$imagepolicy",
                "none.yaml": "imagepolicy",
                "A.YAML": "$imagepolicy",
            },
        )

        assert listed(twin) == [".hidden/c.yaml", "Kustomization", "a/b.yml", "z.yaml"]

    @pytest.mark.parametrize(
        ("under", "found"),
        [("a", ["a/x.yaml"]), ("a/x.yaml", ["a/x.yaml"]), ("ab", ["ab/x.yaml"]), ("a/y.txt", [])],
    )
    def test_a_path_bounds_what_is_found(self, twin: GitHubTwin, under: str, found: list[str]) -> None:
        commit(twin, {"a/x.yaml": HELD, "ab/x.yaml": HELD, "a/y.txt": HELD})

        assert listed(twin, under) == found

    @pytest.mark.parametrize("under", ["b", "a/y", "a/x.yaml/z", "a/x.yaml/..", "mod/deep"])
    def test_a_path_that_is_not_there_is_an_error(self, twin: GitHubTwin, under: str) -> None:
        commit(twin, {"a/x.yaml": HELD, "mod": "1" * 40}, mod="160000")

        with pytest.raises(UnreadableFile, match="is not in the tree"):
            listed(twin, under)

    def test_a_submodule_is_not_entered(self, twin: GitHubTwin) -> None:
        commit(twin, {"a.yaml": HELD, "mod.yaml": "1" * 40}, mod_yaml="160000")

        assert listed(twin) == ["a.yaml"]
        assert listed(twin, "mod.yaml") == []

    def test_a_path_with_control_characters_is_shown_escaped(self, twin: GitHubTwin) -> None:
        with pytest.raises(UnreadableFile) as caught:
            listed(twin, "\x1b[2J")

        assert caught.value.where == "\\x1b[2J"


class TestLinks:
    def test_a_link_stands_for_its_target_once(self, twin: GitHubTwin) -> None:
        commit(
            twin,
            {"real/x.yaml": HELD, "real/data.txt": HELD, "l.yaml": "real/x.yaml", "d/m.yaml": "../real/data.txt"},
            l_yaml="120000",
            d_m_yaml="120000",
        )

        assert listed(twin) == ["real/data.txt", "real/x.yaml"]
        assert listed(twin, "d") == ["real/data.txt"]
        assert listed(twin, "d/m.yaml") == ["real/data.txt"]

    def test_a_path_may_lead_through_links_to_folders(self, twin: GitHubTwin) -> None:
        commit(
            twin,
            {"real/deep/x.yaml": HELD, "far": "real", "near": "./far/../far/deep"},
            far="120000",
            near="120000",
        )

        assert listed(twin, "near") == ["real/deep/x.yaml"]
        assert listed(twin, "far/deep/x.yaml") == ["real/deep/x.yaml"]
        assert listed(twin) == ["real/deep/x.yaml"]

    @pytest.mark.parametrize("target", ["/etc/passwd", "../x.yaml", "nowhere", "l.yaml", "real", ".", "mod", "x.yaml/"])
    def test_a_link_that_leads_nowhere_or_away_is_passed_over(self, twin: GitHubTwin, target: str) -> None:
        commit(
            twin,
            {"x.yaml": "nothing", "real/y.txt": "", "l.yaml": target, "mod": "1" * 40},
            l_yaml="120000",
            mod="160000",
        )

        assert listed(twin) == []

    def test_links_that_lead_to_each_other_without_end_are_passed_over(self, twin: GitHubTwin) -> None:
        commit(twin, {"a.yaml": "b.yaml/x", "b.yaml": "a.yaml/x"}, a_yaml="120000", b_yaml="120000")

        assert listed(twin) == []

    def test_many_links_are_fetched_within_the_bound(self, twin: GitHubTwin) -> None:
        names = {f"l{index}.yaml": f"t{index}" for index in range(4)}
        commit(twin, dict(names), **{f"l{index}_yaml": "120000" for index in range(4)})

        with pytest.raises(PublishError, match="4 files of the branch are not in the workspace"):
            listed(twin, limits=Limits(fetched_files=3))


class TestReading:
    def test_bytes_come_as_they_are(self, twin: GitHubTwin) -> None:
        content = b"\xef\xbb\xbf$imagepolicy\r\n\0\xff\xfe" + "\u2028\U0001f600".encode()
        head = commit(twin, {"a.yaml": content})
        tree = Hub(twin).remote.tree(head)

        assert tree.list("", HELD) == ("a.yaml",)
        assert tree.read("a.yaml") == content

    @pytest.mark.parametrize("path", ["none.yaml", "folder", "link.yaml", "mod", ""])
    def test_what_is_no_file_of_the_tree_is_not_read(self, twin: GitHubTwin, path: str) -> None:
        head = commit(
            twin, {"folder/a.yaml": "", "link.yaml": "folder/a.yaml", "mod": "1" * 40}, link_yaml="120000", mod="160000"
        )

        with pytest.raises(UnreadableFile, match="is no file of the tree"):
            Hub(twin).remote.tree(head).read(path)

    def test_a_file_with_the_token_that_is_larger_than_the_bound_is_not_read(self, twin: GitHubTwin) -> None:
        head = commit(twin, {"big.yaml": "$imagepolicy" + "x" * 89, "none.yaml": "x" * 101, "small.yaml": "x" * 100})
        tree = Hub(twin, limits=Limits(file_bytes=100)).remote.tree(head)

        assert tree.list("", HELD) == ("big.yaml",)
        assert tree.read("small.yaml") == b"x" * 100
        with pytest.raises(UnreadableFile, match="it has 101 bytes, and at most 100 are read"):
            tree.read("big.yaml")

    def test_a_file_too_large_to_be_looked_through_is_listed_so_that_reading_it_reports_it(
        self, twin: GitHubTwin
    ) -> None:
        head = commit(twin, {"big.yaml": "x" * 101, "small.yaml": "x" * 100})
        tree = Hub(twin, limits=Limits(file_bytes=50, screened_bytes=100)).remote.tree(head)

        assert tree.list("", HELD) == ("big.yaml",)
        with pytest.raises(UnreadableFile, match="it has 101 bytes"):
            tree.read("big.yaml")

    def test_a_large_file_of_the_workspace_is_looked_into(self, twin: GitHubTwin) -> None:
        head = commit(twin, {"big.yaml": "x" * 101})
        hub = Hub(twin, limits=Limits(screened_bytes=100), local={"big.yaml": b"x" * 101})

        assert hub.remote.tree(head).list("", HELD) == ()

    def test_bytes_that_are_not_those_of_the_hash_are_refused(self, twin: GitHubTwin) -> None:
        head = commit(twin, {"a.yaml": HELD})
        body = {"sha": blob_id(HELD), "content": base64.b64encode(b"other").decode(), "encoding": "base64"}
        twin.fail(faults.Failure(status=200, body=body), on="git/get-blob")

        with pytest.raises(PublishError, match="sent other bytes") as caught:
            Hub(twin).remote.tree(head).list("", HELD)

        assert caught.value.where == "a.yaml"

    def test_bytes_that_are_not_base64_are_refused(self, twin: GitHubTwin) -> None:
        head = commit(twin, {"a.yaml": HELD})
        twin.fail(faults.Failure(status=200, body={"content": "ä"}), on="git/get-blob")

        with pytest.raises(PublishError, match="sent other bytes"):
            Hub(twin).remote.tree(head).read("a.yaml")


class TestRequests:
    def test_with_the_same_files_in_the_workspace_the_tree_alone_is_asked_for(self, twin: GitHubTwin) -> None:
        head = commit(twin, {"a.yaml": HELD, "b.yaml": "x", "c/d.yaml": HELD})
        hub = Hub(twin, local=twin.tree("other"))
        tree = hub.remote.tree(head)

        assert tree.list("", HELD) == ("a.yaml", "c/d.yaml")
        assert tree.read("c/d.yaml") == HELD
        assert operations(twin) == ["git/get-tree"]

    def test_only_files_that_differ_from_the_workspace_are_fetched_and_each_content_once(
        self, twin: GitHubTwin
    ) -> None:
        head = commit(twin, {"a.yaml": HELD, "b.yaml": "other", "c.yaml": "other", "d.yaml": "same size"})
        hub = Hub(twin, local={"a.yaml": HELD, "b.yaml": b"x", "d.yaml": b"SAME SIZE"})
        tree = hub.remote.tree(head)

        assert tree.list("", HELD) == ("a.yaml",)
        assert tree.list("", b"other") == ("b.yaml", "c.yaml")
        assert tree.list("", b"size") == ("d.yaml",)
        assert tree.read("b.yaml") == b"other"
        assert sorted(operations(twin)) == ["git/get-blob", "git/get-blob", "git/get-tree"]

    def test_a_workspace_file_that_differs_is_read_once(self, twin: GitHubTwin) -> None:
        looks: list[str] = []

        class Watched(dict[str, bytes]):
            def get(self, path: str, default: object = None) -> bytes | None:  # type: ignore[override]
                looks.append(path)
                return b"here 1"

        remote = Hub(twin, local=Watched()).remote
        for content in (b"here 2", b"here 3"):
            remote.tree(commit(twin, {"a.yaml": content})).list("", HELD)

        assert looks == ["a.yaml"]

    def test_a_content_is_fetched_once_for_all_trees(self, twin: GitHubTwin) -> None:
        first = commit(twin, {"a.yaml": HELD, "b.yaml": "x"})
        second = commit(twin, {"a.yaml": HELD, "c.yaml": "y"})
        remote = Hub(twin).remote
        remote.tree(first).list("", HELD)
        remote.tree(second).list("", HELD)

        assert sorted(operations(twin)) == ["git/get-blob"] * 3 + ["git/get-tree"] * 2

    def test_what_is_kept_is_bounded_and_fetched_again_where_it_was_dropped(self, twin: GitHubTwin) -> None:
        head = commit(twin, {"a.yaml": "a" * 60, "b.yaml": "b" * 60})
        tree = Hub(twin, limits=Limits(kept_bytes=100)).remote.tree(head)
        for path in ("a.yaml", "b.yaml", "b.yaml", "a.yaml"):
            assert tree.read(path) == path[:1].encode() * 60

        assert operations(twin).count("git/get-blob") == 3

    def test_too_many_files_to_fetch_are_an_error_that_says_to_check_out(self, twin: GitHubTwin) -> None:
        head = commit(twin, {f"{index}.yaml": str(index) for index in range(6)})

        with pytest.raises(PublishError, match="6 files of the branch") as caught:
            Hub(twin, limits=Limits(fetched_files=5)).remote.tree(head).list("", HELD)

        assert "actions/checkout" in caught.value.remedy

    def test_files_are_fetched_several_at_once(self, twin: GitHubTwin) -> None:
        head = commit(twin, {f"{index}.yaml": str(index) for index in range(40)})

        assert Hub(twin, limits=Limits(at_once=4)).remote.tree(head).list("", b"7") == (
            "17.yaml",
            "27.yaml",
            "37.yaml",
            "7.yaml",
        )

    def test_a_tree_is_asked_for_once_by_whichever_commit(self, twin: GitHubTwin) -> None:
        head = twin.head("main")
        assert head is not None
        remote = Hub(twin).remote
        assert remote.tree(CommitId(head)).id == remote.tree(CommitId(head)).id == root_tree(twin, "main")

        assert operations(twin) == ["git/get-tree"]

    def test_so_many_trees_are_kept_and_no_more(self, twin: GitHubTwin) -> None:
        heads = [commit(twin, {"a.yaml": str(index)}) for index in range(9)]
        remote = Hub(twin).remote
        for head in [*heads, heads[0], heads[8]]:
            remote.tree(head)

        assert operations(twin) == ["git/get-tree"] * 10


class TestWholeTree:
    def test_the_hash_is_that_of_the_tree_though_github_names_the_commit(self, twin: GitHubTwin) -> None:
        head = commit(twin, {"a/b.yaml": "x", "c": "y"})

        assert Hub(twin).remote.tree(head).id == root_tree(twin, "other")

    def test_a_tree_that_github_cuts_off_is_read_folder_by_folder(self, twin: GitHubTwin) -> None:
        files: dict[str, str | bytes] = {
            f"{folder}/{sub}/{n}.yaml": HELD for folder in "ab" for sub in "xy" for n in range(3)
        }
        commit(twin, {**files, "top.yaml": HELD})
        twin.world.settings.tree_limit = 6

        assert listed(twin) == sorted(["top.yaml", *files])
        assert operations(twin).count("git/get-tree") > 4

    def test_a_folder_that_github_cuts_off_is_an_error(self, twin: GitHubTwin) -> None:
        commit(twin, {f"a/{n}.yaml": HELD for n in range(5)})
        twin.world.settings.tree_limit = 3

        with pytest.raises(PublishError, match="more entries than GitHub lists") as caught:
            listed(twin)

        assert caught.value.where == "a"

    def test_a_tree_is_bounded_in_entries_and_in_requests(self, twin: GitHubTwin) -> None:
        commit(twin, {f"{folder}/{n}.yaml": HELD for folder in "abcd" for n in range(3)})

        with pytest.raises(PublishError, match="more files than we can list"):
            listed(twin, limits=Limits(tree_entries=10))
        twin.world.settings.tree_limit = 5
        with pytest.raises(PublishError, match="more files than we can list"):
            listed(twin, limits=Limits(tree_requests=3))

    def test_a_root_with_a_name_that_is_not_unicode_costs_one_request_more(self, twin: GitHubTwin) -> None:
        head = commit(twin, {"a.yaml": HELD})
        entry = {"mode": "100644", "type": "blob", "sha": blob_id(HELD), "size": len(HELD), "url": "https://x/"}
        tree = [{**entry, "path": "\ufffd.yaml"}, {**entry, "path": "a.yaml"}]
        twin.fail(
            faults.Failure(status=200, body={"sha": head, "url": "https://x/", "tree": tree, "truncated": False}),
            on="git/get-tree",
        )

        assert Hub(twin).remote.tree(head).id == root_tree(twin, "other")
        assert operations(twin) == ["git/get-tree", "git/get-commit"]

    @pytest.mark.parametrize(
        "entry",
        [
            None,
            {},
            {"path": "a", "mode": "100644"},
            {"path": "a", "mode": "100644", "sha": "../../user"},
            {"path": "a", "mode": 33188, "sha": "1" * 40},
            {"path": 3, "mode": "100644", "sha": "1" * 40},
            {"path": "", "mode": "100644", "sha": "1" * 40},
            {"path": "/a", "mode": "100644", "sha": "1" * 40},
            {"path": "a/../../b", "mode": "100644", "sha": "1" * 40},
            {"path": "./a", "mode": "100644", "sha": "1" * 40},
        ],
    )
    def test_an_entry_that_makes_no_sense_is_an_error(self, twin: GitHubTwin, entry: object) -> None:
        twin.fail(faults.Failure(status=200, body={"tree": [entry], "truncated": False}), on="git/get-tree")

        with pytest.raises(PublishError, match="do not understand"):
            listed(twin)

    def test_a_size_that_is_missing_does_no_harm(self, twin: GitHubTwin, tmp_path: Path) -> None:
        head = commit(twin, {"a.yaml": HELD})
        tree = [{"path": "a.yaml", "mode": "100644", "type": "blob", "sha": blob_id(HELD)}]
        twin.fail(faults.Failure(status=200, body={"tree": tree, "truncated": False}), on="git/get-tree")

        assert Hub(twin, local={"a.yaml": HELD}).remote.tree(head).list("", HELD) == ("a.yaml",)
