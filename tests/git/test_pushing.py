"""Branches move only from where they were seen, and no commit of anybody is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgupdate.config.model import GitRef
from imgupdate.errors import BranchMoved, PublishError
from imgupdate.remote import CommitId, Push
from tests.git.support import MARKED, Hosted, commit_on, git

pytestmark = pytest.mark.needs_program("git")

OTHER = MARKED.replace("1.0.0", "2.0.0")


def test_a_branch_is_made_where_there_is_none(hosted: Hosted) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base)

    remote.push(Push(branch="imgupdate/main", commit=made.id, expected=None))

    assert hosted.at("imgupdate/main") == made.id
    assert hosted.at("main") == base


def test_a_branch_moves_on_from_where_it_was_seen(hosted: Hosted) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base)

    remote.push(Push(branch="main", commit=made.id, expected=base))

    assert hosted.at("main") == made.id
    assert git(hosted.bare, "rev-parse", "main~1") == base


def test_several_commits_are_pushed_at_once(hosted: Hosted) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    first = commit_on(remote, base)
    second = commit_on(remote, first.id, after=OTHER)

    remote.push(Push(branch="main", commit=second.id, expected=base))

    assert git(hosted.bare, "rev-list", "--count", f"{base}..main") == "2"


@pytest.mark.parametrize("force", [False, True])
def test_a_branch_that_moved_is_not_overwritten(hosted: Hosted, force: bool) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base)
    theirs = hosted.person_pushes()

    with pytest.raises(BranchMoved, match="'main' was moved meanwhile"):
        remote.push(Push(branch="main", commit=made.id, expected=base, force=force))

    assert hosted.at("main") == theirs


@pytest.mark.parametrize("force", [False, True])
def test_a_branch_that_appeared_is_not_overwritten(hosted: Hosted, force: bool) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base)
    theirs = hosted.save("theirs", branch="new")

    with pytest.raises(BranchMoved):
        remote.push(Push(branch="new", commit=made.id, expected=None, force=force))

    assert hosted.at("new") == theirs


@pytest.mark.parametrize("force", [False, True])
def test_a_branch_that_is_gone_is_not_made_again(hosted: Hosted, force: bool) -> None:
    base = CommitId(hosted.at("main"))
    remote = hosted.remote()
    made = commit_on(remote, base)

    with pytest.raises(BranchMoved):
        remote.push(Push(branch="gone", commit=made.id, expected=base, force=force))

    assert hosted.at("gone") == ""


def test_a_branch_that_moves_between_the_look_and_the_lock_is_not_overwritten(hosted: Hosted) -> None:
    """The server itself compares: a hook moves the branch when git has seen it already."""
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base)
    theirs = hosted.save("theirs", branch="theirs")
    hosted.hook("pre-receive", f"unset GIT_QUARANTINE_PATH; git update-ref refs/heads/main {theirs}")

    with pytest.raises(BranchMoved):
        remote.push(Push(branch="main", commit=made.id, expected=base))

    assert hosted.at("main") == theirs


def test_a_commit_that_does_not_descend_needs_force(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    theirs = hosted.save("theirs")
    remote = hosted.remote()
    made = commit_on(remote, base)

    with pytest.raises(BranchMoved, match="has commits that would be lost"):
        remote.push(Push(branch="main", commit=made.id, expected=theirs))
    assert hosted.at("main") == theirs

    remote.push(Push(branch="main", commit=made.id, expected=theirs, force=True))
    assert hosted.at("main") == made.id


def test_eight_that_push_at_once_lose_no_commit(hosted: Hosted) -> None:
    """Each tries until its commit is on the branch; all commits are there in the end."""
    from concurrent.futures import ThreadPoolExecutor

    def contribute(number: int) -> CommitId:
        remote = hosted.remote()
        while True:
            head = remote.head("main")
            assert head is not None
            made = commit_on(remote, head, message=f"by {number}", after=f"{MARKED}# {number}\n")
            try:
                remote.push(Push(branch="main", commit=made.id, expected=head))
            except BranchMoved:
                continue
            return made.id

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(contribute, range(8)))

    assert set(git(hosted.bare, "rev-list", "main").splitlines()) >= made
    assert git(hosted.bare, "rev-list", "--count", "main") == "9"


def test_a_push_whose_base_is_no_branch_any_more_goes_through(hosted: Hosted) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base)
    for number in range(3):
        hosted.write({"other.txt": f"{number}\n"})
        hosted.save()

    remote.push(Push(branch="new", commit=made.id, expected=None))

    assert git(hosted.bare, "rev-list", "--count", "new") == "2"
    assert not (hosted.bare / "shallow").exists()
    git(hosted.bare, "fsck", "--strict")


def test_a_commit_of_the_remote_can_be_pushed_without_having_been_read(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    head = hosted.save("ahead", branch="ahead")

    hosted.remote().push(Push(branch="main", commit=head, expected=base))

    assert hosted.at("main") == head


def test_a_branch_is_deleted_where_it_was_seen(hosted: Hosted) -> None:
    head = hosted.save(branch="old")
    remote = hosted.remote()

    with pytest.raises(BranchMoved):
        remote.delete("old", CommitId(hosted.at("main")))
    assert hosted.at("old") == head

    remote.delete("old", head)
    assert hosted.at("old") == ""

    remote.delete("old", head)


def test_a_branch_that_goes_just_before_it_is_deleted_is_gone(hosted: Hosted, tmp_path: Path) -> None:
    head = hosted.save(branch="old")
    tools = tmp_path / "tools"
    tools.mkdir()
    real = next(Path(folder, "git") for folder in os.environ["PATH"].split(":") if Path(folder, "git").exists())
    wrapper = tools / "git"
    wrapper.write_text(
        f'#!/bin/sh\n[ "$1" = push ] && {real} --git-dir={hosted.bare} update-ref -d refs/heads/old\nexec {real} "$@"\n'
    )
    wrapper.chmod(0o755)

    hosted.remote(path=f"{tools}:{os.environ['PATH']}").delete("old", head)

    assert hosted.at("old") == ""


def recorded_options(hosted: Hosted) -> list[str]:
    path = hosted.bare / "options"
    return path.read_text().splitlines() if path.exists() else []


def record_options(hosted: Hosted) -> None:
    git(hosted.bare, "config", "receive.advertisePushOptions", "true")
    hosted.hook(
        "post-receive",
        'number=0; while [ "$number" -lt "${GIT_PUSH_OPTION_COUNT:-0}" ]; do\n'
        'eval "printf \'%s\\n\' \\"\\$GIT_PUSH_OPTION_$number\\"" >> options; number=$((number + 1)); done',
    )


def test_push_options_reach_the_server_as_key_and_value(hosted: Hosted) -> None:
    record_options(hosted)
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base)
    options = {"merge_request.create": "", "ci.skip": "true", "title": "-a 'quoted' $(x) = y"}

    remote.push(
        Push(branch="new", commit=made.id, expected=None, options=options, refspec="refs/heads/new:refs/heads/too")
    )

    once = ["ci.skip=true", "merge_request.create=", "title=-a 'quoted' $(x) = y"]
    assert recorded_options(hosted) == [*once, *once]


def test_a_server_without_push_options_is_an_error_and_nothing_is_pushed(hosted: Hosted) -> None:
    remote = hosted.remote()
    made = commit_on(remote, CommitId(hosted.at("main")))

    with pytest.raises(PublishError, match="takes no push options") as caught:
        remote.push(Push(branch="new", commit=made.id, expected=None, options={"a": "b"}))

    assert "git.push.options" in caught.value.remedy
    assert hosted.at("new") == ""


@pytest.mark.parametrize("options", [{"a": "b\nc"}, {"a\n": "b"}, {"a": "b\0"}])
def test_a_push_option_with_a_line_break_is_refused_before_anything_is_pushed(
    hosted: Hosted, options: dict[str, str]
) -> None:
    remote = hosted.remote()
    made = commit_on(remote, CommitId(hosted.at("main")))

    with pytest.raises(PublishError, match="holds a line break"):
        remote.push(Push(branch="new", commit=made.id, expected=None, options=options))

    assert hosted.at("new") == ""


@pytest.mark.parametrize(
    ("refspec", "targets"),
    [
        ("refs/heads/new:refs/heads/auto", ["refs/heads/auto"]),
        ("+refs/heads/new:refs/heads/auto", ["refs/heads/auto"]),
        ("HEAD:refs/for/main", ["refs/for/main"]),
        ("new:auto/refs", ["refs/heads/auto/refs"]),
        ("refs/heads/new:refs/tags/latest", ["refs/tags/latest"]),
        ("refs/heads/new", []),
        ("refs/heads/new:refs/heads/new", []),
        ("refs/heads/*:refs/heads/mirror/*", ["refs/heads/mirror/main", "refs/heads/mirror/new"]),
        ("refs/heads/main:refs/heads/kept", ["refs/heads/kept"]),
    ],
)
def test_a_refspec_is_pushed_after_the_branch(hosted: Hosted, refspec: str, targets: list[str]) -> None:
    """It speaks of the branches that a clone would have: the one checked out, and the one pushed."""
    remote = hosted.remote()
    base = remote.resolve(GitRef(branch="main"))
    made = commit_on(remote, base)
    before = set(git(hosted.bare, "for-each-ref", "--format=%(refname)").splitlines())

    remote.push(Push(branch="new", commit=made.id, expected=None, refspec=refspec))

    assert hosted.at("new") == made.id
    after = set(git(hosted.bare, "for-each-ref", "--format=%(refname)").splitlines())
    assert sorted(after - before - {"refs/heads/new"}) == targets
    for target in targets:
        assert hosted.at(target) == (base if target in ("refs/heads/kept", "refs/heads/mirror/main") else made.id)


def test_a_refspec_may_speak_of_the_tag_that_was_checked_out(hosted: Hosted) -> None:
    git(hosted.clone, "tag", "v1.0.0")
    git(hosted.clone, "push", "--quiet", "origin", "v1.0.0")
    remote = hosted.remote()
    made = commit_on(remote, remote.resolve(GitRef(tag="v1.0.0")))

    remote.push(Push(branch="new", commit=made.id, expected=None, refspec="refs/tags/v1.0.0:refs/heads/stable"))

    assert hosted.at("stable") == hosted.at("main")


def test_a_refspec_may_speak_of_a_branch_that_was_resolved_and_not_read(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    topic = hosted.save("topic", branch="topic")
    remote = hosted.remote()
    remote.resolve(GitRef(branch="topic"))
    made = commit_on(remote, base)

    remote.push(Push(branch="main", commit=made.id, expected=base, refspec="refs/heads/topic:refs/heads/copy"))

    assert hosted.at("copy") == topic


@pytest.mark.parametrize(
    "ref", [GitRef(name="refs/heads/main"), GitRef(name="HEAD"), GitRef(semver="*"), GitRef(branch="topic")]
)
def test_a_ref_that_a_clone_would_not_have_is_no_source(hosted: Hosted, ref: GitRef) -> None:
    git(hosted.clone, "tag", "v1.0.0")
    git(hosted.clone, "push", "--quiet", "origin", "v1.0.0", "HEAD:refs/heads/topic")
    remote = hosted.remote()
    made = commit_on(remote, remote.resolve(ref))
    push = Push(branch="new", commit=made.id, expected=None, refspec="refs/heads/main:refs/heads/copy")

    if ref.name == "refs/heads/main":
        remote.push(push)
        assert hosted.at("copy") == hosted.at("main")
    else:
        with pytest.raises(PublishError, match=r"refspec .* failed"):
            remote.push(push)
        assert hosted.at("copy") == ""


def test_a_refspec_that_has_nothing_to_push_is_no_failure(hosted: Hosted) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base)
    push = Push(branch="new", commit=made.id, expected=None, refspec="refs/heads/new:refs/heads/auto")
    git(hosted.clone, "push", "--quiet", "origin", f"{base}:refs/heads/auto")

    remote.push(push)
    again = Push(branch="new", commit=made.id, expected=made.id, refspec="refs/heads/new:refs/heads/auto")
    remote.push(again)

    assert hosted.at("auto") == made.id


@pytest.mark.parametrize("force", [False, True])
def test_a_refspec_does_not_lose_commits_that_nobody_looked_at(hosted: Hosted, force: bool) -> None:
    base = CommitId(hosted.at("main"))
    theirs = hosted.save("theirs", branch="auto")
    remote = hosted.remote()
    made = commit_on(remote, base)
    push = Push(branch="main", commit=made.id, expected=base, force=force, refspec="refs/heads/main:refs/heads/auto")

    with pytest.raises(PublishError, match="its target has commits that the branch has not") as caught:
        remote.push(push)

    assert not isinstance(caught.value, BranchMoved)
    assert hosted.at("auto") == theirs
    assert hosted.at("main") == made.id


def test_a_refspec_of_a_forced_push_moves_what_is_where_the_branch_was(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    old = hosted.save("old", branch="ours")
    git(hosted.clone, "push", "--quiet", "origin", f"{old}:refs/heads/auto")
    remote = hosted.remote()
    made = commit_on(remote, base)

    remote.push(
        Push(branch="ours", commit=made.id, expected=old, force=True, refspec="refs/heads/ours:refs/heads/auto")
    )

    assert hosted.at("auto") == hosted.at("ours") == made.id


def test_a_plus_before_the_refspec_is_the_wish_to_overwrite(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    hosted.save("theirs", branch="auto")
    remote = hosted.remote()
    made = commit_on(remote, base)

    remote.push(Push(branch="main", commit=made.id, expected=base, refspec="+refs/heads/main:refs/heads/auto"))

    assert hosted.at("auto") == made.id


@pytest.mark.parametrize(
    "refspec",
    [
        "--mirror",
        "-f",
        "+",
        ":",
        "+:",
        "a b",
        "a:b:c",
        "a\nb",
        "^refs/heads/x",
        "++a:b",
        "a:-b",
        "a:+b",
        "x" * 2000,
        "a\x1b[m",
    ],
)
def test_a_refspec_that_is_none_is_refused_before_anything_is_pushed(hosted: Hosted, refspec: str) -> None:
    remote = hosted.remote()
    made = commit_on(remote, CommitId(hosted.at("main")))

    with pytest.raises(PublishError, match="is not a refspec"):
        remote.push(Push(branch="new", commit=made.id, expected=None, refspec=refspec))

    assert hosted.at("new") == ""


def test_a_hook_that_declines_is_quoted_cleaned_and_bounded(hosted: Hosted) -> None:
    said = "\\033[31mNo.\\033[0m\\n::add-mask::x\\n##[error]y\\n\\033]0;title\\007" + "long " * 500
    hosted.hook("pre-receive", f"printf '{said}' >&2; exit 1")
    remote = hosted.remote()
    made = commit_on(remote, CommitId(hosted.at("main")))

    with pytest.raises(PublishError) as caught:
        remote.push(Push(branch="new", commit=made.id, expected=None))

    text = str(caught.value)
    assert not isinstance(caught.value, BranchMoved)
    assert "a hook of the server declined the push" in text
    assert "No.; : :add-mask: :x; ## [error]y; long" in text
    assert text.isprintable()
    assert "::" not in text
    assert "##[" not in text
    assert len(text) < 1000
    assert hosted.at("new") == ""


@pytest.mark.parametrize(
    ("said", "meaning", "remedy"),
    [
        ("error: GH006: Protected branch update failed for refs/heads/main.", "protected", "open a pull request"),
        ("error: GH013: Repository rule violations found for refs/heads/main.", "rule", "open a pull request"),
        (
            "refusing to allow a GitHub App to create or update workflow `a` without `workflows` permission",
            "may not change workflows",
            "workflows: write",
        ),
    ],
)
def test_what_github_says_is_told_with_the_setting_to_change(
    hosted: Hosted, said: str, meaning: str, remedy: str
) -> None:
    hosted.hook("update", f"echo '{said}' >&2; exit 1")
    remote = hosted.remote()
    made = commit_on(remote, CommitId(hosted.at("main")))

    with pytest.raises(PublishError, match=meaning) as caught:
        remote.push(Push(branch="main", commit=made.id, expected=CommitId(hosted.at("main"))))

    assert remedy in caught.value.remedy
    assert said in caught.value.message


def test_hooks_of_our_own_side_do_not_run(hosted: Hosted, scrubbed_environment: Path) -> None:
    """Neither those of a template that a user has set up, nor those of the settings."""
    hooks = scrubbed_environment / "hooks"
    hooks.mkdir()
    ran = scrubbed_environment / "ran"
    for name in ("pre-push", "reference-transaction", "post-checkout", "pre-commit"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    (scrubbed_environment / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {hooks}\n[init]\n\ttemplateDir = {hooks}/..\n"
    )
    remote = hosted.remote()
    made = commit_on(remote, CommitId(hosted.at("main")))

    remote.push(Push(branch="new", commit=made.id, expected=None, refspec="refs/heads/new:refs/heads/too"))

    assert hosted.at("too") == made.id
    assert not ran.exists()
