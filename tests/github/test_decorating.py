"""Labels, people and milestones: only what is lacking is added, and nothing of it stops a run."""

from __future__ import annotations

import pytest

from imgupdate.remote import CommitId, Decoration, PullRequestDraft
from imgupdate.results import Problem, Severity
from tests.github.support import Hub, operations
from tests.twins.github import Account, GitHubTwin, Pull, app_token, faults, workflow_token

BOB = Account(login="bob", id=2)
CAROL = Account(login="Carol", id=3)
ALL = Decoration(
    labels=("images", "flux"),
    assignees=("bob",),
    reviewers=("carol", "bob"),
    team_reviewers=("octo-org/platform", "sre"),
    milestone="Q4",
)


@pytest.fixture(autouse=True)
def pull(twin: GitHubTwin, hub: Hub) -> Pull:
    hub.branch_off("b", {"apps/podinfo.yaml": (b"tag: 1.0.0\n", b"x")})
    hub.pulls.create(PullRequestDraft(branch="b", base="main", title="t", body="b"))
    for account in (BOB, CAROL):
        twin.add_collaborator(account)
    for slug in ("platform", "sre"):
        twin.add_team(slug)
    twin.add_milestone("Q3")
    twin.add_milestone("Q4")
    twin.forget_calls()
    return twin.pulls()[0]


def app(twin: GitHubTwin) -> Hub:
    return Hub(twin, token=twin.app)


def messages(problems: object) -> list[str]:
    assert isinstance(problems, tuple)
    assert all(isinstance(problem, Problem) for problem in problems)
    assert all(problem.severity is Severity.WARNING and problem.exit_code == 0 for problem in problems)
    assert all(problem.remedy for problem in problems)
    return [problem.message for problem in problems]


def writes(twin: GitHubTwin) -> list[str]:
    return [
        call.operation for call in twin.calls if call.method != "GET" and not call.operation.startswith("graphql/node")
    ]


