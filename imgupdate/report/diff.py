"""The difference that a plan makes, as a unified diff that `git apply` takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

CONTEXT = 3
"""How many unchanged lines are shown around a change."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines `old_start:old_end` of the old text that became lines `new_start:new_end` of the new, counted from 0."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def unified_diff(path: str, before: bytes, after: bytes) -> Iterator[str]:
    """The lines of the diff of one file, without line ends; nothing where before and after are equal.

    Bytes that are not UTF-8 become lone surrogates. A carriage return before a line end is part of its line.
    """
    if before == after:
        return
    old, new = _lines(before), _lines(after)
    yield f"--- a/{path}"
    yield f"+++ b/{path}"
    for hunk in _hunks(_runs(old, new)):
        yield from _hunk(hunk, old, new)


def _lines(data: bytes) -> list[str]:
    """The lines of a file, each with its line feed, the last perhaps without."""
    *whole, last = data.decode("utf-8", "surrogateescape").split("\n")
    lines = [line + "\n" for line in whole]
    return [*lines, last] if last else lines


def _runs(old: Sequence[str], new: Sequence[str]) -> list[_Run]:
    """What changed, in order. Where no line came or went, which is nearly always, lines are compared one to one."""
    if len(old) == len(new):
        return [_Run(i, i + 1, i, i + 1) for i in range(len(old)) if old[i] != new[i]]
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    rest = shorter - start
    same = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    matcher = SequenceMatcher(None, old[start : len(old) - same], new[start : len(new) - same])
    return [
        _Run(start + old_start, start + old_end, start + new_start, start + new_end)
        for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes()
        if tag != "equal"
    ]


def _hunks(runs: Sequence[_Run]) -> list[list[_Run]]:
    """Runs whose context would meet, together."""
    hunks: list[list[_Run]] = []
    for run in runs:
        if hunks and run.old_start - hunks[-1][-1].old_end <= 2 * CONTEXT:
            hunks[-1].append(run)
        else:
            hunks.append([run])
    return hunks


def _hunk(runs: Sequence[_Run], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    first, last = runs[0], runs[-1]
    before = min(CONTEXT, first.old_start)
    after = min(CONTEXT, len(old) - last.old_end)
    removed = _extent(first.old_start - before, last.old_end + after)
    added = _extent(first.new_start - before, last.new_end + after)
    yield f"@@ -{removed} +{added} @@"
    at = first.old_start - before
    for group in _adjacent(runs):
        yield from _shown(" ", old[at : group[0].old_start])
        yield from _shown("-", [line for run in group for line in old[run.old_start : run.old_end]])
        yield from _shown("+", [line for run in group for line in new[run.new_start : run.new_end]])
        at = group[-1].old_end
    yield from _shown(" ", old[at : at + after])


def _adjacent(runs: Sequence[_Run]) -> list[list[_Run]]:
    """Runs with no line between them, together: all that goes is shown before all that comes."""
    groups: list[list[_Run]] = []
    for run in runs:
        if groups and run.old_start == groups[-1][-1].old_end:
            groups[-1].append(run)
        else:
            groups.append([run])
    return groups


def _extent(start: int, end: int) -> str:
    """Lines `start:end` as a hunk header counts them: from 1, or, if none, the line before which they would be."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _shown(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if line.endswith("\n"):
            yield sign + line[:-1]
        else:
            yield sign + line
            yield "\\ No newline at end of file"
