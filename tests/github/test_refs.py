"""Branches and tags: what they name, and that nobody's commit is lost when one is moved."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.config.model import GitRef
from imgupdate.errors import BranchMoved, InvalidRange, PublishError
from imgupdate.github import NoUpdateRefs, Refused
from imgupdate.github.exchange import Dropped
from imgupdate.remote import CommitId, Push
from tests.github.support import Hub, operations
from tests.twins.github import GitHubTwin, Rules, SeenCall, faults, person_token, workflow_token

OLD = b"tag: 1.0.0\n"
PODINFO = "apps/podinfo.yaml"


def head_of(twin: GitHubTwin, branch: str = "main") -> CommitId:
    head = twin.head(branch)
    assert head is not None
    return CommitId(head)


def annotated(twin: GitHubTwin, name: str, sha: str) -> None:
    twin.world.repository.git("-c", "user.name=a", "-c", "user.email=a@example.com", "tag", "-a", "-m", "x", name, sha)


class TestHead:
    def test_a_branch_is_asked_for_anew_each_time(self, twin: GitHubTwin, hub: Hub) -> None:
        before = hub.remote.head("main")
        moved = twin.push("main", {"x": "y"})

        assert (before != moved, hub.remote.head("main")) == (True, moved)

    def test_a_branch_that_is_not_there_has_none(self, hub: Hub) -> None:
        assert hub.remote.head("none") is None

    def test_the_beginning_of_a_name_is_not_the_name(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.push("imgupdate/main", {"x": "y"}, start="main")

        assert hub.remote.head("imgupdate") is None
        assert hub.remote.head("imgupdate/main") == twin.head("imgupdate/main")

    @pytest.mark.parametrize("branch", ["a#b", "a%2fb", "a+b", "a;b=c", "ä/ö", "a&b", "100%", "a,b", "-x", "a=b!(c)'$"])
    def test_a_branch_may_have_any_name_that_git_allows(self, twin: GitHubTwin, hub: Hub, branch: str) -> None:
        made = CommitId(twin.push(branch, {"x": "y"}, start="main"))
        assert hub.remote.head(branch) == made

        hub.remote.push(Push(branch=branch, commit=head_of(twin), expected=made, force=True))
        assert hub.remote.head(branch) == head_of(twin)
        hub.remote.delete(branch, head_of(twin))
        hub.remote.push(Push(branch=branch, commit=made, expected=None))
        assert twin.head(branch) == made

    @pytest.mark.parametrize(
        "branch",
        [
            "",
            "@",
            "../../pulls",
            "a/../b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.",
            "a.lock",
            "a.lock/b",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?b",
            "a*",
            "a[b",
            "a\\b",
            "a@{1}",
            "a\nb",
            "a\x7f",
            "x" * 1025,
        ],
    )
    def test_a_name_that_git_does_not_allow_is_not_asked_for(self, twin: GitHubTwin, hub: Hub, branch: str) -> None:
        with pytest.raises(PublishError, match="is no name of a branch"):
            hub.remote.head(branch)
        with pytest.raises(PublishError, match="is no name of a branch"):
            hub.remote.push(Push(branch=branch, commit=head_of(twin), expected=None))
        with pytest.raises(PublishError, match="is no name of a branch"):
            hub.remote.delete(branch, head_of(twin))

        assert operations(twin) == []

    def test_names_are_taken_that_git_takes_and_no_others(self, twin: GitHubTwin, hub: Hub) -> None:
        @given(
            st.text(
                st.sampled_from("ab/.@{~^:?*[\\ \t\x7fä#%") | st.characters(exclude_categories=["Cs"]),
                min_size=1,
                max_size=8,
            )
        )
        def holds(name: str) -> None:
            given_to_git = ["git", "check-ref-format", f"refs/heads/{name}"]
            git_takes_it = "\0" not in name and subprocess.run(given_to_git, check=False).returncode == 0
            twin.forget_calls()
            try:
                hub.remote.head(name)
            except PublishError:
                assert not git_takes_it or name == "@"
                assert operations(twin) == []
            else:
                assert git_takes_it
                assert [call.path for call in twin.calls] == [f"/repos/octo-org/fleet/git/ref/heads/{quote(name)}"]

        hub.remote.head("main")
        holds()

    def test_an_empty_repository_is_told_as_such(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.fail(faults.empty_repository())

        with pytest.raises(Refused, match="is empty") as caught:
            hub.remote.head("main")
        assert "first commit" in caught.value.remedy

    def test_a_token_without_access_is_not_an_empty_answer(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.fail(faults.bad_credentials())

        with pytest.raises(Refused, match="Bad credentials"):
            hub.remote.head("main")

    def test_the_default_branch_is_asked_for_once(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.world.settings.default_branch = "trunk"

        assert (hub.remote.default_branch(), hub.remote.default_branch()) == ("trunk", "trunk")
        assert operations(twin) == ["repos/get"]


class TestResolve:
    @pytest.fixture(autouse=True)
    def history(self, twin: GitHubTwin) -> None:
        first = head_of(twin)
        twin.tag("v1.0.0", first)
        second = twin.push("main", {"x": "2"})
        annotated(twin, "v1.1.0", second)
        twin.push("side", {"x": "side"}, start="main")

    @pytest.mark.parametrize(
        ("ref", "expected"),
        [
            (GitRef(branch="side"), "side"),
            (GitRef(tag="v1.0.0"), "v1.0.0"),
            (GitRef(tag="v1.1.0"), "main"),
            (GitRef(semver="1.x"), "main"),
            (GitRef(semver="<1.1"), "v1.0.0"),
            (GitRef(name="refs/heads/side"), "side"),
            (GitRef(name="refs/tags/v1.0.0"), "v1.0.0"),
            (GitRef(name="refs/tags/v1.1.0^{}"), "main"),
            (GitRef(name="refs/pull/7/head"), "side"),
            (GitRef(name="refs/notes/tag"), "main"),
            (GitRef(name="side"), "side"),
            (GitRef(tag="v1.0.0", branch="side"), "v1.0.0"),
            (GitRef(semver="1.x", branch="side"), "main"),
            (GitRef(tag="v1.0.0", semver=">=1.1"), "v1.0.0"),
            (GitRef(name="refs/heads/side", tag="v1.0.0"), "side"),
        ],
    )
    def test_what_is_more_exact_goes_first(self, twin: GitHubTwin, hub: Hub, ref: GitRef, expected: str) -> None:
        git = twin.world.repository.git
        git("update-ref", "refs/pull/7/head", head_of(twin, "side"))
        git("update-ref", "refs/notes/tag", git("rev-parse", "v1.1.0").strip())
        sha = twin.world.repository.ref(f"refs/tags/{expected}") or twin.head(expected)

        assert hub.remote.resolve(ref) == sha

    @pytest.mark.parametrize("length", [40, 10])
    def test_a_commit_goes_before_everything(self, twin: GitHubTwin, hub: Hub, length: int) -> None:
        sha = head_of(twin, "side")

        ref = GitRef(commit=sha[:length], name="refs/heads/main", tag="v1.0.0", branch="main")
        assert hub.remote.resolve(ref) == sha

    def test_nothing_at_all_is_master_as_in_flux(self, twin: GitHubTwin, hub: Hub) -> None:
        with pytest.raises(PublishError, match="the branch 'master' does not exist"):
            hub.remote.resolve(GitRef())
        made = twin.push("master", {"x": "m"})

        assert hub.remote.resolve(GitRef()) == made

    @pytest.mark.parametrize(
        "ref",
        [
            GitRef(commit="1" * 40),
            GitRef(name="refs/heads/none"),
            GitRef(name="refs/tags/none"),
            GitRef(name="refs/pull/8/head"),
            GitRef(name="none"),
            GitRef(tag="none"),
            GitRef(tag="main"),
            GitRef(semver=">=2"),
            GitRef(branch="none"),
            GitRef(branch="v1.0.0"),
        ],
    )
    def test_what_names_nothing_is_an_error(self, hub: Hub, ref: GitRef) -> None:
        with pytest.raises(PublishError, match="does not exist in the repository") as caught:
            hub.remote.resolve(ref)
        assert caught.value.remedy

    def test_a_repository_that_the_token_cannot_see_is_not_taken_for_one_without_the_branch(
        self, twin: GitHubTwin
    ) -> None:
        hub = Hub(twin, token=twin.admit(replace(person_token(), access=False)))

        with pytest.raises(Refused, match=r"see the repository \(404") as caught:
            hub.remote.head("main")
        assert "may see and write it" in caught.value.remedy

    def test_whether_the_repository_is_there_is_asked_once_and_only_where_no_branch_was_seen(
        self, twin: GitHubTwin, hub: Hub
    ) -> None:
        assert hub.remote.head("none") is None
        assert hub.remote.head("none") is None
        assert operations(twin) == ["git/get-ref", "repos/get", "git/get-ref"]

        twin.forget_calls()
        other = Hub(twin)
        other.remote.head("main")
        other.remote.head("none")
        assert operations(twin) == ["git/get-ref"] * 2

    @pytest.mark.parametrize(
        "ref",
        [GitRef(commit="HEAD~1"), GitRef(name="/refs/heads/main"), GitRef(name="refs/heads/main/"), GitRef(tag="a..b")],
    )
    def test_what_is_no_name_is_an_error_before_anything_is_asked(
        self, twin: GitHubTwin, hub: Hub, ref: GitRef
    ) -> None:
        with pytest.raises(PublishError, match="is no name"):
            hub.remote.resolve(ref)
        assert operations(twin) == []

    def test_a_range_that_is_none_is_an_error(self, hub: Hub) -> None:
        with pytest.raises(InvalidRange):
            hub.remote.resolve(GitRef(semver="!!"))

    def test_of_tags_that_rank_alike_the_newest_commit_counts(self, twin: GitHubTwin, hub: Hub) -> None:
        git = twin.world.repository.git
        tree = git("rev-parse", "main^{tree}").strip()
        made = {}
        for tag, when in (("v2.0.0+a", 300), ("v2.0.0+b", 500), ("v2.0.0+c", 400)):
            raw = f"tree {tree}\nauthor a <a@b> {when} +0000\ncommitter a <a@b> {when} +0000\n\n{tag}\n"
            made[tag] = git("hash-object", "-t", "commit", "-w", "--stdin", given=raw.encode()).strip()
        for tag in ("v2.0.0+a", "v2.0.0+c"):
            twin.tag(tag, made[tag])
        annotated(twin, "v2.0.0+b", made["v2.0.0+b"])

        assert hub.remote.resolve(GitRef(semver="2.x")) == made["v2.0.0+b"]

    def test_a_refusal_is_not_a_missing_ref(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.fail(faults.not_accessible(), times=2)

        with pytest.raises(Refused, match="Resource not accessible"):
            hub.remote.resolve(GitRef(tag="v1.0.0"))
        with pytest.raises(Refused, match="Resource not accessible"):
            hub.remote.resolve(GitRef(commit="1" * 40))


class TestMaking:
    def test_a_new_branch_costs_one_request(self, twin: GitHubTwin, hub: Hub) -> None:
        hub.remote.push(Push(branch="new", commit=head_of(twin), expected=None))

        assert twin.head("new") == twin.head("main")
        assert operations(twin) == ["git/create-ref"]

    def test_a_branch_that_somebody_made_meanwhile_stays_theirs(self, twin: GitHubTwin, hub: Hub) -> None:
        theirs = twin.push("new", {"x": "theirs"}, start="main")

        with pytest.raises(BranchMoved, match="'new' has been changed by somebody else") as caught:
            hub.remote.push(Push(branch="new", commit=head_of(twin), expected=None, force=True))
        assert twin.head("new") == theirs
        assert "concurrency" in caught.value.remedy

    @pytest.mark.parametrize("failure", [faults.dropped(), faults.server_error()], ids=["dropped", "502"])
    @pytest.mark.parametrize("after", [False, True])
    def test_a_branch_is_made_once_whatever_becomes_of_the_answer(
        self, twin: GitHubTwin, hub: Hub, failure: faults.Failure, after: bool
    ) -> None:
        twin.fail(failure, on="git/create-ref", after=after)

        hub.remote.push(Push(branch="new", commit=head_of(twin), expected=None))

        assert twin.head("new") == twin.head("main")

    def test_a_branch_that_another_name_stands_in_the_way_of_is_refused(self, twin: GitHubTwin, hub: Hub) -> None:
        with pytest.raises(Refused, match="make the branch 'main/x'"):
            hub.remote.push(Push(branch="main/x", commit=head_of(twin), expected=None))


class TestAdvancing:
    def test_a_descendant_is_pushed_with_one_request(self, twin: GitHubTwin, hub: Hub) -> None:
        made = CommitId(hub.change({PODINFO: (OLD, b"new")}))
        before = head_of(twin)
        twin.forget_calls()

        hub.remote.push(Push(branch="main", commit=made, expected=before))

        assert twin.head("main") == made
        assert operations(twin) == ["git/update-ref"]

    def test_a_commit_that_somebody_pushed_meanwhile_is_not_lost(self, twin: GitHubTwin, hub: Hub) -> None:
        before = head_of(twin)
        made = CommitId(hub.change({PODINFO: (OLD, b"new")}))
        theirs = twin.push("main", {"x": "theirs"})

        with pytest.raises(BranchMoved):
            hub.remote.push(Push(branch="main", commit=made, expected=before))
        assert twin.head("main") == theirs

    def test_a_branch_that_was_deleted_meanwhile_is_not_brought_back(self, twin: GitHubTwin, hub: Hub) -> None:
        before = CommitId(twin.push("side", {"x": "1"}, start="main"))
        made = CommitId(hub.change({PODINFO: (OLD, b"new")}, branch="side"))
        twin.delete_branch("side")

        with pytest.raises(BranchMoved):
            hub.remote.push(Push(branch="side", commit=made, expected=before))
        assert twin.head("side") is None

    def test_a_commit_that_does_not_descend_is_not_pushed_without_force(self, twin: GitHubTwin, hub: Hub) -> None:
        root = head_of(twin)
        side = CommitId(twin.push("side", {"x": "1"}, start="main"))
        here = CommitId(twin.push("main", {"x": "2"}))

        for commit in (side, root):
            with pytest.raises(BranchMoved):
                hub.remote.push(Push(branch="main", commit=commit, expected=here))
        assert twin.head("main") == here

    def test_the_same_commit_again_moves_nothing(self, twin: GitHubTwin, hub: Hub) -> None:
        hub.remote.push(Push(branch="main", commit=head_of(twin), expected=head_of(twin)))

        assert operations(twin) == ["git/get-ref"]
        before = head_of(twin)
        twin.push("main", {"x": "2"})
        with pytest.raises(BranchMoved):
            hub.remote.push(Push(branch="main", commit=before, expected=before))

    @pytest.mark.parametrize("failure", [faults.dropped(), faults.server_error(500)], ids=["dropped", "500"])
    @pytest.mark.parametrize(("after", "requests"), [(False, 3), (True, 2)])
    def test_after_an_unknown_outcome_the_branch_is_looked_at_first(
        self, twin: GitHubTwin, hub: Hub, failure: faults.Failure, after: bool, requests: int
    ) -> None:
        before = head_of(twin)
        made = CommitId(hub.change({PODINFO: (OLD, b"new")}))
        twin.forget_calls()
        twin.fail(failure, on="git/update-ref", after=after)

        hub.remote.push(Push(branch="main", commit=made, expected=before))

        assert twin.head("main") == made
        assert operations(twin) == ["git/update-ref", "git/get-ref", "git/update-ref"][:requests]

    def test_who_came_between_an_unknown_outcome_and_our_look_is_not_overwritten(
        self, twin: GitHubTwin, hub: Hub
    ) -> None:
        root = head_of(twin)
        before = CommitId(twin.push("main", {"x": "2"}))
        made = CommitId(hub.change({PODINFO: (OLD, b"new")}))
        twin.fail(faults.dropped(), on="git/update-ref")

        def set_back(call: SeenCall) -> None:
            if call.operation == "git/update-ref":
                twin.reset_branch("main", root)

        twin.after = set_back
        with pytest.raises(BranchMoved):
            hub.remote.push(Push(branch="main", commit=made, expected=before))
        assert twin.head("main") == root

    def test_a_race_that_github_tells_in_other_words_is_one_too(self, twin: GitHubTwin, hub: Hub) -> None:
        before = head_of(twin)
        made = CommitId(hub.change({PODINFO: (OLD, b"new")}))
        twin.push("main", {"x": "theirs"})
        twin.fail(faults.refusal(422, "Reference update failed"), on="git/update-ref")

        with pytest.raises(BranchMoved):
            hub.remote.push(Push(branch="main", commit=made, expected=before))

    def test_words_of_a_race_where_the_branch_is_ours_are_no_failure(self, twin: GitHubTwin, hub: Hub) -> None:
        before = head_of(twin)
        made = CommitId(hub.change({PODINFO: (OLD, b"new")}))
        twin.fail(faults.refusal(422, "Reference update failed"), on="git/update-ref", after=True)

        hub.remote.push(Push(branch="main", commit=made, expected=before))

    def test_a_protected_branch_is_told_as_such_and_stays(self, twin: GitHubTwin, hub: Hub) -> None:
        before = head_of(twin)
        made = CommitId(hub.change({PODINFO: (OLD, b"new")}))
        twin.protect("main", Rules(pull_request=True))

        with pytest.raises(Refused, match="Changes must be made through a pull request") as caught:
            hub.remote.push(Push(branch="main", commit=made, expected=before))
        assert "`publish: pull-request`" in caught.value.remedy
        assert twin.head("main") == before

    def test_a_token_that_may_not_is_told_so_without_a_look(self, twin: GitHubTwin, hub: Hub) -> None:
        before = head_of(twin)
        made = CommitId(hub.change({PODINFO: (OLD, b"new")}))
        twin.admit(workflow_token(contents="read"))
        twin.forget_calls()

        with pytest.raises(Refused, match="Resource not accessible"):
            hub.remote.push(Push(branch="main", commit=made, expected=before))
        assert operations(twin) == ["git/update-ref"]

    @pytest.mark.parametrize("changed", [{"refspec": "refs/heads/main:refs/heads/x"}, {"options": {"ci.skip": ""}}])
    def test_what_only_the_git_program_can_is_refused(
        self, twin: GitHubTwin, hub: Hub, changed: dict[str, object]
    ) -> None:
        with pytest.raises(PublishError, match="cannot be had through the API"):
            hub.remote.push(
                Push(branch="x", commit=head_of(twin), expected=None, **changed)  # type: ignore[arg-type]
            )


class TestForcing:
    @pytest.fixture
    def ours(self, twin: GitHubTwin, hub: Hub) -> CommitId:
        made = CommitId(hub.branch_off("imgupdate/main", {PODINFO: (OLD, b"1")}))
        twin.push("main", {"x": "2"})
        return made

    def test_a_rebuilt_branch_takes_the_place_of_the_old_one(self, twin: GitHubTwin, hub: Hub, ours: CommitId) -> None:
        again = CommitId(hub.change({PODINFO: (OLD, b"2")}))
        twin.forget_calls()
        hub.remote.push(Push(branch="imgupdate/main", commit=again, expected=ours, force=True))
        hub.remote.push(Push(branch="imgupdate/main", commit=ours, expected=again, force=True))

        assert twin.head("imgupdate/main") == ours
        assert operations(twin) == ["repos/get", "graphql/updateRefs", "graphql/updateRefs"]

    def test_a_commit_that_somebody_pushes_between_our_look_and_our_push_is_not_lost(
        self, twin: GitHubTwin, hub: Hub, ours: CommitId
    ) -> None:
        again = CommitId(hub.change({PODINFO: (OLD, b"2")}))
        theirs: list[str] = []

        def push(call: SeenCall) -> None:
            if call.operation == "graphql/updateRefs":
                theirs.append(twin.push("imgupdate/main", {"x": "theirs"}))

        twin.before = push
        with pytest.raises(BranchMoved):
            hub.remote.push(Push(branch="imgupdate/main", commit=again, expected=ours, force=True))
        assert [twin.head("imgupdate/main")] == theirs

    @pytest.mark.parametrize("failure", [faults.dropped(), faults.server_error(503)], ids=["dropped", "503"])
    @pytest.mark.parametrize("after", [False, True])
    def test_after_an_unknown_outcome_the_branch_is_looked_at_first(
        self, twin: GitHubTwin, hub: Hub, ours: CommitId, failure: faults.Failure, after: bool
    ) -> None:
        again = CommitId(hub.change({PODINFO: (OLD, b"2")}))
        twin.forget_calls()
        twin.fail(failure, on="graphql/updateRefs", after=after)

        hub.remote.push(Push(branch="imgupdate/main", commit=again, expected=ours, force=True))

        assert twin.head("imgupdate/main") == again
        assert operations(twin)[1:3] == ["graphql/updateRefs", "git/get-ref"]
        assert len(twin.calls) == (3 if after else 4)

    def test_a_server_that_cannot_compare_and_swap_is_never_forced(
        self, twin: GitHubTwin, hub: Hub, ours: CommitId
    ) -> None:
        again = CommitId(hub.change({PODINFO: (OLD, b"2")}))
        body = {"errors": [{"message": "Field 'updateRefs' doesn't exist on type 'Mutation'"}]}
        twin.fail(faults.Failure(status=200, body=body), on="graphql/updateRefs", times=2)

        with pytest.raises(NoUpdateRefs, match="has no `updateRefs`") as caught:
            hub.remote.push(Push(branch="imgupdate/main", commit=again, expected=ours, force=True))
        with pytest.raises(NoUpdateRefs, match="delete the branch"):
            hub.remote.delete("imgupdate/main", ours)
        assert twin.head("imgupdate/main") == ours
        assert "3.13" in caught.value.remedy

    def test_a_rule_against_force_is_told_as_such(self, twin: GitHubTwin, hub: Hub, ours: CommitId) -> None:
        again = CommitId(hub.change({PODINFO: (OLD, b"2")}))
        twin.protect("imgupdate/main", Rules())

        with pytest.raises(Refused, match="Cannot force-push to this branch") as caught:
            hub.remote.push(Push(branch="imgupdate/main", commit=again, expected=ours, force=True))
        assert "is protected" in caught.value.remedy

    def test_a_token_that_may_not_is_told_so_without_a_look(self, twin: GitHubTwin, hub: Hub, ours: CommitId) -> None:
        again = CommitId(hub.change({PODINFO: (OLD, b"2")}))
        twin.admit(workflow_token(contents="read"))
        twin.forget_calls()

        with pytest.raises(Refused, match="Resource not accessible"):
            hub.remote.push(Push(branch="imgupdate/main", commit=again, expected=ours, force=True))
        assert operations(twin) == ["repos/get", "graphql/updateRefs"]


class TestDeleting:
    def test_a_branch_goes_from_where_it_was_expected(self, twin: GitHubTwin, hub: Hub) -> None:
        ours = CommitId(twin.push("side", {"x": "1"}, start="main"))

        hub.remote.delete("side", ours)

        assert twin.head("side") is None
        assert operations(twin) == ["repos/get", "graphql/updateRefs"]

    def test_a_branch_that_is_gone_is_no_failure(self, twin: GitHubTwin, hub: Hub) -> None:
        hub.remote.delete("side", head_of(twin))

        assert twin.head("side") is None

    def test_a_branch_that_somebody_pushed_to_stays(self, twin: GitHubTwin, hub: Hub) -> None:
        ours = CommitId(twin.push("side", {"x": "1"}, start="main"))
        theirs = twin.push("side", {"x": "2"})

        with pytest.raises(BranchMoved):
            hub.remote.delete("side", ours)
        assert twin.head("side") == theirs

    @pytest.mark.parametrize("after", [False, True])
    def test_a_branch_is_deleted_whatever_becomes_of_the_answer(self, twin: GitHubTwin, hub: Hub, after: bool) -> None:
        ours = CommitId(twin.push("side", {"x": "1"}, start="main"))
        twin.fail(faults.dropped(), on="graphql/updateRefs", after=after)

        hub.remote.delete("side", ours)

        assert twin.head("side") is None

    def test_where_nothing_answers_that_is_said(self, twin: GitHubTwin, hub: Hub) -> None:
        ours = CommitId(twin.push("side", {"x": "1"}, start="main"))
        hub.remote.default_branch()
        twin.fail(faults.dropped(), times=100)

        with pytest.raises(PublishError, match="gives no answer") as caught:
            hub.remote.delete("side", ours)
        assert isinstance(caught.value.__cause__, Dropped)
