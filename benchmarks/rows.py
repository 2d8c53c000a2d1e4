"""The rows of the table: the first five of the design's figures, each beside its reference."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from yaml._yaml import CParser

from benchmarks.corpus import build_tags, dated_tags, release_tags, write_tree
from benchmarks.listings import compare
from benchmarks.plan_tree import plan_tree
from benchmarks.registry_server import Kind
from benchmarks.timing import Job, Timing, side_by_side
from imgupdate.policies import Alphabetical, Numerical, SemVer, TagFilter, TagPolicy, compile_policy
from imgupdate.setters import TOKEN
from imgupdate.workspace import Workspace

BUILD_PATTERN = r"^main-[a-f0-9]+-(?P<ts>[0-9]+)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Our work and its reference, and what the design asks for at most.

    `goal` is a ratio to the reference. `seconds` is a share of what Flux took on the machine of the design; on another
    machine it says little. Each is None where there is no such goal.
    """

    work: str
    ours: Timing
    reference_work: str
    reference: Timing
    goal: float | None = None
    seconds: float | None = None

    @property
    def ratio(self) -> float:
        """How many times the reference we took."""
        return self.ours.median / self.reference.median


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much there is to do, and how often; `full` where it is as much as the design's figures are about."""

    files: int
    tags: int
    repositories: int
    repetitions: int
    full: bool = False

    def goal(self, figure: float) -> float | None:
        """A figure of the design, None where it does not apply."""
        return figure if self.full else None


FULL = Sizes(files=10_000, tags=100_000, repositories=1_000, repetitions=5, full=True)
QUICK = Sizes(files=1_000, tags=10_000, repositories=100, repetitions=3)

ROUND_TRIP = 0.040
"""Seconds that a distant registry takes for an answer."""


class WrongWork(Exception):
    """What was measured did not do what it was measured for."""


