"""Pull requests: found, opened, updated and closed, each once, and never those of somebody's fork."""

from __future__ import annotations

import pytest

from imgupdate.errors import PublishError, PullRequestExists
from imgupdate.github import NothingToMerge, Refused
from imgupdate.remote import CommitId, PullRequest, PullRequestDraft, PullRequestState
from tests.github.support import Hub, operations
from tests.twins.github import Account, GitHubTwin, faults, workflow_token

PODINFO = "apps/podinfo.yaml"
BRANCH = "imgupdate/main"


@pytest.fixture
def head(twin: GitHubTwin, hub: Hub) -> CommitId:
    made = CommitId(hub.branch_off(BRANCH, {PODINFO: (b"tag: 1.0.0\n", b"tag: 1.0.1\n")}))
    twin.forget_calls()
    return made


def draft(**changed: object) -> PullRequestDraft:
    given = {"branch": BRANCH, "base": "main", "title": "Update images", "body": "podinfo 1.0.1", **changed}
    return PullRequestDraft(**given)  # type: ignore[arg-type]


class TestCreate:
    def test_a_pull_request_is_opened_with_one_request(self, twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
        made = hub.pulls.create(draft())

        assert made == PullRequest(
            number=1,
            url=f"{twin.url}/octo-org/fleet/pull/1",
            branch=BRANCH,
            base="main",
            head=head,
            title="Update images",
            body="podinfo 1.0.1",
        )
        [pull] = twin.pulls()
        assert (pull.title, pull.body, pull.head, pull.base) == ("Update images", "podinfo 1.0.1", BRANCH, "main")
        assert operations(twin) == ["pulls/create"]

    @pytest.mark.parametrize("wanted", [False, True])
    def test_a_draft_is_one_from_the_start(self, twin: GitHubTwin, hub: Hub, head: CommitId, wanted: bool) -> None:
        assert hub.pulls.create(draft(draft=wanted)).draft is wanted
        assert twin.pulls()[0].draft is wanted

    def test_one_that_is_there_already_is_told_as_such(self, hub: Hub, head: CommitId) -> None:
        hub.pulls.create(draft())

        with pytest.raises(PullRequestExists, match="already exists"):
            hub.pulls.create(draft(title="Again"))

    def test_a_branch_with_nothing_to_merge_is_told_as_such(self, twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
        twin.reset_branch(BRANCH, twin.head("main") or "")

        with pytest.raises(NothingToMerge, match="No commits between main and imgupdate/main"):
            hub.pulls.create(draft())

    def test_where_workflows_may_not_open_pull_requests_the_setting_and_the_page_to_do_it_by_hand_are_told(
        self, twin: GitHubTwin, hub: Hub, head: CommitId
    ) -> None:
        twin.world.settings.actions_may_create_pull_requests = False

        with pytest.raises(Refused, match="not permitted to create or approve pull requests") as caught:
            hub.pulls.create(draft())
        remedy = caught.value.remedy
        assert "Settings → Actions → General → Workflow permissions" in remedy
        assert "the token of a GitHub App" in remedy
        assert f"{twin.url}/octo-org/fleet/compare/main...imgupdate/main?expand=1" in remedy

    def test_where_the_token_may_not_the_permissions_and_the_page_are_told(
        self, twin: GitHubTwin, hub: Hub, head: CommitId
    ) -> None:
        twin.admit(workflow_token(pull_requests="read"))

        with pytest.raises(Refused, match="Resource not accessible") as caught:
            hub.pulls.create(draft())
        assert "`pull-requests: write`" in caught.value.remedy
        assert "?expand=1" in caught.value.remedy

    def test_drafts_that_a_repository_does_not_have_are_told_as_such(
        self, twin: GitHubTwin, hub: Hub, head: CommitId
    ) -> None:
        twin.world.settings.drafts = False

        with pytest.raises(Refused, match="Draft pull requests are not supported") as caught:
            hub.pulls.create(draft(draft=True))
        assert "`draft: false`" in caught.value.remedy

    def test_a_base_that_is_not_there_is_an_error(self, hub: Hub, head: CommitId) -> None:
        with pytest.raises(Refused, match="base invalid") as caught:
            hub.pulls.create(draft(base="none"))
        assert "both branches exist" in caught.value.remedy

    @pytest.mark.parametrize("failure", [faults.dropped(), faults.server_error(502)], ids=["dropped", "502"])
    @pytest.mark.parametrize(
        ("after", "asked"),
        [(False, ["pulls/create", "pulls/list", "pulls/create"]), (True, ["pulls/create", "pulls/list"])],
    )
    def test_it_is_opened_once_whatever_becomes_of_the_answer(
        self, twin: GitHubTwin, hub: Hub, head: CommitId, failure: faults.Failure, after: bool, asked: list[str]
    ) -> None:
        twin.fail(failure, on="pulls/create", after=after)

        made = hub.pulls.create(draft())

        assert [pull.number for pull in twin.pulls()] == [made.number]
        assert made.title == "Update images"
        assert operations(twin) == asked

    def test_one_that_somebody_else_opened_meanwhile_is_not_taken_for_ours(
        self, twin: GitHubTwin, hub: Hub, head: CommitId
    ) -> None:
        hub.pulls.create(draft(title="Somebody's"))
        twin.fail(faults.dropped(), on="pulls/create")

        with pytest.raises(PullRequestExists, match="pull request #1 from 'imgupdate/main' into 'main' exists already"):
            hub.pulls.create(draft())

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"title": "x" * 257}, "title of a pull request would have 257"),
            ({"body": "x" * 65_537}, "would have 65537"),
        ],
    )
    def test_what_is_longer_than_github_takes_is_not_sent(
        self, twin: GitHubTwin, hub: Hub, head: CommitId, changed: dict[str, str], words: str
    ) -> None:
        with pytest.raises(PublishError, match=words):
            hub.pulls.create(draft(**changed))
        assert operations(twin) == []

    def test_what_is_as_long_as_github_takes_is_sent(self, hub: Hub, head: CommitId) -> None:
        made = hub.pulls.create(draft(title="ä" * 256, body="\U0001f600" * 65_536))

        assert (len(made.title), len(made.body)) == (256, 65_536)


