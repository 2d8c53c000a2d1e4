"""The marked files of a tree, who covers them, and what their markers name."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

from imgupdate.config.model import ActiveAutomation, Scope
from imgupdate.errors import ManifestError, UnreadableFile
from imgupdate.files import Files
from imgupdate.planning.names import Cover, Named, Names, Standing
from imgupdate.results import Location, Marker, ObjectKey, Problem, Severity
from imgupdate.setters import TOKEN, FoundMarker, MarkedFile, scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A marked field whose marker names a configured policy."""

    found: FoundMarker
    named: Named
    marker: Marker


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One marked file that an automation covers, and what is wrong with it. `marked` is None if it cannot be used."""

    path: str
    data: bytes = b""
    marked: MarkedFile | None = None
    fields: tuple[Field, ...] = ()
    problems: tuple[Problem, ...] = ()


class Tree:
    """A tree of files as a set of automations sees it."""

    def __init__(
        self,
        files: Files,
        scopes: Sequence[Scope],
        automations: Sequence[ActiveAutomation],
        chosen: Container[ObjectKey] = (),
    ) -> None:
        self._files = files
        self._automations = automations
        self._names = Names(scopes, automations, chosen)
        self._covers, self.problems = _coverage(files, automations)

    def looks(self) -> Iterator[Look]:
        """Each marked file below an automation's path, once, by path. Nothing is kept of one when the next is read."""
        for path, cover in sorted(self._covers.items()):
            yield self._look(path, cover)

    def uncovered(self) -> Iterator[Problem]:
        """A notice for each marked file that no automation covers. None if there is no automation: that says it all."""
        everywhere = self._files.list("", TOKEN) if self._automations else ()
        for path in everywhere:
            if path not in self._covers:
                yield Problem(
                    severity=Severity.NOTICE,
                    message="holds markers, but is not below the path of an automation that runs",
                    remedy="move it, or widen spec.update.path",
                    location=Location(path),
                )

    def _look(self, path: str, cover: Cover) -> Look:
        try:
            data = self._files.read(path)
            marked = scan(data, path)
        except ManifestError as error:
            return Look(path=path, problems=(refused(error, path),))
        fields: list[Field] = []
        problems = [
            Problem(
                severity=fault.severity,
                message=fault.message,
                remedy=fault.remedy,
                location=Location(path, fault.line, fault.column),
                exit_code=ManifestError.exit_code if fault.severity is Severity.ERROR else 0,
            )
            for fault in marked.faults
        ]
        for found in marked.markers:
            named = self._names.find(found.setter, cover)
            where = Location(path, found.line, found.column)
            if named.standing is not Standing.UNKNOWN:
                fields.append(Field(found=found, named=named, marker=_marker(found, named, where)))
            if problem := _remark(named, where):
                problems.append(problem)
        return Look(path=path, data=data, marked=marked, fields=tuple(fields), problems=tuple(problems))


def refused(error: ManifestError, path: str) -> Problem:
    """What is wrong with a file as a whole, at the line that the error names, if any."""
    line = error.where.removeprefix(f"{path}:")
    return Problem.of(error, location=Location(path, int(line) if line.isdecimal() else 0))


def _coverage(files: Files, automations: Sequence[ActiveAutomation]) -> tuple[dict[str, Cover], tuple[Problem, ...]]:
    """The marked files below each automation's path; a path that is not there is a problem of its automation alone."""
    covers: dict[str, Cover] = {}
    problems: list[Problem] = []
    for number, automation in enumerate(automations):
        try:
            paths = files.list(automation.path, TOKEN)
        except UnreadableFile as error:
            problems.append(_missing(automation, error))
            continue
        for path in paths:
            covers[path] = (*covers.get(path, ()), number)
    return covers, tuple(problems)


def _missing(automation: ActiveAutomation, error: UnreadableFile) -> Problem:
    reason = f"{error.where or automation.path} {error.message}"
    wrong = ManifestError(f"the path of the automation {automation.key} cannot be used: {reason}", remedy=error.remedy)
    if automation.automation is None:
        return Problem.of(wrong)
    return Problem.of(wrong, location=replace(automation.automation.location, field="spec.update.path"))


def _marker(found: FoundMarker, named: Named, where: Location) -> Marker:
    return Marker(
        location=where,
        object=found.object,
        setter=found.setter,
        policy=named.policies[0],
        part=named.part,
        value=found.value,
    )


def _remark(named: Named, where: Location) -> Problem | None:
    """What a person should know of a marker that nobody serves; of an unusable policy the configuration has told."""
    if named.standing is Standing.UNKNOWN:
        return Problem.of(ManifestError(named.message, remedy=named.remedy), location=where)
    if named.standing is Standing.NOT_TAKEN:
        return Problem(
            severity=Severity.NOTICE,
            message=f"no automation that covers this file takes the policy {named.policies[0]}",
            remedy="look at the namespace and the policySelector of the automation",
            location=where,
            policy=named.policies[0],
        )
    return None
