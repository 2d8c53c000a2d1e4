"""Trees that differ in the edited files and in nothing else, and commits of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgupdate.errors import PublishError
from imgupdate.git.edits import edited_tree
from imgupdate.git.making import commit_payload, signed
from imgupdate.remote import CommitDraft, CommitId, Person, Push, TreeId
from imgupdate.results import FileEdit
from tests.git.support import FLUX, MARKED, NOW, Hosted, commit_on, edit, git, make_hosted

pytestmark = pytest.mark.needs_program("git")

NEW = MARKED.replace("1.0.0", "1.1.0")


def test_a_commit_differs_from_its_parent_in_the_edited_files_alone(hosted: Hosted) -> None:
    hosted.write({"a/b/c.yaml": MARKED, "a/d.yaml": MARKED, "a/b/run.yaml": MARKED, "other/x.yaml": MARKED})
    (hosted.clone / "a/b/run.yaml").chmod(0o755)
    (hosted.clone / "a/link.yaml").symlink_to("d.yaml")
    base = hosted.save()
    remote = hosted.remote()
    edits = [edit(remote, base, path, NEW) for path in ("a/b/c.yaml", "a/b/run.yaml", "app.yaml")]

    tree = remote.write_tree(remote.tree(base).id, edits)
    made = remote.commit(CommitDraft(tree=tree, parent=base, message="m", author=FLUX))
    remote.push(Push(branch="new", commit=made.id, expected=None))

    changed = git(hosted.bare, "diff-tree", "-r", base, made.id).splitlines()
    assert [line.split()[:2] + line.split()[4:] for line in changed] == [
        [":100644", "100644", "M", "a/b/c.yaml"],
        [":100755", "100755", "M", "a/b/run.yaml"],
        [":100644", "100644", "M", "app.yaml"],
    ]
    assert git(hosted.bare, "show", f"{made.id}:a/b/run.yaml") + "\n" == NEW
    git(hosted.bare, "fsck", "--strict")


def test_bytes_are_stored_as_they_are_whatever_the_attributes_say(hosted: Hosted) -> None:
    hosted.write({".gitattributes": "*.yaml text eol=lf filter=evil ident\n", "app.yaml": b"a: $Id$\r\n"})
    git(hosted.clone, "-c", "core.autocrlf=false", "rm", "--quiet", "--cached", "app.yaml")
    blob = git(hosted.clone, "hash-object", "-w", "--no-filters", "app.yaml")
    git(hosted.clone, "update-index", "--add", "--cacheinfo", f"100644,{blob},app.yaml")
    git(hosted.clone, "add", ".gitattributes")
    git(hosted.clone, "commit", "--quiet", "-m", "attributes")
    git(hosted.clone, "push", "--quiet", "origin", "main")
    remote = hosted.remote()
    after = b"\xef\xbb\xbfa: $Id$ 2\r\nb: \xff"
    change = FileEdit(path="app.yaml", before=b"a: $Id$\r\n", after=after, changes=())

    base = CommitId(hosted.at("main"))
    tree = remote.write_tree(remote.tree(base).id, [change])
    made = remote.commit(CommitDraft(tree=tree, parent=base, message="m"))

    assert remote.tree(made.id).read("app.yaml") == after


def test_without_edits_the_tree_is_the_same(hosted: Hosted) -> None:
    remote = hosted.remote()
    tree = remote.tree(CommitId(hosted.at("main"))).id

    assert remote.write_tree(tree, []) == tree


def test_an_edit_back_gives_the_same_tree(hosted: Hosted) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    there = commit_on(remote, base, after=NEW)
    back = commit_on(remote, there.id, after=MARKED)

    assert there.tree != back.tree
    assert back.tree == hosted.at("main^{tree}")


@pytest.mark.parametrize("path", ["nowhere.yaml", "no/where.yaml", "app.yaml/x", "a", "a/link.yaml"])
def test_a_file_that_is_not_there_is_not_made(hosted: Hosted, path: str) -> None:
    hosted.write({"a/b.yaml": MARKED})
    (hosted.clone / "a/link.yaml").symlink_to("b.yaml")
    base = hosted.save()
    remote = hosted.remote()
    change = FileEdit(path=path, before=b"", after=b"new", changes=())

    with pytest.raises(PublishError, match="is not in the tree as it was read"):
        remote.write_tree(remote.tree(base).id, [change])


def test_a_file_that_is_not_as_it_was_read_is_not_overwritten(hosted: Hosted) -> None:
    remote = hosted.remote()
    change = FileEdit(path="app.yaml", before=b"older", after=b"new", changes=())

    with pytest.raises(PublishError, match=r"'app\.yaml' is not in the tree as it was read"):
        remote.write_tree(remote.tree(CommitId(hosted.at("main"))).id, [change])


def test_two_folders_with_the_same_files_are_told_apart(hosted: Hosted) -> None:
    hosted.write({"one/app.yaml": MARKED, "two/app.yaml": MARKED})
    remote, base = hosted.remote(), hosted.save()
    made = commit_on(remote, base, path="two/app.yaml")

    assert remote.tree(made.id).read("one/app.yaml") == MARKED.encode()
    assert remote.tree(made.id).read("two/app.yaml") == NEW.encode()


def test_many_edits_take_few_processes(hosted: Hosted) -> None:
    hosted.write({f"{number % 7}/{number}.yaml": f"{number} {MARKED}" for number in range(300)})
    base = hosted.save()
    remote = hosted.remote()
    tree = remote.tree(base)
    paths = tree.list("", b"$imagepolicy")
    edits = [FileEdit(path=path, before=tree.read(path), after=path.encode(), changes=()) for path in paths]
    calls: list[str] = []

    class Counted:
        def read(self, *arguments: object, **more: object) -> object:
            calls.append("read")
            return remote._repository.read(*arguments, **more)  # type: ignore[arg-type]

        def write(self, *arguments: object) -> object:
            calls.append("write")
            return remote._repository.write(*arguments)  # type: ignore[arg-type]

    written = edited_tree(Counted(), tree.id, edits)  # type: ignore[arg-type]

    assert calls == ["read", "read", "write", "write", "write"]
    assert remote.write_tree(tree.id, edits) == written


def test_longer_hashes_are_written_as_well(tmp_path: Path) -> None:
    hosted = make_hosted(tmp_path, object_format="sha256")
    hosted.write({"a/app.yaml": MARKED})
    base = hosted.save("first")
    remote = hosted.remote()
    made = commit_on(remote, base, path="a/app.yaml")
    remote.push(Push(branch="main", commit=made.id, expected=base))

    assert len(made.id) == len(made.tree) == 64
    assert hosted.at("main") == made.id
    git(hosted.bare, "fsck", "--strict")


@pytest.mark.parametrize(
    "message",
    [
        "one line",
        "ends\n",
        "ends twice\n\n",
        "",
        "\n\nleading",
        "# no comment\n",
        "tab\t  trailing  \n",
        "ünï\u2028",
        "a\r\nb",
    ],
)
def test_a_message_is_kept_to_the_byte(hosted: Hosted, message: str) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base, message=message)
    remote.push(Push(branch="main", commit=made.id, expected=base))

    assert git(hosted.bare, "cat-file", "commit", "main").partition("\n\n")[2] == message.removesuffix("\n")
    assert hosted.remote().series(base, made.id).commits[0].message == message


def test_bytes_that_are_no_utf8_reach_the_message_as_they_are(hosted: Hosted) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base, message="a\udcffb")
    remote.push(Push(branch="main", commit=made.id, expected=base))

    assert git(hosted.bare, "cat-file", "commit", "main").endswith("a\udcffb")


def test_a_message_with_a_nul_is_refused(hosted: Hosted) -> None:
    with pytest.raises(PublishError, match="holds a NUL"):
        commit_on(hosted.remote(), CommitId(hosted.at("main")), message="a\0b")


@pytest.mark.parametrize(
    ("author", "told"),
    [
        (Person(name="Flux", email="flux@example.com"), "Flux <flux@example.com>"),
        (Person(name="", email="flux@example.com"), " <flux@example.com>"),
        (Person(name="a\nparent x<y>", email="m<\n>e@x"), "aparent xy <me@x>"),
        (None, "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"),
    ],
)
def test_author_and_committer_are_one_and_the_time_is_now(hosted: Hosted, author: Person | None, told: str) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base, author=author)
    remote.push(Push(branch="main", commit=made.id, expected=base))

    assert git(hosted.bare, "cat-file", "commit", "main").splitlines()[:4] == [
        f"tree {made.tree}",
        f"parent {base}",
        f"author {told} {int(NOW)} +0000",
        f"committer {told} {int(NOW)} +0000",
    ]


@pytest.mark.parametrize(("length", "name"), [(40, "gpgsig"), (64, "gpgsig-sha256")])
def test_a_signature_stands_in_the_head_of_the_commit(length: int, name: str) -> None:
    draft = CommitDraft(tree=TreeId("a" * length), parent=CommitId("b" * length), message="m\n\nn")
    payload = commit_payload(draft, now=1)

    lines = signed(payload, b"-----BEGIN\r\nx\n\n-----END\n").decode().split("\n")

    assert lines[4:8] == [f"{name} -----BEGIN", " x", " ", " -----END"]
    assert lines[8:] == ["", "m", "", "n"]
