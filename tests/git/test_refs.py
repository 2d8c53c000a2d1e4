"""Which commit a reference of Flux means (spec/flux.md 6.2)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from imgupdate.config.model import GitRef
from imgupdate.errors import PublishError
from imgupdate.git.refs import checked_name
from imgupdate.remote import CommitId
from tests.git.support import Hosted, git, settle

pytestmark = pytest.mark.needs_program("git")


@pytest.fixture(scope="module")
def shared(prototype: Path, tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    """A repository for tests that only ask."""
    folder = tmp_path_factory.mktemp("refs")
    shutil.copytree(prototype, folder, symlinks=True, dirs_exist_ok=True)
    return settle(folder)


@pytest.fixture(scope="module")
def tagged(shared: Hosted) -> dict[str, str]:
    """A commit for each of `main`, `topic`, the tags `light` and `annotated`, and a ref outside of both."""
    hosted = shared
    commits = {"first": hosted.at("main")}
    for name, target in (
        ("topic", "refs/heads/topic"),
        ("light", "refs/tags/light"),
        ("annotated", "refs/tags/annotated"),
        ("odd", "refs/pull/7/head"),
        ("main", "refs/heads/main"),
    ):
        commits[name] = hosted.save(name, push=False)
        source = "HEAD"
        if name == "annotated":
            git(hosted.clone, "tag", "-a", "-m", "a tag", name)
            source = target
        git(hosted.clone, "push", "--quiet", "origin", f"{source}:{target}")
    return commits


@pytest.mark.parametrize(
    ("ref", "wanted"),
    [
        (GitRef(branch="topic"), "topic"),
        (GitRef(branch="main"), "main"),
        (GitRef(tag="light"), "light"),
        (GitRef(tag="annotated"), "annotated"),
        (GitRef(name="refs/heads/topic"), "topic"),
        (GitRef(name="refs/tags/light"), "light"),
        (GitRef(name="refs/tags/annotated"), "annotated"),
        (GitRef(name="refs/tags/annotated^{}"), "annotated"),
        (GitRef(name="refs/pull/7/head"), "odd"),
        (GitRef(name="HEAD"), "main"),
        (GitRef(tag="light", branch="topic"), "light"),
        (GitRef(tag="light", semver="*", branch="topic"), "light"),
        (GitRef(name="refs/pull/7/head", tag="light", semver="*", branch="topic"), "odd"),
    ],
)
def test_a_reference_means_a_commit(shared: Hosted, tagged: dict[str, str], ref: GitRef, wanted: str) -> None:
    assert shared.remote().resolve(ref) == tagged[wanted]


def test_a_commit_goes_before_everything(shared: Hosted, tagged: dict[str, str]) -> None:
    ref = GitRef(commit=tagged["first"].upper(), name="refs/heads/topic", tag="light", semver="*", branch="topic")

    remote = shared.remote()
    assert remote.resolve(ref) == tagged["first"]
    assert remote.resolve(ref) == tagged["first"]


def test_nothing_means_master_and_not_what_the_remote_prefers(hosted: Hosted) -> None:
    with pytest.raises(PublishError, match="the remote repository has no branch 'master'"):
        hosted.remote().resolve(GitRef())

    commit = hosted.save(branch="master")
    assert hosted.remote().resolve(GitRef()) == commit


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        (GitRef(branch="nowhere"), "has no branch 'nowhere'"),
        (GitRef(tag="main"), "has no tag 'main'"),
        (GitRef(name="refs/heads/nowhere"), "has no ref 'refs/heads/nowhere'"),
        (GitRef(name="main"), "has no ref 'main'"),
        (GitRef(semver=">=9.0.0"), "no tag of the remote repository is in the range"),
        (GitRef(semver="nonsense"), "is no range"),
        (GitRef(commit="abc123"), "not the whole hash of a commit"),
        (GitRef(commit="0" * 39 + "1"), "the remote repository has no commit 0"),
        (GitRef(tag="blob"), "the tag 'blob' is on no commit"),
        (GitRef(name="refs/tags/blob"), "the ref 'refs/tags/blob' is on no commit"),
        (GitRef(branch="--upload-pack=x"), "not a name that Git has"),
        (GitRef(name="--upload-pack=x"), "not a name that Git has"),
        (GitRef(tag="/v1"), "not a name that Git has"),
        (GitRef(branch="main/"), "not a name that Git has"),
    ],
)
def test_a_reference_that_means_no_commit_is_refused(hosted: Hosted, ref: GitRef, message: str) -> None:
    git(hosted.clone, "tag", "blob", "HEAD:app.yaml")
    git(hosted.clone, "push", "--quiet", "origin", "blob")

    with pytest.raises(PublishError, match=message):
        hosted.remote().resolve(ref)


@pytest.fixture(scope="module")
def released(shared: Hosted) -> Hosted:
    for name in ("v1.2.0", "v1.10.0", "1.9.1", "v2.0.0", "v2.1.0-rc.1", "v9", "release-3.0.0"):
        shared.save(name, push=False)
        git(shared.clone, "tag", *(["-a", "-m", "x"] if name == "v1.10.0" else []), name)
    git(shared.clone, "push", "--quiet", "--tags", "origin")
    return shared


@pytest.mark.parametrize(
    ("range_", "wanted"),
    [
        (">=1.0.0", "v2.0.0"),
        ("1.x", "v1.10.0"),
        ("~1.9.0", "1.9.1"),
        (">=2.0.0-0", "v2.1.0-rc.1"),
        ("*", "v2.0.0"),
    ],
)
def test_the_highest_tag_of_a_range_is_meant(released: Hosted, range_: str, wanted: str) -> None:
    """A tag needs its three parts, as everywhere in Flux."""
    assert released.remote().resolve(GitRef(semver=range_)) == released.at(f"{wanted}^{{commit}}")


def test_of_equal_versions_the_newest_commit_is_meant(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, time in (("v1.0.0+a", 1000), ("v1.0.0+c", 3000), ("v1.0.0+b", 2000), ("1.0.0", 500)):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{time} +0000")
        hosted.save(name)
        git(hosted.clone, "tag", "-a", "-m", "x", name)
    git(hosted.clone, "push", "--quiet", "--tags", "origin")

    assert hosted.remote().resolve(GitRef(semver="1.0.0")) == hosted.at("v1.0.0+c^{commit}")


def test_a_commit_that_no_ref_names_any_more_is_fetched_if_the_server_gives_it(hosted: Hosted) -> None:
    old = hosted.at("main")
    hosted.save("second")
    git(hosted.bare, "config", "uploadpack.allowAnySHA1InWant", "false")

    assert hosted.remote().resolve(GitRef(commit=old)) == old


def test_the_default_branch_is_the_one_that_head_names(hosted: Hosted) -> None:
    assert hosted.remote().default_branch() == "main"

    hosted.save(branch="rel/1.x")
    git(hosted.bare, "symbolic-ref", "HEAD", "refs/heads/rel/1.x")
    assert hosted.remote().default_branch() == "rel/1.x"


def test_a_head_that_names_no_branch_is_no_default_branch(hosted: Hosted) -> None:
    git(hosted.bare, "update-ref", "--no-deref", "HEAD", hosted.at("main"))

    with pytest.raises(PublishError, match="names no default branch"):
        hosted.remote().default_branch()


def test_the_head_of_a_branch_is_asked_anew(hosted: Hosted) -> None:
    remote = hosted.remote()
    first = remote.head("main")
    second = hosted.save("second")

    assert (first, remote.head("main")) == (hosted.at("main~1"), second)


def test_a_branch_that_is_not_there_has_no_head(hosted: Hosted) -> None:
    hosted.save(branch="deep/main")
    git(hosted.bare, "update-ref", "refs/other/refs/heads/gone", hosted.at("main"))

    remote = hosted.remote()

    assert remote.head("nowhere") is None
    assert remote.head("gone") is None
    assert remote.head("deep") is None
    assert remote.head("deep/main") == CommitId(hosted.at("deep/main"))


@pytest.mark.parametrize(
    "name", ["a", "a/b", "a-b_c.d", "imgupdate/main--group", "ümläut", "a@b", "1", "a{b}", "x'y\"z$(w);&|"]
)
def test_a_name_that_git_takes_is_taken(hosted: Hosted, name: str) -> None:
    assert checked_name(name) == name
    git(hosted.bare, "check-ref-format", "--branch", name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "-a", "--mirror", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a..b", "a.lock", "a.lock/b", "@", "a@{b"),
        *("a b", "a\tb", "a\nb", "a\x7f", "a\x1b[1m", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a" * 2000),
    ],
)  # fmt: skip
def test_a_name_that_git_does_not_take_or_a_command_takes_for_an_option_is_refused(hosted: Hosted, name: str) -> None:
    with pytest.raises(PublishError, match="not a name that Git has"):
        checked_name(name)
    with pytest.raises(PublishError):
        hosted.remote().head(name)
