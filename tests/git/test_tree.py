"""The files of a commit: links, modes, odd names, bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgupdate.errors import PublishError, UnreadableFile
from imgupdate.git import tree as bounds
from imgupdate.remote import BlobId, CommitId
from imgupdate.workspace import Workspace
from tests.git.support import MARKED, TOKEN, Hosted, git, make_hosted

pytestmark = pytest.mark.needs_program("git")


def test_only_manifests_that_hold_the_token_are_listed_sorted(hosted: Hosted) -> None:
    hosted.write(
        {
            "z.yml": MARKED,
            "a/b/c.yaml": MARKED,
            "a/plain.yaml": "image: podinfo\n",
            "a/Kustomization": MARKED,
            "a/kustomization": MARKED,
            "a/notes.txt": MARKED,
            ".hidden/x.yaml": MARKED,
        }
    )
    tree = hosted.remote().tree(hosted.save())

    assert tree.list("", TOKEN) == (".hidden/x.yaml", "a/Kustomization", "a/b/c.yaml", "app.yaml", "z.yml")
    assert tree.list("a", TOKEN) == ("a/Kustomization", "a/b/c.yaml")
    assert tree.list("a/b/c.yaml", TOKEN) == ("a/b/c.yaml",)
    assert tree.list("", b"image: podinfo\n") == ("a/plain.yaml",)
    assert tree.list("", b"nowhere") == ()
    assert tree.read("a/b/c.yaml") == MARKED.encode()


def test_the_hash_of_the_tree_is_that_of_the_commit(hosted: Hosted) -> None:
    commit = CommitId(hosted.at("main"))

    assert hosted.remote().tree(commit).id == hosted.at("main^{tree}")


@pytest.mark.parametrize("under", ["nowhere", "a/nowhere", "app.yaml/x", "..", "a/../..", "out", "sub", "loop"])
def test_a_path_that_is_not_in_the_tree_is_unreadable(hosted: Hosted, under: str) -> None:
    hosted.write({"a/b.yaml": MARKED})
    (hosted.clone / "out").symlink_to("../elsewhere")
    (hosted.clone / "loop").symlink_to("loop")
    tree = hosted.remote().tree(hosted.save())

    with pytest.raises(UnreadableFile, match="is not in the tree"):
        tree.list(under, TOKEN)


def test_a_tree_is_read_as_the_workspace_that_it_was_made_from(hosted: Hosted, tmp_path: Path) -> None:
    """Links to files count for their target, once; those to folders, out of the tree and to nowhere do not."""
    hosted.write({"a/b/real.yaml": MARKED, "a/other.yaml": MARKED, "c/deep/x.yaml": MARKED, "text": MARKED})
    links = {
        "same.yaml": "a/b/real.yaml",
        "a/twice.yaml": "b/real.yaml",
        "named.yaml": "text",
        "a/up.yaml": "../c/deep/x.yaml",
        "through.yaml": "folder/x.yaml",
        "folder": "c/deep",
        "chain.yaml": "same.yaml",
        "out.yaml": "../outside.yaml",
        "absolute.yaml": "/etc/hosts",
        "gone.yaml": "nowhere.yaml",
        "loop.yaml": "loop.yaml",
        "dir.yaml": "c",
        "within.yaml": "app.yaml/../text",
        "dots.yaml": "./a/.//../text",
    }
    for name, target in links.items():
        (hosted.clone / name).symlink_to(target)
    commit = hosted.save()
    tree = hosted.remote().tree(commit)
    workspace = Workspace(hosted.clone)

    for under in ("", "a", "c", "folder", "same.yaml", "chain.yaml", "named.yaml", "a/up.yaml", "text"):
        assert tree.list(under, TOKEN) == workspace.list(under, TOKEN), under
    assert tree.list("", TOKEN) == ("a/b/real.yaml", "a/other.yaml", "app.yaml", "c/deep/x.yaml", "text")


def test_a_link_that_says_too_much_leads_nowhere(hosted: Hosted) -> None:
    blob = git(hosted.clone, "hash-object", "-w", "--stdin", given=b"a/" * 4096)
    git(hosted.clone, "update-index", "--add", "--cacheinfo", f"120000,{blob},long.yaml")
    git(hosted.clone, "commit", "--quiet", "-m", "a long link")
    git(hosted.clone, "push", "--quiet", "origin", "main")

    assert hosted.remote().tree(CommitId(hosted.at("main"))).list("", TOKEN) == ("app.yaml",)


def test_a_submodule_is_not_entered_and_its_address_is_not_asked(hosted: Hosted) -> None:
    hosted.write({".gitmodules": '[submodule "s"]\n\tpath = s.yaml\n\turl = https://127.0.0.1:1/never\n'})
    git(hosted.clone, "add", ".gitmodules")
    git(hosted.clone, "update-index", "--add", "--cacheinfo", f"160000,{hosted.at('main')},s.yaml")
    git(hosted.clone, "commit", "--quiet", "-m", "a submodule")
    git(hosted.clone, "push", "--quiet", "origin", "main")
    tree = hosted.remote().tree(CommitId(hosted.at("main")))

    assert tree.list("", TOKEN) == ("app.yaml",)
    with pytest.raises(UnreadableFile, match="is not a regular file"):
        tree.read("s.yaml")
    with pytest.raises(UnreadableFile, match="is not in the tree"):
        tree.list("s.yaml", TOKEN)


@pytest.mark.parametrize(
    "name",
    [
        "a b.yaml",
        "quote\"'.yaml",
        "-dash.yaml",
        "back\\slash.yaml",
        "tab\there.yaml",
        "ümläut.yaml",
        ":colon.yaml",
        "*.yaml",
    ],
)
def test_a_file_with_an_odd_name_is_read(hosted: Hosted, name: str) -> None:
    hosted.write({name: MARKED})
    tree = hosted.remote().tree(hosted.save())

    assert name in tree.list("", TOKEN)
    assert tree.read(name) == MARKED.encode()


def test_a_file_whose_name_is_not_utf8_is_passed_over(hosted: Hosted) -> None:
    (hosted.clone / os.fsdecode(b"\xff.yaml")).write_text(MARKED)
    (hosted.clone / "link.yaml").symlink_to(os.fsdecode(b"\xff.yaml"))

    assert hosted.remote().tree(hosted.save()).list("", TOKEN) == ("app.yaml",)


def test_a_path_that_cannot_be_printed_is_escaped_in_the_error(hosted: Hosted) -> None:
    with pytest.raises(UnreadableFile) as caught:
        hosted.remote().tree(CommitId(hosted.at("main"))).read("a\x1b[31m.yaml")

    assert caught.value.where == "a\\x1b[31m.yaml"


def test_attributes_of_the_repository_do_not_change_what_is_read(hosted: Hosted) -> None:
    hosted.write({".gitattributes": "* filter=evil text eol=crlf export-ignore\n*.yaml -diff\n"})
    tree = hosted.remote().tree(hosted.save())

    assert tree.list("", TOKEN) == ("app.yaml",)
    assert tree.read("app.yaml") == MARKED.encode()


def test_a_file_beyond_the_bound_is_listed_only_if_it_holds_the_token_and_is_not_read(hosted: Hosted) -> None:
    filler = b"# \n" * (bounds.FILE_BYTES // 3 + 1)
    hosted.write({"large.yaml": filler, "marked.yaml": filler + MARKED.encode()})
    tree = hosted.remote().tree(hosted.save())

    assert tree.list("", TOKEN) == ("app.yaml", "marked.yaml")
    with pytest.raises(UnreadableFile, match="is too large"):
        tree.read("marked.yaml")


def test_files_are_read_in_batches_that_fit_into_memory() -> None:
    third = bounds._BATCH_BYTES // 3
    sizes = [third, third, third, 1, 2 * bounds._BATCH_BYTES, third, third]
    entries = [bounds.Entry("100644", BlobId(str(number)), size) for number, size in enumerate(sizes)]

    batches = [[int(entry.id) for entry in batch] for batch in bounds._batches(entries)]

    assert batches == [[0, 1, 2, 3], [4], [5, 6]]
    assert list(bounds._batches([])) == []


def test_what_holds_the_token_is_read_without_asking_git_again(hosted: Hosted) -> None:
    hosted.write({"other.yaml": "image: podinfo\n"})
    tree = hosted.remote().tree(hosted.save())
    tree.list("", TOKEN)
    for repository in hosted.scratch.glob("*/objects.git"):
        repository.rename(repository.with_suffix(".gone"))

    assert tree.list("", TOKEN) == ("app.yaml",)
    assert tree.read("app.yaml") == MARKED.encode()
    with pytest.raises(PublishError):
        tree.read("other.yaml")


def test_what_does_not_fit_into_memory_is_read_from_git_again(hosted: Hosted) -> None:
    hosted.write({"b.yaml": MARKED + "# more\n"})
    remote = hosted.remote()
    commit = hosted.save()
    tree = remote.tree(commit)
    small = bounds.GitTree(tree.id, remote._repository, bounds.Contents(remote._repository, kept_bytes=len(MARKED)))

    assert small.list("", TOKEN) == ("app.yaml", "b.yaml")
    assert small.list("", TOKEN[1:]) == ("app.yaml", "b.yaml")
    assert (small.read("app.yaml"), small.read("b.yaml")) == (MARKED.encode(), (MARKED + "# more\n").encode())


def test_an_object_that_is_not_there_is_an_error(hosted: Hosted) -> None:
    remote = hosted.remote()
    remote.tree(CommitId(hosted.at("main")))

    with pytest.raises(PublishError, match="did not give the object 1111"):
        remote._repository.read(["1" * 40])


def test_a_commit_is_read_from_a_remote_with_longer_hashes(tmp_path: Path) -> None:
    hosted = make_hosted(tmp_path, object_format="sha256")
    hosted.write({"app.yaml": MARKED})
    commit = hosted.save("first")

    assert len(commit) == 64
    assert hosted.remote().tree(commit).read("app.yaml") == MARKED.encode()
