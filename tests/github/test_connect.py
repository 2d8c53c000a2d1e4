"""Both halves together: what publishing needs, in as few requests as promised, whatever GitHub does in between."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imgupdate.errors import PublishError
from imgupdate.github import Access, Limits, connect
from imgupdate.github.clock import SystemClock
from imgupdate.publish.ports import CommitTree, PullRequests, Remote
from imgupdate.remote import CommitDraft, CommitId, Decoration, PullRequestDraft, Push
from imgupdate.workspace import Workspace
from tests.github.conftest import FILES
from tests.github.support import Hub, edits_of, operations
from tests.twins.github import GitHubTwin, Token, faults, workflow_token

PODINFO = "apps/podinfo.yaml"
BRANCH = "imgupdate/main"
TOKEN = b"tag"
HERE = {path: content.encode() for path, content in FILES.items()}


def test_both_halves_are_what_publishing_asks_for(hub: Hub) -> None:
    remote: Remote = hub.remote
    pulls: PullRequests = hub.pulls
    head = remote.head("main")
    assert head is not None
    tree: CommitTree = remote.tree(head)

    assert tree.list("", TOKEN) == ("apps/podinfo.yaml", "apps/redis.yaml")
    assert pulls.open("main") == ()


def test_nothing_heavy_is_imported_and_nothing_sent_before_the_first_call() -> None:
    program = (
        "import sys; from imgupdate.github import Access, connect; "
        "connect(Access(token='x', repository='a/b', api_url='http://127.0.0.1:9'), user_agent='x'); "
        "print(sorted({'github', 'requests', 'urllib3', 'concurrent.futures'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    told = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"


def test_the_clock_of_the_machine_tells_the_time_and_waits() -> None:
    clock = SystemClock()
    began = clock.monotonic()
    clock.sleep(0.01)

    assert clock.monotonic() - began >= 0.01
    assert clock.now() > 1_700_000_000


@pytest.mark.parametrize("enterprise", [False, True])
def test_an_enterprise_server_is_the_same_elsewhere(tmp_path: Path, enterprise: bool) -> None:
    with GitHubTwin(tmp_path / "x.git", enterprise=enterprise, owner="Acme", name="Deploy.Config") as twin:
        twin.push("trunk", {PODINFO: "tag: 1.0.0\n"})
        access = Access(token=twin.app.value, repository="acme/deploy.config", api_url=twin.api_url)
        remote, pulls = connect(access, user_agent="x", limits=Limits())
        head = remote.head("trunk")
        assert head is not None
        edits = edits_of({PODINFO: (b"tag: 1.0.0\n", b"tag: 1.0.1\n")})
        made = remote.commit(CommitDraft(tree=remote.write_tree(remote.tree(head).id, edits), parent=head, message="x"))
        remote.push(Push(branch=BRANCH, commit=head, expected=None))
        remote.push(Push(branch=BRANCH, commit=made.id, expected=head, force=True))
        pull = pulls.create(PullRequestDraft(branch=BRANCH, base="trunk", title="t", body="b"))

        assert [each.number for each in pulls.open("trunk")] == [pull.number]
        assert access.server == twin.url


class TestRequests:
    """The numbers of requests that the docstrings promise, for the cases that publishing meets."""

    def hub(self, twin: GitHubTwin) -> Hub:
        return Hub(twin, local=HERE)

    def plan(self, hub: Hub, after: bytes = b"tag: 1.0.1\n") -> tuple[CommitId, Callable[[], CommitId]]:
        """Look at a base as a plan does; what then makes the commit."""
        head = hub.remote.head("main")
        assert head is not None
        tree = hub.remote.tree(head)
        assert tree.list("", TOKEN)
        edits = edits_of({PODINFO: (tree.read(PODINFO), after)})

        def commit() -> CommitId:
            draft = CommitDraft(tree=hub.remote.write_tree(tree.id, edits), parent=head, message="Update")
            return hub.remote.commit(draft).id

        return head, commit

    def propose(self, twin: GitHubTwin, after: bytes = b"tag: 1.0.1\n") -> CommitId:
        hub = self.hub(twin)
        _, commit = self.plan(hub, after)
        made = commit()
        hub.remote.push(Push(branch=BRANCH, commit=made, expected=None))
        hub.pulls.create(PullRequestDraft(branch=BRANCH, base="main", title="t", body="b"))
        twin.forget_calls()
        return made

    def test_nothing_to_do(self, twin: GitHubTwin) -> None:
        self.plan(self.hub(twin))

        assert operations(twin) == ["git/get-ref", "git/get-tree"]

    def test_a_direct_commit(self, twin: GitHubTwin) -> None:
        hub = self.hub(twin)
        head, commit = self.plan(hub)
        hub.remote.push(Push(branch="main", commit=commit(), expected=head))

        assert operations(twin) == [
            "git/get-ref",
            "git/get-tree",
            "git/create-tree",
            "git/create-commit",
            "git/update-ref",
        ]

    def test_a_new_pull_request(self, twin: GitHubTwin) -> None:
        hub = self.hub(twin)
        _, commit = self.plan(hub)
        assert hub.pulls.open("main") == ()
        assert hub.remote.head(BRANCH) is None
        hub.remote.push(Push(branch=BRANCH, commit=commit(), expected=None))
        hub.pulls.create(PullRequestDraft(branch=BRANCH, base="main", title="t", body="b"))

        assert operations(twin) == [
            "git/get-ref",
            "git/get-tree",
            "pulls/list",
            "git/get-ref",
            "git/create-tree",
            "git/create-commit",
            "git/create-ref",
            "pulls/create",
        ]

    def test_an_unchanged_pull_request_is_not_written_to(self, twin: GitHubTwin) -> None:
        made = self.propose(twin)
        hub = self.hub(twin)
        head, _ = self.plan(hub)
        assert len(hub.pulls.open("main")) == 1
        there = hub.remote.head(BRANCH)
        assert there == made
        [commit] = hub.remote.series(head, there).commits
        edits = edits_of({PODINFO: (b"tag: 1.0.0\n", b"tag: 1.0.1\n")})

        assert hub.remote.write_tree(hub.remote.tree(head).id, edits) == commit.tree
        assert operations(twin) == [
            "git/get-ref",
            "git/get-tree",
            "pulls/list",
            "git/get-ref",
            "repos/compare-commits-with-basehead",
        ]

    def test_an_updated_pull_request(self, twin: GitHubTwin) -> None:
        there = self.propose(twin)
        hub = self.hub(twin)
        head, commit = self.plan(hub, b"tag: 1.0.2\n")
        hub.pulls.open("main")
        hub.remote.head(BRANCH)
        hub.remote.series(head, there)
        assert hub.remote.changed(there)
        hub.remote.push(Push(branch=BRANCH, commit=commit(), expected=there, force=True))
        hub.pulls.update(1, title="t", body="c")

        assert operations(twin) == [
            "git/get-ref",
            "git/get-tree",
            "pulls/list",
            "git/get-ref",
            "repos/compare-commits-with-basehead",
            "git/get-tree",
            "git/create-tree",
            "git/create-commit",
            "repos/get",
            "graphql/updateRefs",
            "pulls/update",
        ]


def everything(hub: Hub) -> None:
    """A direct commit, a pull request made, updated, decorated, commented on and closed, its branch deleted."""
    remote, pulls = hub.remote, hub.pulls
    hub.twin.world.settings.allow_auto_merge = True
    head = remote.head("main")
    assert head is not None
    base = remote.tree(head)
    assert base.list("", TOKEN)
    first = remote.commit(
        CommitDraft(
            tree=remote.write_tree(base.id, edits_of({PODINFO: (b"tag: 1.0.0\n", b"tag: 1.0.1\n")})),
            parent=head,
            message="Update",
        )
    )
    remote.push(Push(branch="main", commit=first.id, expected=head))
    tree = remote.tree(first.id)
    made = [
        remote.commit(
            CommitDraft(
                tree=remote.write_tree(tree.id, edits_of({PODINFO: (b"tag: 1.0.1\n", after)})),
                parent=first.id,
                message="Propose",
            )
        )
        for after in (b"tag: 1.0.2\n", b"tag: 1.0.3\xff\n")
    ]
    remote.push(Push(branch=BRANCH, commit=made[0].id, expected=None))
    pull = pulls.create(PullRequestDraft(branch=BRANCH, base="main", title="Old", body="b"))
    remote.push(Push(branch=BRANCH, commit=made[1].id, expected=made[0].id, force=True))
    pulls.update(pull.number, title="New", body="c")
    assert pulls.decorate(pull.number, Decoration(labels=("images",), milestone="Q1")) == ()
    assert pulls.comment_once(pull.number, "hello", marker="m")
    assert len(pulls.open("main")) == 1
    assert remote.series(first.id, made[1].id).complete
    assert remote.changed(made[1].id)
    pulls.close(pull.number, body="done")
    assert len(pulls.closed(BRANCH, "main")) == 1
    remote.delete(BRANCH, made[1].id)


def ended(twin: GitHubTwin) -> object:
    return (
        twin.branches().keys(),
        twin.tree("main"),
        [logged.message for logged in twin.log("main")],
        [
            (
                pull.title,
                pull.body,
                pull.state,
                [label.name for label in pull.labels],
                pull.milestone and pull.milestone.title,
            )
            for pull in twin.pulls()
        ],
        [twin.comments(pull.number) for pull in twin.pulls()],
    )


UNDISTURBED = (
    {"main"},
    {**HERE, PODINFO: b"tag: 1.0.1\n"},
    ["Update", "Start"],
    [("New", "done", "closed", ["images"], "Q1")],
    [["hello\n\n<!-- m -->"]],
)
CALLS = 28
FAILURES = (
    faults.dropped(),
    faults.server_error(502),
    faults.secondary_limit(retry_after=1),
    faults.primary_limit(reset_in=2),
    faults.server_error(500),
)


def test_undisturbed_it_is_so_many_calls(twin: GitHubTwin, hub: Hub) -> None:
    twin.add_milestone("Q1")
    everything(hub)

    assert ended(twin) == UNDISTURBED
    assert len(twin.calls) == CALLS


@pytest.mark.parametrize("number", range(1, CALLS + 1))
@pytest.mark.parametrize("after", [False, True])
def test_whichever_call_fails_once_the_end_is_the_same(twin: GitHubTwin, hub: Hub, number: int, after: bool) -> None:
    twin.add_milestone("Q1")
    twin.fail(faults.dropped() if after else FAILURES[number % len(FAILURES)], at=number, after=after)

    everything(hub)

    assert ended(twin) == UNDISTURBED


def test_whichever_call_is_refused_the_error_is_ours_and_says_what_was_tried(twin: GitHubTwin, hub: Hub) -> None:
    refused = set()
    for operation in ("git/get-ref", "git/get-tree", "git/get-blob", "git/create-tree", "git/create-commit"):
        twin.fail(faults.bad_credentials(), on=operation)
        with pytest.raises(PublishError, match=r"^GitHub does not let us .* \(401: Bad credentials\); check") as caught:
            everything(Hub(twin))
        refused.add(caught.value.message)

    assert len(refused) == 5


def test_two_of_us_at_once_do_not_disturb_each_other(twin: GitHubTwin) -> None:
    other = twin.admit(
        Token(**{**{name: getattr(workflow_token(), name) for name in Token.__slots__}, "value": "ghs_another"})
    )
    ours, theirs = Hub(twin), Hub(twin, token=other)

    assert ours.remote.head("main") == theirs.remote.head("main") == twin.head("main")
    assert [call.login for call in twin.calls] == ["github-actions[bot]"] * 2


def test_a_commits_tree_lists_what_a_checkout_of_it_lists(twin: GitHubTwin, tmp_path: Path) -> None:
    files = {
        "a.yaml": "tag",
        "b/c.yml": "tag",
        "b/d.yaml": "other",
        "e.txt": "tag",
        "f.yaml": "a.yaml",
        "g.yaml": "b",
        "h.yaml": "e.txt",
        "i": "b",
        "j/k.yaml": "../i/c.yml",
        "l.yaml": "nowhere",
        "m.yaml": "../outside.yaml",
        "n.yaml": "/etc/hostname",
        "o.yaml": "o.yaml",
        "p": "./j/../i",
    }
    links = {path: "120000" for path in files if path[0] in "fghijlmnop" and path != "j"}
    twin.push("main", files, modes=links)
    checkout = tmp_path / "checkout"
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "clone", "-q", "-b", "main", str(twin.directory), str(checkout)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    head = twin.head("main")
    assert head is not None
    tree, workspace = Hub(twin).remote.tree(CommitId(head)), Workspace(checkout)

    for under in ("", "b", "i", "p", "j", "j/k.yaml", "f.yaml", "h.yaml", "e.txt", "i/c.yml", "apps"):
        assert tree.list(under, TOKEN) == workspace.list(under, TOKEN), under
        assert [tree.read(path) for path in tree.list(under, TOKEN)] == [
            workspace.read(path) for path in workspace.list(under, TOKEN)
        ]
