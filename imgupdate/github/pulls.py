"""Pull requests on GitHub as `publish.ports.PullRequests`."""

from __future__ import annotations

from collections.abc import Sequence

from imgupdate.errors import PublishError, PullRequestExists, shown
from imgupdate.github.api import Api, items, member, number, object_id, text
from imgupdate.github.decorating import Decorator
from imgupdate.github.failures import Kind, NothingToMerge, Refused, compare_url
from imgupdate.github.merging import AutoMerge
from imgupdate.remote import (
    CommitId,
    Decoration,
    MergeMethod,
    PullRequest,
    PullRequestDraft,
    PullRequestState,
)
from imgupdate.results import Problem

LONGEST_TITLE = 256
LONGEST_BODY = 65_536
MOST_CLOSED = 100
_STRANGERS = frozenset({"NONE", "CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"})


class GitHubPullRequests:
    """The pull requests of a repository.

    Requests where nothing goes wrong: `open` 1 for 100 pull requests; `closed`, `create`, `update` and `close` 1;
    `comment_once` 1 for 100 comments, and 1 to comment; `decorate` 1, and 1 for each kind of thing that is lacking (for
    milestones and reviewers 2); `enable_auto_merge` 1, and 1 to do it.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._decorator = Decorator(api)
        self._auto_merge = AutoMerge(api)

    def open(self, base: str) -> Sequence[PullRequest]:
        """Those into a branch that are open and come from the repository itself, newest first."""
        found: dict[int, PullRequest] = {}
        query = {"state": "open", "base": base, "sort": "created", "direction": "desc"}
        for page in self._api.pages("pulls", "list the open pull requests", **query):
            found |= {pull.number: pull for pull in map(self._ours, page) if pull is not None}
        return tuple(found.values())

    def closed(self, branch: str, base: str) -> Sequence[PullRequest]:
        """The closed and merged ones from a branch into another, the latest first, at most 100."""
        query = {"state": "closed", "head": self._head(branch), "base": base, "sort": "created", "direction": "desc"}
        listed = self._api.get("pulls", "list the closed pull requests", **query, per_page=MOST_CLOSED)
        found = (self._ours(item) for item in items(listed))
        return tuple(pull for pull in found if pull is not None and pull.branch == branch)

    def create(self, draft: PullRequestDraft) -> PullRequest:
        """Open a pull request.

        Raises:
            PullRequestExists: there is one already from that branch into that base.
            NothingToMerge: the branch holds nothing that the base has not.

        """
        _check(draft.title, draft.body)
        given = {
            "title": draft.title,
            "body": draft.body,
            "head": draft.branch,
            "base": draft.base,
            "draft": draft.draft,
        }
        what = f"open a pull request from {shown(draft.branch)} into {shown(draft.base)}"
        try:
            data = self._api.send("POST", "pulls", what, given, effect=lambda: self._there(draft))
        except Refused as refused:
            raise self._not_created(refused, draft) from refused
        return data if isinstance(data, PullRequest) else _pull_request(data)

    def update(self, number: int, *, title: str, body: str) -> PullRequest:
        """Give a pull request another title and body."""
        _check(title, body)
        given = {"title": title, "body": body}
        return _pull_request(self._api.send("PATCH", f"pulls/{number}", f"update pull request #{number}", given))

    def close(self, number: int, *, body: str) -> None:
        """Close a pull request and give it a last body, in one step."""
        _check("", body)
        given = {"state": "closed", "body": body}
        self._api.send("PATCH", f"pulls/{number}", f"close pull request #{number}", given)

    def comment_once(self, number: int, text: str, *, marker: str) -> bool:
        """Comment, unless a comment of a pull request holds the marker already; whether one was written.

        Where the text does not hold the marker itself, it is added as a comment of HTML, which GitHub does not show. A
        marker that a stranger wrote beside other words does not count: it would keep people from being told.
        """
        body = text if marker in text else f"{text}\n\n<!-- {marker} -->"
        _check("", body)
        if self._commented(number, body, marker):
            return False
        self._api.send(
            "POST",
            f"issues/{number}/comments",
            f"comment on pull request #{number}",
            {"body": body},
            effect=lambda: True if self._commented(number, body, marker) else None,
        )
        return True

    def decorate(self, number: int, decoration: Decoration) -> Sequence[Problem]:
        """Add what a pull request lacks of labels and people; what could not be added, as warnings."""
        return self._decorator.decorate(number, decoration)

    def enable_auto_merge(self, number: int, method: MergeMethod, *, head: CommitId) -> Sequence[Problem]:
        """Have a pull request merged once its checks allow it; at once where nothing holds it back."""
        return self._auto_merge.enable(number, method, head)

    def _commented(self, number: int, body: str, marker: str) -> bool:
        what = f"read the comments of pull request #{number}"
        pages = self._api.pages(f"issues/{number}/comments", what)
        return any(_says(comment, body, marker) for page in pages for comment in page)

    def _head(self, branch: str) -> str:
        return f"{self._api.access.owner}:{branch}"

    def _there(self, draft: PullRequestDraft) -> PullRequest | None:
        """The open pull request that an earlier try of ours made.

        Raises:
            PullRequestExists: somebody else has made one.

        """
        query = {"state": "open", "head": self._head(draft.branch), "base": draft.base}
        listed = items(self._api.get("pulls", "list the open pull requests", **query))
        found = (self._ours(item) for item in listed)
        there = next((pull for pull in found if pull is not None and pull.branch == draft.branch), None)
        if there is not None and (there.title, there.body) != (draft.title, draft.body):
            raise PullRequestExists(
                f"pull request #{there.number} from {shown(draft.branch)} into {shown(draft.base)} exists already",
                remedy="run again; give the workflow a `concurrency` group, so that runs wait for each other",
            )
        return there

    @staticmethod
    def _ours(data: object) -> PullRequest | None:
        """A pull request of the repository's own branch, None for one of a fork."""
        # Compared with each other, not with the name that we know: the repository may have been renamed.
        source, target = (member(data, side, "repo", "full_name") for side in ("head", "base"))
        if not isinstance(source, str) or not isinstance(target, str) or source.lower() != target.lower():
            return None
        return _pull_request(data)

    def _not_created(self, refused: Refused, draft: PullRequestDraft) -> PublishError:
        if refused.kind is Kind.EXISTS:
            return PullRequestExists(refused.message, remedy=refused.remedy)
        if refused.kind is Kind.NO_COMMITS:
            return NothingToMerge(refused.message, remedy=refused.remedy)
        if refused.kind is Kind.NOT_PERMITTED:
            url = compare_url(self._api.access, draft.base, draft.branch)
            by_hand = f"the branch {shown(draft.branch)} is pushed, so that you can open it by hand at {url}"
            return Refused(
                refused.message,
                remedy=f"{refused.remedy}; {by_hand}",
                status=refused.status,
                words=refused.words,
                kind=refused.kind,
            )
        return refused


