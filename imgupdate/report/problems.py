"""Problems in the order in which people should read them."""

from __future__ import annotations

from collections.abc import Iterable

from imgupdate.results import Location, Problem, Severity

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTICE: 2}
_NOWHERE = Location("")


def ranked(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once: errors, then warnings, then notices; by file and line, those without a place first."""
    return tuple(sorted(dict.fromkeys(problems), key=_order))


def _order(problem: Problem) -> tuple[int, Location, str, str]:
    return _RANK[problem.severity], problem.location or _NOWHERE, problem.message, str(problem.policy or "")