def measure(sizes: Sizes, scratch: Path) -> Iterator[Row]:
    """All rows, one after the other; `scratch` is an empty directory to work in."""
    yield _all_marked(sizes, scratch)
    yield _written(sizes, scratch)
    yield _few_marked(sizes, scratch)
    yield from _choices(sizes)
    yield from _listings(sizes, sizes.repositories, 0.0, "on loopback", 0.9 * 1.45)
    yield from _listings(sizes, sizes.repositories // 5, ROUND_TRIP, "at 40 ms", 0.45 * 1.36)


def _all_marked(sizes: Sizes, scratch: Path) -> Row:
    """The plan, beside the parsing that no plan does without."""
    root = scratch / "all-marked"
    root.mkdir()
    write_tree(root, files=sizes.files, marked=1.0)
    planned = planning(root, fields=2 * sizes.files)
    paths = sorted(root.rglob("*.yaml"))
    ours, loop = side_by_side(lambda _: planned, lambda _: lambda: event_loop(paths), sizes.repetitions)
    work = f"plan {sizes.files:,} files, all marked"
    return Row(work=work, ours=ours, reference_work="libyaml event loop", reference=loop, goal=sizes.goal(3.5))


def _written(sizes: Sizes, scratch: Path) -> Row:
    """A tenth of the files planned and written: each is synced to the disk, and that is most of the time."""
    files = sizes.files // 10
    root = scratch / "to-be-written"
    root.mkdir()
    write_tree(root, files=files, marked=1.0)

    def written(copy: Path) -> None:
        workspace = Workspace(copy)
        for edit in plan_tree(copy).edits:
            workspace.write(edit)

    def copied(number: int) -> Job:
        copy = scratch / f"written-{number}"
        shutil.copytree(root, copy)
        return lambda: written(copy)

    paths = sorted(root.rglob("*.yaml"))
    ours, loop = side_by_side(copied, lambda _: lambda: event_loop(paths), sizes.repetitions)
    work = f"plan and write {files:,} files, all marked"
    return Row(work=work, ours=ours, reference_work="libyaml event loop", reference=loop)


def planning(root: Path, *, fields: int) -> Job:
    """The job of planning a tree, which has to change so many fields."""

    def planned() -> None:
        if (changes := len(plan_tree(root).changes)) != fields:
            raise WrongWork(f"{changes} of {fields} fields planned")

    return planned


def _few_marked(sizes: Sizes, scratch: Path) -> Row:
    """Whole processes: the start of Python and our imports count."""
    root = scratch / "few-marked"
    root.mkdir()
    write_tree(root, files=sizes.files, marked=0.02)
    program = [sys.executable, "-m", "benchmarks.plan_tree", str(root)]
    fields = 2 * (sizes.files // 50)

    def planned() -> None:
        done = subprocess.run(program, check=True, capture_output=True, text=True)
        if int(done.stdout) != fields:
            raise WrongWork(f"{done.stdout.strip()} of {fields} fields planned")

    grep = ["grep", "-rlF", TOKEN.decode(), str(root)]
    ours, reference = side_by_side(
        lambda _: planned, lambda _: lambda: subprocess.run(grep, check=True, capture_output=True), sizes.repetitions
    )
    work = f"plan {sizes.files:,} files, 2 % marked, start to exit"
    seconds = sizes.goal(0.7 * 0.55)
    return Row(
        work=work, ours=ours, reference_work="grep -rlF", reference=reference, goal=sizes.goal(2.5), seconds=seconds
    )


def _choices(sizes: Sizes) -> Iterator[Row]:
    """Fresh tags for every repetition, so that nothing remembered from the one before helps."""
    rounds = range(sizes.repetitions + 1)
    builds = [build_tags(sizes.tags, seed) for seed in rounds]
    numerical = compile_policy(Numerical(), TagFilter(pattern=BUILD_PATTERN, extract="$ts"))
    policies: Sequence[tuple[str, TagPolicy, Callable[[int, int], list[str]], float]] = (
        ("semver range", compile_policy(SemVer(range=">=1.0.0 <9.0.0"), None), release_tags, 0.130),
        ("regex, extract, numerical", numerical, build_tags, 0.108),
        ("alphabetical", compile_policy(Alphabetical(), None), dated_tags, 0.025),
    )
    for name, policy, tags_of, seconds in policies:
        ours, reference = side_by_side(
            _chooser(policy, [tags_of(sizes.tags, seed) for seed in rounds]), _matcher(builds), sizes.repetitions
        )
        work = f"{sizes.tags:,} tags, {name}"
        limit = sizes.goal(seconds)
        yield Row(work=work, ours=ours, reference_work="one `re` pass", reference=reference, seconds=limit)


def _listings(sizes: Sizes, repositories: int, seconds: float, where: str, limit: float) -> Iterator[Row]:
    """Every kind of registry, with the number of requests.

    What go-containerregistry took on the machine of the design was for a registry that wants a token for each.
    """
    for kind in Kind:
        found = compare(kind, repositories, seconds, sizes.repetitions)
        yield Row(
            work=f"list {repositories:,} repositories {where}, {kind}: {found.our_requests:,} requests",
            ours=found.ours,
            reference_work=f"`http.client`: {found.bare_requests:,} requests",
            reference=found.bare,
            seconds=sizes.goal(limit),
        )


def _chooser(policy: TagPolicy, tags: Sequence[list[str]]) -> Callable[[int], Job]:
    return lambda number: lambda: policy.choose(tags[number])


def _matcher(tags: Sequence[list[str]]) -> Callable[[int], Job]:
    return lambda number: lambda: pattern_pass(tags[number])


def event_loop(paths: Sequence[Path]) -> None:
    """Read and parse files with libyaml and look at nothing: what any reader of them has to spend."""
    for path in paths:
        parser = CParser(path.read_bytes())
        while parser.get_event() is not None:
            pass


def pattern_pass(tags: Sequence[str]) -> list[str]:
    """Keep the tags that match, with the standard library's expressions."""
    search = re.compile(BUILD_PATTERN).search
    return [tag for tag in tags if search(tag)]
