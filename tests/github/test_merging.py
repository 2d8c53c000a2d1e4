"""Auto-merge: GitHub's where it can, ours where nothing holds back, a warning where it is not allowed."""

from __future__ import annotations

import pytest

from imgupdate.remote import CommitId, MergeMethod, PullRequestDraft
from imgupdate.results import Severity
from tests.github.support import Hub, operations
from tests.twins.github import GitHubTwin, Pull, Rules, faults


@pytest.fixture
def head(twin: GitHubTwin, hub: Hub) -> CommitId:
    made = CommitId(hub.branch_off("b", {"apps/podinfo.yaml": (b"tag: 1.0.0\n", b"x")}))
    hub.pulls.create(PullRequestDraft(branch="b", base="main", title="t", body="b"))
    twin.world.settings.allow_auto_merge = True
    twin.protect("main", Rules(approvals=1))
    twin.forget_calls()
    return made


@pytest.fixture
def pull(twin: GitHubTwin, head: CommitId) -> Pull:
    return twin.pulls()[0]


def test_it_is_merged_by_github_once_it_is_approved(twin: GitHubTwin, hub: Hub, head: CommitId, pull: Pull) -> None:
    assert hub.pulls.enable_auto_merge(1, MergeMethod.SQUASH, head=head) == ()
    assert pull.auto_merge is not None
    assert pull.auto_merge.method == "squash"
    assert operations(twin) == ["pulls/get", "graphql/enablePullRequestAutoMerge"]

    twin.approve(1)
    assert pull.merged
    assert twin.tree("main")["apps/podinfo.yaml"] == b"x"


def test_a_second_run_makes_no_write(twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
    hub.pulls.enable_auto_merge(1, MergeMethod.MERGE, head=head)
    twin.forget_calls()

    assert hub.pulls.enable_auto_merge(1, MergeMethod.MERGE, head=head) == ()
    assert operations(twin) == ["pulls/get"]


@pytest.mark.parametrize("method", list(MergeMethod))
def test_where_nothing_holds_it_back_it_is_merged_at_once(
    twin: GitHubTwin, hub: Hub, head: CommitId, pull: Pull, method: MergeMethod
) -> None:
    twin.world.rules.clear()

    assert hub.pulls.enable_auto_merge(1, method, head=head) == ()

    assert pull.merged
    merge = twin.calls[-1]
    assert (merge.operation, merge.body) == ("pulls/merge", {"sha": head, "merge_method": method.value})


@pytest.mark.parametrize("after", [False, True])
def test_it_is_merged_once_whatever_becomes_of_the_answer(
    twin: GitHubTwin, hub: Hub, head: CommitId, pull: Pull, after: bool
) -> None:
    twin.world.rules.clear()
    twin.fail(faults.dropped(), on="pulls/merge", after=after)

    assert hub.pulls.enable_auto_merge(1, MergeMethod.MERGE, head=head) == ()
    assert pull.merged
    assert operations(twin).count("pulls/merge") == (1 if after else 2)


def test_a_merged_or_closed_one_is_left_alone(twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
    twin.close_pull(1)

    assert hub.pulls.enable_auto_merge(1, MergeMethod.MERGE, head=head) == ()
    assert operations(twin) == ["pulls/get"]


def test_a_head_that_somebody_moved_is_not_merged(twin: GitHubTwin, hub: Hub, head: CommitId, pull: Pull) -> None:
    twin.push("b", {"x": "theirs"})

    [problem] = hub.pulls.enable_auto_merge(1, MergeMethod.MERGE, head=head)
    assert "somebody pushed to the branch meanwhile" in problem.remedy
    twin.world.rules.clear()
    [problem] = hub.pulls.enable_auto_merge(1, MergeMethod.MERGE, head=head)
    assert "somebody pushed to the branch meanwhile" in problem.remedy
    assert not pull.merged
    assert pull.auto_merge is None


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("Auto merge is not allowed for this repository", "'Allow auto-merge' under Settings → General"),
        ("Pull request Protected branch rules not configured for this branch", "Settings → Rules"),
        ("Pull request Pull request is in unstable status", "a check that is not required has failed"),
        ("Can't enable auto-merge for this pull request.", "look at the pull request"),
        ("Pull request Pull request is a draft", "leave one out"),
        ("Merge method squash merging is not allowed on this repository", "allow this method"),
        ("Resource not accessible by integration", "look at the pull request"),
    ],
)
def test_what_the_repository_does_not_allow_is_a_warning_that_names_the_setting(
    twin: GitHubTwin, hub: Hub, head: CommitId, message: str, remedy: str
) -> None:
    body = {"data": {"enablePullRequestAutoMerge": None}, "errors": [{"type": "UNPROCESSABLE", "message": message}]}
    twin.fail(faults.Failure(status=200, body=body), on="graphql/enablePullRequestAutoMerge")

    [problem] = hub.pulls.enable_auto_merge(1, MergeMethod.SQUASH, head=head)

    assert (problem.severity, problem.exit_code) == (Severity.WARNING, 0)
    assert problem.message.startswith("pull request #1 is not merged automatically: ")
    assert message.rstrip(".") in problem.message
    assert remedy in problem.remedy


def test_the_repositorys_own_settings_are_met(twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
    twin.world.settings.allow_auto_merge = False
    [problem] = hub.pulls.enable_auto_merge(1, MergeMethod.MERGE, head=head)
    assert "Allow auto-merge" in problem.remedy

    twin.world.settings.allow_auto_merge = True
    twin.world.settings.allow_squash_merge = False
    [problem] = hub.pulls.enable_auto_merge(1, MergeMethod.SQUASH, head=head)
    assert "allow this method" in problem.remedy

    twin.world.rules.clear()
    [problem] = hub.pulls.enable_auto_merge(1, MergeMethod.SQUASH, head=head)
    assert "Squash merges are not allowed" in problem.message


def test_no_answer_is_a_warning_too(twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
    twin.fail(faults.dropped(), times=100)

    [problem] = hub.pulls.enable_auto_merge(1, MergeMethod.MERGE, head=head)

    assert "gives no answer" in problem.message
    assert "status page" in problem.remedy
