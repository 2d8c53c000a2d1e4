"""What is wrong with a configuration, collected while the reading goes on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from imgupdate.errors import ConfigurationError, shown
from imgupdate.results import Location, ObjectKey, Problem, Severity


class UnreadableConfiguration(ConfigurationError):
    """Nothing can be done with this configuration. `problems` are all that were found, those of single objects too."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = next(problem for problem in problems if problem.severity is Severity.ERROR)
        where = str(first.location) if first.location else ""
        super().__init__(first.message, where=where, remedy=first.remedy)


class Findings:
    """The problems of one object or of one file."""

    def __init__(self, policy: ObjectKey | None = None) -> None:
        self.problems: list[Problem] = []
        self.policy = policy

    @property
    def first_error(self) -> Problem | None:
        """The error that was found first, None where there are at most warnings."""
        return next((problem for problem in self.problems if problem.severity is Severity.ERROR), None)

    def speak_of(self, policy: ObjectKey) -> None:
        """Name the policy that the problems belong to, those that were found before as well."""
        self.policy = policy
        self.problems = [replace(problem, policy=policy) for problem in self.problems]

    def error(self, message: str, location: Location | None, remedy: str = "") -> None:
        """Add what makes the object unusable."""
        self._add(Severity.ERROR, message, location, remedy)

    def warning(self, message: str, location: Location | None, remedy: str = "") -> None:
        """Add what a person should look at."""
        self._add(Severity.WARNING, message, location, remedy)

    def raised(self, error: ConfigurationError, location: Location) -> None:
        """Add an exception of another room as an error at a place of this object."""
        self._add(Severity.ERROR, error.message, location, error.remedy)

    def _add(self, severity: Severity, message: str, location: Location | None, remedy: str) -> None:
        self.problems.append(
            Problem(
                severity=severity,
                message=message,
                remedy=remedy,
                location=location,
                policy=self.policy,
                exit_code=ConfigurationError.exit_code if severity is Severity.ERROR else 0,
            )
        )


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by place; those without one come last, equal ones once."""
    nowhere = Location("\U0010ffff")
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.location or nowhere, problem.message)))


def field_name(key: str) -> str:
    """A key of the user as part of a place: as it is, or quoted where it would confuse."""
    return key if key.isprintable() and 0 < len(key) <= 80 else shown(key)


def suggestion(word: str, known: Iterable[str]) -> str:
    """A remedy that names the known word nearest to a misspelt one, empty where none is near."""
    lowered = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower()[:80], lowered, n=1, cutoff=0.6)
    return f"did you mean {lowered[near[0]]!r}?" if near else ""
