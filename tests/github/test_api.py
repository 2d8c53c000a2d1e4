"""Patience with GitHub: what is asked again, how long is waited, and what never happens twice."""

from __future__ import annotations

import pytest

from imgupdate.errors import PublishError
from imgupdate.github import Limits, Refused
from imgupdate.github.api import Api, items, number, object_id, text
from imgupdate.github.exchange import Answer
from imgupdate.github.waiting import Patience, is_lagging, is_limited
from tests.github.support import FakeClock, api_to, operations
from tests.twins.github import GitHubTwin, faults, workflow_token
from tests.twins.http import Fault

HEAD = "git/ref/heads/main"
REF = "git/get-ref"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def api(twin: GitHubTwin, clock: FakeClock) -> Api:
    return api_to(twin, clock=clock)


def make_label(api: Api, name: str = "a") -> object:
    return api.send("POST", "labels", "make a label", {"name": name})


class TestFailures:
    @pytest.mark.parametrize(
        "failure",
        [faults.server_error(500), faults.server_error(502), faults.server_error(503), faults.dropped()],
        ids=["500", "502", "503", "dropped"],
    )
    def test_a_read_is_tried_again_with_growing_pauses(
        self, twin: GitHubTwin, api: Api, clock: FakeClock, failure: faults.Failure
    ) -> None:
        twin.fail(failure, on=REF, times=3)

        found = api.get(HEAD, "read it")

        assert text(found, "object", "sha") == twin.head("main")
        assert operations(twin) == [REF] * 4
        assert clock.slept == [0.5, 1.0, 2.0]

    def test_jitter_makes_pauses_longer_up_to_twice(self, twin: GitHubTwin, clock: FakeClock) -> None:
        twin.fail(faults.dropped(), on=REF, times=2)

        api_to(twin, clock=clock, jitter=lambda: 1.0).get(HEAD, "read it")

        assert clock.slept == [1.0, 2.0]

    def test_after_some_failures_it_is_given_up_with_the_last_reason(
        self, twin: GitHubTwin, api: Api, clock: FakeClock
    ) -> None:
        twin.fail(faults.server_error(), on=REF, times=6)

        with pytest.raises(PublishError, match=r"does not let us read it: it fails \(502\)"):
            api.get(HEAD, "read it")

        assert len(twin.calls) == 6
        assert clock.slept == [0.5, 1.0, 2.0, 4.0, 8.0]

    def test_no_answer_at_all_is_given_up_with_its_reason(self, twin: GitHubTwin, api: Api) -> None:
        twin.fail(faults.dropped(), on=REF, times=6)

        with pytest.raises(PublishError, match=r"gives no answer \(it broke off the connection\)") as caught:
            api.get(HEAD, "read it")

        assert str(caught.value.__cause__) == "it broke off the connection"

    def test_waiting_ends_with_what_the_run_may_wait_in_all(self, twin: GitHubTwin, clock: FakeClock) -> None:
        api = api_to(twin, clock=clock, limits=Limits(wait=2.0))
        twin.fail(faults.dropped(), times=100)

        with pytest.raises(PublishError):
            api.get(HEAD, "read it")
        with pytest.raises(PublishError):
            api.get(HEAD, "read it")

        assert clock.slept == [0.5, 1.0, 0.5]

    def test_an_answer_that_is_no_json_is_asked_for_again(self, twin: GitHubTwin, api: Api) -> None:
        twin.inject(Fault(status=200, body=b"<html>a captive portal</html>", path="git/ref"))

        assert text(api.get(HEAD, "read it"), "object", "sha") == twin.head("main")

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 451])
    def test_a_refusal_is_not_asked_again(self, twin: GitHubTwin, api: Api, clock: FakeClock, status: int) -> None:
        twin.fail(faults.refusal(status, "No."), on=REF)

        with pytest.raises(Refused, match=rf"GitHub does not let us read it \({status}: No\.\)") as caught:
            api.get(HEAD, "read it")

        assert caught.value.status == status
        assert len(twin.calls) == 1
        assert clock.slept == []


