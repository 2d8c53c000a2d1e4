"""Digests for the selections whose policies reflect one (spec/flux.md 4.7; design, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from imgupdate.errors import Error
from imgupdate.images import Digest
from imgupdate.planning import present_digest
from imgupdate.results import Cause, DigestReflection, Marker, ObjectKey, Outcome, Problem, Selection, Unavailable
from imgupdate.update.selection import Choices
from imgupdate.update.sources import Scanner, told


def needs_markers(choices: Choices) -> bool:
    """Whether a digest that a tree has now may stand, so that its markers have to be looked at first."""
    return any(selection.reflection is DigestReflection.IF_NOT_PRESENT for selection in choices.selections)


def reflect_digests(
    choices: Choices, markers: Sequence[Marker], scanner: Scanner
) -> tuple[tuple[Outcome, ...], tuple[Problem, ...]]:
    """The outcomes, in the same order, with the digests that their policies want.

    `Always` asks the registry; `IfNotPresent` asks it unless the markers of the tree agree on the image, the chosen tag
    and a digest. A selection whose digest cannot be had becomes unavailable: a pin is never dropped.
    """
    digests = _digests(choices, markers, scanner)
    reflected: list[Outcome] = []
    problems: list[Problem] = []
    for outcome in choices.outcomes:
        digest = digests.get(outcome.policy)
        if not isinstance(outcome, Selection) or digest is None:
            reflected.append(outcome)
        elif isinstance(digest, Error):
            reflected.append(_without_digest(outcome, digest))
            problems.append(_problem(choices, outcome, digest))
        else:
            reflected.append(outcome.with_digest(digest))
    return tuple(reflected), tuple(problems)


def _digests(choices: Choices, markers: Sequence[Marker], scanner: Scanner) -> dict[ObjectKey, Digest | Error]:
    """The digest of each policy that wants one: the present one where it may stand, else the registry's."""
    of_policy: dict[ObjectKey, list[Marker]] = {}
    for marker in markers:
        of_policy.setdefault(marker.policy, []).append(marker)
    digests: dict[ObjectKey, Digest | Error] = {}
    asked: list[Selection] = []
    for selection in choices.selections:
        keeps = selection.reflection is DigestReflection.IF_NOT_PRESENT
        present = present_digest(selection, of_policy.get(selection.policy, ())) if keeps else None
        if present is not None:
            digests[selection.policy] = present
        elif selection.reflection is not DigestReflection.NEVER:
            asked.append(selection)
    pairs = {selection.policy: (choices.candidates[selection.policy].target, selection.tag) for selection in asked}
    answers = scanner.digests(pairs.values())
    return digests | {policy: answers[target.key, tag] for policy, (target, tag) in pairs.items()}


def _without_digest(selection: Selection, error: Error) -> Unavailable:
    return Unavailable(
        policy=selection.policy,
        image=selection.image,
        cause=Cause.NO_DIGEST,
        reason=told(error, f"{selection.image}:{selection.tag}"),
        explanation=selection.explanation,
    )


def _problem(choices: Choices, selection: Selection, error: Error) -> Problem:
    image = f"{selection.image}:{selection.tag}"
    message = f"the digest of {image} could not be had: {told(error, image)}"
    location = choices.candidates[selection.policy].policy.location
    return replace(Problem.of(error, location=location, policy=selection.policy), message=message)
