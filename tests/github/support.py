"""What the tests of the GitHub room share: a clock that jumps, and the way to a twin."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from imgupdate.github import Access, GitHubPullRequests, GitHubRemote, Limits, connect
from imgupdate.github.api import Api
from imgupdate.remote import CommitDraft, CommitId, Push, TreeId
from imgupdate.results import FileEdit
from tests.twins.github import GitHubTwin, Token

AGENT = "imgupdate/tests"


class FakeClock:
    """Time passes by sleeping; it begins now, since the twin says when its limits end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = time.time()
        self.slept: list[float] = []

    def monotonic(self) -> float:
        with self._lock:
            return 1000.0 + sum(self.slept)

    def now(self) -> float:
        with self._lock:
            return self._began + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)


def access_to(twin: GitHubTwin, token: Token | None = None) -> Access:
    return Access(
        token=(token or twin.workflow).value,
        repository=twin.world.full_name,
        api_url=twin.api_url,
        graphql_url=twin.graphql_url,
        server_url=twin.url,
    )


class Hub:
    """Both halves of the way to a twin, with the clock that they share."""

    def __init__(
        self,
        twin: GitHubTwin,
        *,
        token: Token | None = None,
        local: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.twin = twin
        self.remote: GitHubRemote
        self.pulls: GitHubPullRequests
        self.remote, self.pulls = connect(
            access_to(twin, token),
            user_agent=AGENT,
            local=(local if local is not None else {}).get,
            clock=self.clock,
            limits=limits or Limits(),
        )

    def change(self, edits: Mapping[str, tuple[bytes, bytes]], *, branch: str = "main", message: str = "Update") -> str:
        """Commit edits on top of a branch; the commit is on no branch yet."""
        head = self.remote.head(branch)
        assert head is not None
        tree = self.remote.write_tree(self.remote.tree(head).id, edits_of(edits))
        return self.remote.commit(CommitDraft(tree=tree, parent=head, message=message)).id

    def branch_off(self, branch: str, edits: Mapping[str, tuple[bytes, bytes]]) -> str:
        """A new branch with one commit on top of main."""
        made = CommitId(self.change(edits))
        self.remote.push(Push(branch=branch, commit=made, expected=None))
        return made


def edits_of(edits: Mapping[str, tuple[bytes, bytes]]) -> list[FileEdit]:
    return [FileEdit(path=path, before=before, after=after, changes=()) for path, (before, after) in edits.items()]


def api_to(
    twin: GitHubTwin,
    *,
    limits: Limits | None = None,
    clock: FakeClock | None = None,
    jitter: Callable[[], float] = float,
) -> Api:
    """The API of a twin; without `jitter`, waits are the shortest that there are."""
    return Api(access_to(twin), clock=clock or FakeClock(), limits=limits or Limits(), user_agent=AGENT, jitter=jitter)


def operations(twin: GitHubTwin) -> Sequence[str]:
    """What has been asked of a twin, in order."""
    return [call.operation for call in twin.calls]


def root_tree(twin: GitHubTwin, branch: str) -> TreeId:
    return TreeId(twin.world.repository.tree_of(twin.head(branch) or branch))