class TestWrites:
    def test_a_write_that_may_be_repeated_is(self, twin: GitHubTwin, api: Api) -> None:
        twin.fail(faults.server_error(), on="git/create-blob", after=True)

        made = api.send("POST", "git/blobs", "write a file", {"content": "x"})

        assert object_id(made, "sha")
        assert operations(twin) == ["git/create-blob"] * 2

    def test_a_write_whose_effect_is_there_is_not_repeated(self, twin: GitHubTwin, api: Api) -> None:
        twin.fail(faults.dropped(), on="issues/create-label", after=True)

        def effect() -> object:
            return api.get("labels/a", "see the label")

        made = api.send("POST", "labels", "make a label", {"name": "a"}, effect=effect)

        assert text(made, "name") == "a"
        assert operations(twin) == ["issues/create-label", "issues/get-label"]

    def test_a_write_without_effect_is_repeated_once_that_is_known(self, twin: GitHubTwin, api: Api) -> None:
        twin.fail(faults.dropped(), on="issues/create-label")

        made = api.send("POST", "labels", "make a label", {"name": "a"}, effect=lambda: None)

        assert text(made, "name") == "a"
        assert operations(twin) == ["issues/create-label"] * 2

    def test_even_after_the_last_try_the_effect_is_looked_for(self, twin: GitHubTwin, api: Api) -> None:
        twin.fail(faults.dropped(), on="issues/create-label", times=6)
        found = iter([None] * 5 + ["there"])

        assert api.send("POST", "labels", "make a label", {"name": "a"}, effect=lambda: next(found)) == "there"

    def test_a_refused_write_has_no_effect_to_look_for(self, twin: GitHubTwin, api: Api) -> None:
        twin.fail(faults.refusal(422, "No."), on="issues/create-label")

        def effect() -> object:
            raise AssertionError("nobody should look")

        with pytest.raises(Refused):
            api.send("POST", "labels", "make a label", {"name": "a"}, effect=effect)

    @pytest.mark.parametrize(
        "message", ["Could not resolve to a node with the global id of 'X'.", "Object does not exist"]
    )
    def test_what_was_made_a_moment_ago_is_waited_for_twice(
        self, twin: GitHubTwin, api: Api, clock: FakeClock, message: str
    ) -> None:
        twin.fail(faults.refusal(422, message), on="issues/create-label", times=2)

        make_label(api)

        assert clock.slept == [1.0, 2.0]
        assert len(twin.calls) == 3

    def test_what_does_not_come_is_not_waited_for_any_longer(
        self, twin: GitHubTwin, api: Api, clock: FakeClock
    ) -> None:
        twin.fail(faults.not_resolved(), on="issues/create-label", times=3)

        with pytest.raises(Refused, match="Could not resolve"):
            make_label(api)

        assert clock.slept == [1.0, 2.0]

    def test_some_writes_go_at_once_and_the_rest_at_a_steady_pace(self, twin: GitHubTwin, clock: FakeClock) -> None:
        api = api_to(twin, clock=clock, limits=Limits(burst=3, writes_a_second=2.0))
        for name in "abcde":
            make_label(api, name)

        assert clock.slept == [0.5, 0.5]

    def test_what_was_not_used_of_the_pace_is_kept_up_to_the_burst(self, twin: GitHubTwin, clock: FakeClock) -> None:
        api = api_to(twin, clock=clock, limits=Limits(burst=2, writes_a_second=1.0))
        for name in "ab":
            make_label(api, name)
        clock.sleep(100.0)
        for name in "cde":
            make_label(api, name)

        assert clock.slept == [100.0, 1.0]

    def test_reads_are_not_paced(self, twin: GitHubTwin, clock: FakeClock) -> None:
        api = api_to(twin, clock=clock, limits=Limits(burst=1))
        for _ in range(5):
            api.get(HEAD, "read it")
            api.ask("query($id: ID!) { node(id: $id) { __typename } }", {"id": twin.world.node_id}, "see it")

        assert clock.slept == []