def _pull_request(data: object) -> PullRequest:
    closed = member(data, "state") == "closed"
    merged = bool(member(data, "merged_at")) or member(data, "merged") is True
    state = PullRequestState.MERGED if merged else PullRequestState.CLOSED if closed else PullRequestState.OPEN
    return PullRequest(
        number=number(data, "number"),
        url=text(data, "html_url"),
        branch=text(data, "head", "ref"),
        base=text(data, "base", "ref"),
        head=CommitId(object_id(data, "head", "sha")),
        title=text(data, "title"),
        body=str(member(data, "body") or ""),
        state=state,
        draft=member(data, "draft") is True,
    )


def _says(comment: object, body: str, marker: str) -> bool:
    """Whether a comment tells people what we would tell them."""
    said = str(member(comment, "body"))
    if said.split() == body.split():
        return True
    is_stranger = member(comment, "user", "type") != "Bot" and member(comment, "author_association") in _STRANGERS
    return marker in said and not is_stranger


def _check(title: str, body: str) -> None:
    """Refuse what GitHub would not take, before it is sent."""
    for what, given, longest in (("title", title, LONGEST_TITLE), ("body", body, LONGEST_BODY)):
        if len(given) > longest:
            raise PublishError(
                f"the {what} of a pull request would have {len(given)} characters, and GitHub takes {longest}",
                remedy="shorten the template" if what == "title" else "divide the changes (`group-by`)",
            )