class TestAll:
    def test_everything_that_is_wanted_is_added(self, twin: GitHubTwin, pull: Pull) -> None:
        assert app(twin).pulls.decorate(1, ALL) == ()

        assert [label.name for label in pull.labels] == ["images", "flux"]
        assert pull.assignees == [BOB]
        assert {account.login for account in pull.reviewers} == {"bob", "Carol"}
        assert pull.teams == ["platform", "sre"]
        assert pull.milestone is not None
        assert pull.milestone.title == "Q4"

    def test_a_second_run_makes_no_write(self, twin: GitHubTwin) -> None:
        app(twin).pulls.decorate(1, ALL)
        twin.forget_calls()

        assert app(twin).pulls.decorate(1, ALL) == ()
        assert operations(twin) == ["pulls/get"]

    def test_only_what_is_lacking_is_added(self, twin: GitHubTwin, pull: Pull) -> None:
        app(twin).pulls.decorate(1, Decoration(labels=("Images",), reviewers=("Bob",)))
        twin.forget_calls()
        app(twin).pulls.decorate(1, ALL)

        sent = {call.operation: call.body for call in twin.calls if call.method != "GET"}
        assert sent["issues/add-labels"] == {"labels": ["flux"]}
        assert [label.name for label in pull.labels] == ["Images", "flux"]
        reviews = [call.body for call in twin.calls if call.operation == "pulls/request-reviewers"]
        assert reviews == [{"reviewers": ["carol"]}, {"team_reviewers": ["platform", "sre"]}]

    def test_what_people_added_stays(self, twin: GitHubTwin, pull: Pull) -> None:
        pull.labels.append(twin.world.label_or_new("by hand"))
        pull.assignees.append(CAROL)

        app(twin).pulls.decorate(1, ALL)

        assert [label.name for label in pull.labels] == ["by hand", "images", "flux"]
        assert pull.assignees == [CAROL, BOB]

    def test_nothing_that_is_wanted_costs_nothing(self, twin: GitHubTwin, hub: Hub) -> None:
        assert hub.pulls.decorate(1, Decoration()) == ()
        assert operations(twin) == []

    def test_a_pull_request_that_cannot_be_read_is_a_warning(self, hub: Hub) -> None:
        [message] = messages(hub.pulls.decorate(7, ALL))

        assert message.startswith("pull request #7 was not decorated: GitHub does not let us read pull request #7 (404")

    def test_where_github_does_not_answer_every_part_is_a_warning(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.before = lambda call: twin.fail(faults.dropped(), at=call.number) if call.method != "GET" else None

        found = messages(hub.pulls.decorate(1, ALL))

        assert [message.split(":")[0] for message in found] == [
            "pull request #1 has no label 'images', 'flux'",
            "pull request #1 has no assignee 'bob'",
            "pull request #1 has no reviewer 'carol', 'bob'",
            "pull request #1 has no team 'platform', 'sre'",
            "pull request #1 has no milestone 'Q4'",
        ]

    def test_an_answer_of_another_shape_lacks_everything(self, twin: GitHubTwin) -> None:
        twin.fail(faults.Failure(status=200, body={"labels": "x", "assignees": [3, {}], "user": None}), on="pulls/get")

        assert messages(app(twin).pulls.decorate(1, ALL)) == []


class TestLabels:
    def test_a_label_that_github_does_not_take_does_not_keep_the_others_away(
        self, twin: GitHubTwin, hub: Hub, pull: Pull
    ) -> None:
        [message] = messages(hub.pulls.decorate(1, Decoration(labels=("good", "x" * 51, "fine"))))

        assert message.startswith("pull request #1 has no label 'xxx")
        assert [label.name for label in pull.labels] == ["good", "fine"]

    def test_each_label_is_asked_for_once(self, twin: GitHubTwin, hub: Hub) -> None:
        hub.pulls.decorate(1, Decoration(labels=("a", "A", "", "b", "a")))

        assert [call.body for call in twin.calls if call.method == "POST"] == [{"labels": ["a", "b"]}]

    def test_what_github_does_not_know_yet_is_waited_for(self, twin: GitHubTwin, hub: Hub, pull: Pull) -> None:
        twin.fail(faults.not_resolved(), on="issues/add-labels", times=2)

        assert hub.pulls.decorate(1, Decoration(labels=("a",))) == ()
        assert [label.name for label in pull.labels] == ["a"]
        assert hub.clock.slept == [1.0, 2.0]

    def test_a_lacking_permission_is_a_warning(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.admit(workflow_token(issues="read", pull_requests="read"))

        [problem] = hub.pulls.decorate(1, Decoration(labels=("a", "b")))

        assert "Resource not accessible" in problem.message
        assert "issues: write" in problem.remedy
        assert writes(twin) == ["issues/add-labels"]


class TestPeople:
    def test_whom_github_leaves_out_without_a_word_is_told(self, twin: GitHubTwin, hub: Hub, pull: Pull) -> None:
        found = messages(hub.pulls.decorate(1, Decoration(assignees=("stranger", "bob", "nobody"))))

        assert found == [
            "'stranger' was not assigned to pull request #1",
            "'nobody' was not assigned to pull request #1",
        ]
        assert pull.assignees == [BOB]

    def test_a_reviewer_who_is_none_does_not_keep_the_others_away(self, twin: GitHubTwin, hub: Hub, pull: Pull) -> None:
        [message] = messages(hub.pulls.decorate(1, Decoration(reviewers=("bob", "stranger", "carol"))))

        assert message.startswith("pull request #1 has no reviewer 'stranger'")
        assert "collaborators" in message
        assert {account.login for account in pull.reviewers} == {"bob", "Carol"}

    def test_the_author_is_not_asked_to_review(self, twin: GitHubTwin, hub: Hub) -> None:
        [message] = messages(hub.pulls.decorate(1, Decoration(reviewers=("GitHub-Actions[bot]",))))

        assert message == "'GitHub-Actions[bot]' was not asked to review pull request #1, being its author"
        assert operations(twin) == ["pulls/get"]

    def test_who_has_reviewed_is_not_asked_again(self, twin: GitHubTwin, hub: Hub, pull: Pull) -> None:
        wanted = Decoration(reviewers=("bob", "carol"))
        hub.pulls.decorate(1, wanted)
        twin.review(1, BOB)
        twin.forget_calls()

        assert hub.pulls.decorate(1, wanted) == ()
        assert operations(twin) == ["pulls/get", "graphql/node"]
        assert pull.reviewers == [CAROL]

    @pytest.mark.parametrize(
        "failure",
        [
            faults.refusal(403, "no"),
            faults.Failure(status=200, body={"data": {"node": None}}),
            faults.Failure(status=200, body={"data": {"node": {"latestReviews": {"nodes": [None, {"author": None}]}}}}),
        ],
        ids=["refused", "none", "ghosts"],
    )
    def test_where_reviews_cannot_be_seen_everybody_is_asked(
        self, twin: GitHubTwin, hub: Hub, pull: Pull, failure: faults.Failure
    ) -> None:
        twin.fail(failure, on="graphql/node")

        assert hub.pulls.decorate(1, Decoration(reviewers=("bob",))) == ()
        assert pull.reviewers == [BOB]

    def test_teams_go_by_their_slugs(self, twin: GitHubTwin, pull: Pull) -> None:
        assert (
            app(twin).pulls.decorate(1, Decoration(team_reviewers=("octo-org/sre", "@octo-org/platform", "SRE"))) == ()
        )

        assert pull.teams == ["sre", "platform"]

    def test_teams_that_a_workflows_token_cannot_see_are_a_warning_that_says_so(
        self, twin: GitHubTwin, hub: Hub, pull: Pull
    ) -> None:
        [problem] = hub.pulls.decorate(1, Decoration(team_reviewers=("octo-org/sre",)))

        assert "Could not resolve to a node" in problem.message
        assert "Members (read)" in problem.remedy
        assert pull.teams == []

    def test_a_team_that_is_none_does_not_keep_the_others_away(self, twin: GitHubTwin, pull: Pull) -> None:
        twin.admit(app_token())
        [message] = messages(app(twin).pulls.decorate(1, Decoration(team_reviewers=("none", "sre"))))

        assert message.startswith("pull request #1 has no team 'none'")
        assert pull.teams == ["sre"]


class TestMilestones:
    @pytest.mark.parametrize("wanted", ["Q4", "q4", "2"])
    def test_it_goes_by_title_or_number(self, twin: GitHubTwin, hub: Hub, pull: Pull, wanted: str) -> None:
        assert hub.pulls.decorate(1, Decoration(milestone=wanted)) == ()
        assert pull.milestone is not None
        assert pull.milestone.number == 2
        twin.forget_calls()

        assert hub.pulls.decorate(1, Decoration(milestone=wanted)) == ()
        assert operations(twin) == ["pulls/get"]

    def test_a_title_goes_before_a_number(self, twin: GitHubTwin, hub: Hub, pull: Pull) -> None:
        number = twin.add_milestone("1")

        hub.pulls.decorate(1, Decoration(milestone="1"))

        assert pull.milestone is not None
        assert pull.milestone.number == number

    def test_one_that_is_not_open_is_a_warning(self, twin: GitHubTwin, hub: Hub) -> None:
        twin.world.milestones[0].state = "closed"

        assert messages(hub.pulls.decorate(1, Decoration(milestone="Q3"))) == [
            "pull request #1 has no milestone 'Q3': there is no open milestone 'Q3'"
        ]
        assert writes(twin) == []


def test_a_head_is_not_touched(twin: GitHubTwin, hub: Hub) -> None:
    head = CommitId(twin.head("b") or "")
    app(twin).pulls.decorate(1, ALL)

    assert hub.remote.head("b") == head
