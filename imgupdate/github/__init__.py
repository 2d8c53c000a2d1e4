"""A repository on GitHub or a GitHub Enterprise Server, through its API: trees, commits, branches, pull requests.

`connect` gives what `publish.ports` asks for. Nothing is sent, and PyGithub is not even imported, until the first
method is called.
"""

from __future__ import annotations

from imgupdate.github.access import Access, Limits
from imgupdate.github.api import Api
from imgupdate.github.clock import Clock, SystemClock
from imgupdate.github.contents import Local
from imgupdate.github.failures import NothingToMerge, NoUpdateRefs, Refused
from imgupdate.github.pulls import GitHubPullRequests
from imgupdate.github.remote import GitHubRemote

__all__ = [
    "Access",
    "GitHubPullRequests",
    "GitHubRemote",
    "Limits",
    "NoUpdateRefs",
    "NothingToMerge",
    "Refused",
    "connect",
]

_CLOCK = SystemClock()
_LIMITS = Limits()


def connect(
    access: Access,
    *,
    user_agent: str,
    local: Local = lambda _: None,
    clock: Clock = _CLOCK,
    limits: Limits = _LIMITS,
) -> tuple[GitHubRemote, GitHubPullRequests]:
    """Reach a repository on GitHub.

    `local` gives the workspace's bytes of a path (None where it has no such file), so that files which are there as
    they are in a commit need not be fetched. Both halves share one patience with rate limits.
    """
    api = Api(access, clock=clock, limits=limits, user_agent=user_agent)
    return GitHubRemote(api, local), GitHubPullRequests(api)
