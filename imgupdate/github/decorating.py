"""Labels, people and a milestone for a pull request: only what is lacking, and never a reason to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from imgupdate.errors import PublishError, shown
from imgupdate.github.api import Api, member, text
from imgupdate.github.failures import Refused
from imgupdate.remote import Decoration
from imgupdate.results import Problem, Severity

_REVIEWS = """query($id: ID!) {
  node(id: $id) { ... on PullRequest { latestReviews(first: 100) { nodes { author { login } } } } }
}"""

_REMEDIES = {
    "label": "give the job `permissions: issues: write` and `pull-requests: write`; a label has 1 to 50 characters",
    "assignee": "name people who can write to the repository, and give the token that permission",
    "reviewer": "name people who are collaborators of the repository and not the author of the pull request",
    "team": "name teams of the organization that can read the repository, by their slugs; the token of a workflow "
    "cannot see teams, that of a GitHub App needs the permission Members (read)",
    "milestone": "name an open milestone of the repository by its title or number",
}


class Decorator:
    """Adds to pull requests what they lack."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def decorate(self, number: int, decoration: Decoration) -> Sequence[Problem]:
        """Add what a pull request lacks of labels, people and milestone; what could not be added, as warnings."""
        if decoration == Decoration():
            return ()
        try:
            pull = self._api.get(f"pulls/{number}", f"read pull request #{number}")
        except PublishError as error:
            return (_warning(f"pull request #{number} was not decorated: {error.message}", error.remedy),)
        return (
            *self._labels(number, pull, decoration.labels),
            *self._assignees(number, pull, decoration.assignees),
            *self._reviewers(number, pull, decoration.reviewers),
            *self._teams(number, pull, decoration.team_reviewers),
            *self._milestone(number, pull, decoration.milestone),
        )

    def _labels(self, number: int, pull: object, wanted: Sequence[str]) -> Iterator[Problem]:
        lacking = _lacking(wanted, _names(pull, "labels", "name"))

        def add(some: Sequence[str]) -> object:
            return self._api.send("POST", f"issues/{number}/labels", "add labels", {"labels": some})

        yield from self._each("label", number, lacking, add)

    def _assignees(self, number: int, pull: object, wanted: Sequence[str]) -> Iterator[Problem]:
        lacking = _lacking(wanted, _names(pull, "assignees", "login"))
        there: list[object] = []

        def add(some: Sequence[str]) -> object:
            data = self._api.send("POST", f"issues/{number}/assignees", "assign people", {"assignees": some})
            there.append(data)
            return data

        yield from self._each("assignee", number, lacking, add)
        # GitHub leaves out whom it does not take, without a word.
        added = [name for data in there for name in _names(data, "assignees", "login")]
        for name in _lacking(lacking, added) if there else ():
            yield _warning(f"{shown(name)} was not assigned to pull request #{number}", _REMEDIES["assignee"])

    def _reviewers(self, number: int, pull: object, wanted: Sequence[str]) -> Iterator[Problem]:
        lacking = _lacking(wanted, _names(pull, "requested_reviewers", "login"))
        author = str(member(pull, "user", "login"))
        for name in lacking:
            if name.lower() == author.lower():
                yield _warning(
                    f"{shown(name)} was not asked to review pull request #{number}, being its author",
                    "name somebody else, or open pull requests with the token of a GitHub App",
                )
        lacking = _lacking(lacking, [author])
        if lacking:
            lacking = _lacking(lacking, self._reviewed(pull))

        def add(some: Sequence[str]) -> object:
            return self._request(number, {"reviewers": some})

        yield from self._each("reviewer", number, lacking, add)

    def _teams(self, number: int, pull: object, wanted: Sequence[str]) -> Iterator[Problem]:
        slugs = [team.rpartition("/")[2] for team in wanted]
        lacking = _lacking(slugs, _names(pull, "requested_teams", "slug"))

        def add(some: Sequence[str]) -> object:
            return self._request(number, {"team_reviewers": some})

        yield from self._each("team", number, lacking, add)

    def _milestone(self, number: int, pull: object, wanted: str) -> Iterator[Problem]:
        there = member(pull, "milestone")
        if not wanted or _is_milestone(there, wanted):
            return

        def add(_: Sequence[str]) -> object:
            pages = self._api.pages("milestones", "list the milestones", state="open")
            listed = [milestone for page in pages for milestone in page]
            found = next((each for each in listed if member(each, "title") == wanted), None)
            found = found or next((each for each in listed if _is_milestone(each, wanted)), None)
            if found is None:
                raise PublishError(f"there is no open milestone {shown(wanted)}")
            given = {"milestone": member(found, "number")}
            return self._api.send("PATCH", f"issues/{number}", "set the milestone", given)

        yield from self._each("milestone", number, [wanted], add)

    def _request(self, number: int, given: dict[str, Sequence[str]]) -> object:
        return self._api.send("POST", f"pulls/{number}/requested_reviewers", "ask for reviews", given)

    def _reviewed(self, pull: object) -> list[str]:
        """Who has given a review already: asking them again would call for another one with each run."""
        try:
            data = self._api.ask(_REVIEWS, {"id": text(pull, "node_id")}, "see who has given a review")
        except PublishError:
            return []
        nodes = member(data, "node", "latestReviews", "nodes")
        authors = (member(node, "author", "login") for node in (nodes if isinstance(nodes, list) else ()))
        return [author for author in authors if isinstance(author, str)]

    def _each(
        self, kind: str, number: int, names: Sequence[str], add: Callable[[Sequence[str]], object]
    ) -> Iterator[Problem]:
        """Add all at once; where GitHub refuses that for the sake of one, add each by itself."""
        if not names:
            return
        try:
            add(names)
        except PublishError as error:
            if len(names) > 1 and isinstance(error, Refused) and error.status == 422:
                for name in names:
                    yield from self._each(kind, number, [name], add)
                return
            listed = ", ".join(map(shown, names))
            yield _warning(f"pull request #{number} has no {kind} {listed}: {error.message}", _REMEDIES[kind])


def _names(data: object, field: str, name: str) -> list[str]:
    listed = member(data, field)
    found = (member(item, name) for item in (listed if isinstance(listed, list) else ()))
    return [each for each in found if isinstance(each, str)]


def _lacking(wanted: Iterable[str], there: Iterable[str]) -> list[str]:
    """What of the wanted is not there, each once; GitHub's names know no case."""
    known = {name.lower() for name in there}
    lacking: dict[str, str] = {}
    for name in wanted:
        if name and name.lower() not in known:
            lacking.setdefault(name.lower(), name)
    return list(lacking.values())


def _is_milestone(data: object, wanted: str) -> bool:
    title = member(data, "title")
    return str(member(data, "number")) == wanted or (isinstance(title, str) and title.lower() == wanted.lower())


def _warning(message: str, remedy: str) -> Problem:
    return Problem(severity=Severity.WARNING, message=message, remedy=remedy)