class TestLimits:
    @pytest.mark.parametrize("status", [403, 429])
    def test_a_secondary_limit_is_waited_for_as_long_as_it_says(
        self, twin: GitHubTwin, api: Api, clock: FakeClock, status: int
    ) -> None:
        twin.fail(faults.secondary_limit(status=status, retry_after=7), on="issues/create-label", times=2)

        make_label(api)

        assert clock.slept == [7.0, 7.0]

    def test_a_secondary_limit_that_does_not_say_so_is_waited_for_a_minute_and_then_longer(
        self, twin: GitHubTwin, clock: FakeClock
    ) -> None:
        twin.fail(faults.secondary_limit(), on=REF, times=2)

        api_to(twin, clock=clock, limits=Limits(wait=200.0)).get(HEAD, "read it")

        assert clock.slept == [60.0, 120.0]

    def test_a_primary_limit_is_waited_for_until_it_is_over(self, twin: GitHubTwin, api: Api, clock: FakeClock) -> None:
        twin.fail(faults.primary_limit(reset_in=30), on=REF)

        api.get(HEAD, "read it")

        assert clock.slept == [pytest.approx(31.0, abs=2.0)]

    def test_a_primary_limit_that_is_over_by_the_clock_is_waited_for_a_second(
        self, twin: GitHubTwin, api: Api, clock: FakeClock
    ) -> None:
        twin.fail(faults.primary_limit(reset_in=-500), on=REF)

        api.get(HEAD, "read it")

        assert clock.slept == [1.0]

    def test_a_limit_beyond_our_bound_is_an_error_that_says_until_when(
        self, twin: GitHubTwin, api: Api, clock: FakeClock
    ) -> None:
        twin.fail(faults.primary_limit(reset_in=3000), on=REF)

        with pytest.raises(PublishError, match=r"used up, and it wants us to wait until \d{4}-\d\d-\d\d .* UTC"):
            api.get(HEAD, "read it")

        assert clock.slept == []
        assert len(twin.calls) == 1

    def test_the_bound_is_for_all_waiting_together(self, twin: GitHubTwin, api: Api, clock: FakeClock) -> None:
        twin.fail(faults.secondary_limit(retry_after=50), times=3)

        with pytest.raises(PublishError, match="too many requests at once"):
            api.get(HEAD, "read it")

        assert clock.slept == [50.0, 50.0]

    def test_a_limit_by_the_hour_that_is_really_used_up_is_met(self, twin: GitHubTwin, api: Api) -> None:
        twin.admit(workflow_token())
        for _ in range(3):
            api.get(HEAD, "read it")
        twin._used[twin.workflow.account.login] = twin.workflow.limit

        with pytest.raises(PublishError, match="limit of requests"):
            api_to(twin, limits=Limits(wait=0)).get(HEAD, "read it")

    def test_a_graphql_limit_is_one_too(self, twin: GitHubTwin, api: Api, clock: FakeClock) -> None:
        limited = faults.Failure(
            status=200,
            body={"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]},
            headers={"Retry-After": "3"},
        )
        twin.fail(limited, on="graphql/node")

        found = api.ask("query($id: ID!) { node(id: $id) { __typename } }", {"id": twin.world.node_id}, "see it")

        assert text(found, "node", "__typename") == "Repository"
        assert clock.slept == [3.0]


@pytest.mark.parametrize(
    ("status", "headers", "message", "limited"),
    [
        (403, {}, "API rate limit exceeded for installation.", True),
        (403, {}, "You have triggered an abuse detection mechanism.", True),
        (403, {"retry-after": "1"}, "x", True),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "x", True),
        (403, {"x-ratelimit-remaining": "0"}, "Resource not accessible by integration", False),
        (403, {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1"}, "Resource not accessible", False),
        (429, {}, "", True),
        (404, {"retry-after": "1"}, "x", False),
        (200, {}, "API rate limit exceeded", False),
    ],
)
def test_a_limit_is_told_from_other_refusals(status: int, headers: dict[str, str], message: str, limited: bool) -> None:
    assert is_limited(Answer(status=status, headers=headers, data={"message": message})) is limited


@pytest.mark.parametrize("data", [None, [], {"message": 3}, {"errors": [1]}, {"errors": None}])
def test_a_strange_body_is_no_limit_and_no_lag(data: object) -> None:
    for status in (200, 403, 422):
        assert not is_limited(Answer(status=status, headers={}, data=data))
        assert not is_lagging(Answer(status=status, headers={}, data=data))


@pytest.mark.parametrize("value", ["", "soon", "-1", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "²"])
def test_a_wait_that_is_no_number_is_a_minute(value: str) -> None:
    clock = FakeClock()
    patience = Patience(clock, Limits(), float)

    patience.obey(Answer(status=429, headers={"retry-after": value}), 1, "do it")

    assert clock.slept == [60.0]


def test_an_endless_wait_is_not_waited() -> None:
    clock = FakeClock()

    with pytest.raises(PublishError, match="wants us to wait until"):
        Patience(clock, Limits(), float).obey(Answer(status=429, headers={"retry-after": "9" * 500}), 1, "do it")

    assert clock.slept == []


class TestPages:
    def test_a_list_is_read_to_its_end(self, twin: GitHubTwin, api: Api) -> None:
        for index in range(201):
            twin.world.label_or_new(f"label-{index:03}")

        pages = list(api.pages("labels", "list the labels"))

        assert [len(page) for page in pages] == [100, 100, 1]
        assert len(twin.calls) == 3

    def test_a_list_without_end_is_an_error(self, twin: GitHubTwin) -> None:
        for index in range(199):
            twin.world.label_or_new(f"label-{index:03}")
        api = api_to(twin, limits=Limits(pages=2))
        assert [len(page) for page in api.pages("labels", "list the labels")] == [100, 99]
        twin.world.label_or_new("one more")

        with pytest.raises(PublishError, match="more than 200 entries"):
            list(api.pages("labels", "list the labels"))
        assert len(twin.calls) == 4


class TestShapes:
    @pytest.mark.parametrize("data", [None, {}, {"a": None}, {"a": {"b": None}}, {"a": {"b": []}}, [], "x"])
    def test_an_answer_that_lacks_what_we_need_is_an_error_that_names_it(self, data: object) -> None:
        for read in (text, number, object_id):
            with pytest.raises(PublishError, match=r"an answer of GitHub lacks a\.b"):
                read(data, "a", "b")
        with pytest.raises(PublishError, match="lacks a list"):
            items({"a": data})

    @pytest.mark.parametrize("sha", ["", "../x", "abc", "A" * 40, "a" * 41, "a" * 39 + "\n"])
    def test_a_hash_that_is_none_is_not_taken(self, sha: str) -> None:
        with pytest.raises(PublishError, match="lacks sha"):
            object_id({"sha": sha}, "sha")


class TestGraphql:
    def test_an_error_of_graphql_is_a_refusal(self, twin: GitHubTwin, api: Api) -> None:
        with pytest.raises(Refused, match="Could not resolve to a node") as caught:
            api.ask("query($id: ID!) { node(id: $id) { __typename } }", {"id": "X"}, "see it")

        assert caught.value.status == 404

    def test_a_permission_that_is_lacking_is_told_as_such(self, twin: GitHubTwin) -> None:
        twin.admit(workflow_token(contents="read"))
        given = {
            "repositoryId": twin.world.node_id,
            "refUpdates": [{"name": "refs/heads/x", "afterOid": twin.head("main"), "force": True}],
        }

        with pytest.raises(Refused, match="403: Resource not accessible") as caught:
            api_to(twin).mutate("updateRefs", given, "move it", returning="clientMutationId")

        assert "permissions" in caught.value.remedy

    def test_an_empty_answer_is_none(self, twin: GitHubTwin, api: Api) -> None:
        twin.fail(faults.Failure(status=200, body=[]), times=2)

        assert api.ask("query { viewer { login } }", {}, "see it") is None
        assert api.mutate("updateRefs", {}, "move it", returning="clientMutationId") is None
