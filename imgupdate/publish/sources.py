"""Links to what changed in the source of an image, from what the images say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from imgupdate.config.model import RegistryAccess
from imgupdate.errors import Error
from imgupdate.images import Digest, Repository, Tag
from imgupdate.report.links import compare_of_labels
from imgupdate.report.updates import Identifier, Step, Update
from imgupdate.results import ObjectKey
from imgupdate.update import Target
from imgupdate.update.parallel import in_parallel

MOST = 100
"""For how many updates of one pull request links are looked for."""

_NOTHING: Mapping[str, str] = {}


class LabelSource(Protocol):
    """Registries, as far as links need them. Called on several threads at once."""

    def labels(self, repository: Repository, identifier: Tag | Digest, access: RegistryAccess) -> Mapping[str, str]:
        """The annotations and labels of an image.

        Raises:
            ScanError: they cannot be had.
            ConfigurationError: the access cannot be used as it is.

        """
        ...


@dataclass(frozen=True, slots=True)
class _Question:
    target: Target
    identifier: Identifier


def compare_links(
    rows: Sequence[Update], targets: Mapping[ObjectKey, Target], source: LabelSource, *, workers: int = 8
) -> Mapping[Step, str]:
    """The address of what changed for each update whose images tell it; for `updates(…, compares=…)`.

    An image that cannot be read has no link, and that is all.

    Args:
        rows: The updates.
        targets: How to reach the image of each policy.
        source: The registries.
        workers: How many may be asked at once.

    """
    pairs = {row.step: pair for row in rows[:MOST] if (pair := _pair(row, targets))}
    answers = _ask((question for pair in pairs.values() for question in pair), source, workers)
    links = {step: compare_of_labels(answers[old], answers[new]) for step, (old, new) in pairs.items()}
    return {step: link for step, link in links.items() if link}


def _pair(row: Update, targets: Mapping[ObjectKey, Target]) -> tuple[_Question, _Question] | None:
    """The two images to ask about, None where one is not known."""
    target = next((targets[policy] for policy in row.policies if policy in targets), None)
    if target is None or row.before is None or row.after is None or row.before == row.after:
        return None
    return _Question(target, row.before), _Question(target, row.after)


def _ask(questions: Iterable[_Question], source: LabelSource, workers: int) -> dict[_Question, Mapping[str, str]]:
    def call(question: _Question) -> Mapping[str, str]:
        try:
            return source.labels(question.target.repository, question.identifier, question.target.access)
        except Error:
            return _NOTHING

    distinct = tuple(dict.fromkeys(questions))
    return dict(in_parallel(distinct, call, workers=workers))