class TestOpen:
    def test_those_of_the_repository_itself_are_found_newest_first(
        self, twin: GitHubTwin, hub: Hub, head: CommitId
    ) -> None:
        for branch in ("a", "b"):
            hub.branch_off(branch, {PODINFO: (b"tag: 1.0.0\n", branch.encode())})
        twin.push("release", {"x": "y"}, start="main")
        for branch, base in (("a", "main"), (BRANCH, "main"), ("b", "release"), ("b", "main")):
            hub.pulls.create(draft(branch=branch, base=base))
        hub.pulls.close(2, body="")
        twin.propose(BRANCH, {"x": "fork"}, fork=Account(login="mallory", id=666))

        assert [(pull.number, pull.branch) for pull in hub.pulls.open("main")] == [(4, "b"), (1, "a")]
        assert [pull.number for pull in hub.pulls.open("release")] == [3]
        assert hub.pulls.open("none") == ()

    def test_the_name_of_the_repository_knows_no_case(self, twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
        hub.pulls.create(draft())
        twin.world.name = "Fleet"

        assert len(hub.pulls.open("main")) == 1

    def test_all_pages_are_read_and_one_that_moved_between_them_counts_once(
        self, twin: GitHubTwin, hub: Hub, head: CommitId
    ) -> None:
        hub.pulls.create(draft())
        side = {"repo": {"full_name": "octo-org/fleet"}, "ref": "x", "sha": head}
        listed = [{"number": n, "html_url": "", "title": "", "head": side, "base": side} for n in range(100, 0, -1)]
        twin.forget_calls()
        twin.fail(faults.Failure(status=200, body=listed), on="pulls/list")

        assert [pull.number for pull in hub.pulls.open("main")] == [*range(100, 0, -1)]
        assert operations(twin) == ["pulls/list"] * 2

    def test_a_pull_request_whose_fork_is_gone_is_not_ours(self, twin: GitHubTwin, hub: Hub) -> None:
        listed = [{"number": 1, "head": {"repo": None}}, {"number": 2}, None]
        twin.fail(faults.Failure(status=200, body=listed), on="pulls/list", times=2)

        assert hub.pulls.open("main") == ()

    def test_a_body_that_was_never_written_is_empty(self, twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
        hub.pulls.create(draft())
        twin.pulls()[0].body = None

        assert hub.pulls.open("main")[0].body == ""


class TestClosed:
    def test_the_closed_and_the_merged_are_told_the_latest_first(
        self, twin: GitHubTwin, hub: Hub, head: CommitId
    ) -> None:
        hub.pulls.create(draft(title="first"))
        hub.pulls.close(1, body="")
        hub.pulls.create(draft(title="second"))
        twin.merge_pull(2)
        twin.push(BRANCH, {"x": "y"})
        hub.pulls.create(draft(title="open"))
        twin.comment(1, "a word afterwards")
        twin.forget_calls()

        found = hub.pulls.closed(BRANCH, "main")

        assert [(pull.title, pull.state) for pull in found] == [
            ("second", PullRequestState.MERGED),
            ("first", PullRequestState.CLOSED),
        ]
        assert operations(twin) == ["pulls/list"]
        assert hub.pulls.closed("imgupdate", "main") == ()
        assert hub.pulls.closed(BRANCH, "release") == ()

    def test_those_of_forks_with_a_branch_of_that_name_are_not_ours(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.propose(BRANCH, {"x": "fork"}, fork=Account(login="mallory", id=666))
        twin.close_pull(1)

        assert hub.pulls.closed(BRANCH, "main") == ()


class TestUpdate:
    def test_title_and_body_are_replaced_with_one_request(self, twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
        hub.pulls.create(draft())
        twin.forget_calls()

        made = hub.pulls.update(1, title="Other", body="words\r\n")

        assert (made.title, made.body, made.head) == ("Other", "words\r\n", head)
        assert (twin.pulls()[0].title, twin.pulls()[0].body) == ("Other", "words\r\n")
        assert operations(twin) == ["pulls/update"]

    def test_closing_gives_a_last_body_in_the_same_request(self, twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
        hub.pulls.create(draft())
        twin.forget_calls()

        hub.pulls.close(1, body="nothing left to do")

        assert (twin.pulls()[0].state, twin.pulls()[0].body) == ("closed", "nothing left to do")
        assert operations(twin) == ["pulls/update"]

    @pytest.mark.parametrize("after", [False, True])
    def test_both_may_be_repeated(self, twin: GitHubTwin, hub: Hub, head: CommitId, after: bool) -> None:
        hub.pulls.create(draft())
        twin.fail(faults.dropped(), on="pulls/update", after=after)
        hub.pulls.update(1, title="Other", body="x")
        twin.fail(faults.dropped(), on="pulls/update", after=after)
        hub.pulls.close(1, body="y")

        assert (twin.pulls()[0].title, twin.pulls()[0].state) == ("Other", "closed")

    def test_what_is_too_long_is_not_sent(self, twin: GitHubTwin, hub: Hub) -> None:
        with pytest.raises(PublishError, match="would have 257"):
            hub.pulls.update(1, title="x" * 257, body="")
        with pytest.raises(PublishError, match="would have 65537"):
            hub.pulls.close(1, body="x" * 65_537)
        assert operations(twin) == []

    def test_a_pull_request_that_is_not_there_is_an_error(self, hub: Hub) -> None:
        with pytest.raises(Refused, match="update pull request #7"):
            hub.pulls.update(7, title="x", body="y")


class TestComments:
    @pytest.fixture(autouse=True)
    def opened(self, twin: GitHubTwin, hub: Hub, head: CommitId) -> None:
        hub.pulls.create(draft())
        twin.forget_calls()

    def test_a_comment_is_written_once(self, twin: GitHubTwin, hub: Hub) -> None:
        assert hub.pulls.comment_once(1, "people's commits", marker="imgupdate:kept:abc")
        assert not hub.pulls.comment_once(1, "people's commits", marker="imgupdate:kept:abc")
        assert hub.pulls.comment_once(1, "other", marker="imgupdate:kept:def")

        assert twin.comments(1) == [
            "people's commits\n\n<!-- imgupdate:kept:abc -->",
            "other\n\n<!-- imgupdate:kept:def -->",
        ]

    def test_a_marker_that_the_text_holds_is_not_added(self, twin: GitHubTwin, hub: Hub) -> None:
        hub.pulls.comment_once(1, "<!-- m -->\nhello", marker="<!-- m -->")

        assert twin.comments(1) == ["<!-- m -->\nhello"]

    def test_a_marker_of_a_stranger_does_not_keep_people_from_being_told(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.comment(1, "nice work <!-- marker -->", author=Account(login="mallory", id=99))

        assert hub.pulls.comment_once(1, "text", marker="<!-- marker -->")
        assert not hub.pulls.comment_once(1, "text", marker="<!-- marker -->")

    def test_a_marker_of_another_bot_or_of_somebody_with_access_counts(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.comment(1, "<!-- one --> of another token", author=Account(login="other[bot]", id=98, type="Bot"))
        twin.comment(1, "<!-- two --> of a person")

        assert not hub.pulls.comment_once(1, "text", marker="<!-- one -->")
        assert not hub.pulls.comment_once(1, "text", marker="<!-- two -->")

    def test_the_whole_text_is_not_said_twice_whoever_said_it(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.comment(1, "all of it\r\n\r\n<!-- marker -->", author=Account(login="mallory", id=99))

        assert not hub.pulls.comment_once(1, "all of it\n\n<!-- marker -->\n", marker="<!-- marker -->")

    def test_a_marker_of_a_person_with_access_counts_on_whichever_page(self, twin: GitHubTwin, hub: Hub) -> None:
        for index in range(150):
            twin.comment(1, f"<!-- marker -->{index}" if index == 120 else "x")

        assert not hub.pulls.comment_once(1, "text", marker="<!-- marker -->")
        assert operations(twin) == ["issues/list-comments"] * 2

    @pytest.mark.parametrize("after", [False, True])
    def test_a_comment_is_written_once_whatever_becomes_of_the_answer(
        self, twin: GitHubTwin, hub: Hub, after: bool
    ) -> None:
        twin.fail(faults.dropped(), on="issues/create-comment", after=after)

        assert hub.pulls.comment_once(1, "text", marker="m")
        assert len(twin.comments(1)) == 1

    def test_a_comment_that_is_too_long_is_not_sent(self, hub: Hub) -> None:
        with pytest.raises(PublishError, match="GitHub takes 65536"):
            hub.pulls.comment_once(1, "x" * 65_536, marker="m")
