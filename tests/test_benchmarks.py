"""`make bench` measures the work that the design names, and would notice if that work were not done."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from benchmarks.__main__ import cells
from benchmarks.corpus import POLICIES, build_tags, dated_tags, release_tags, write_tree
from benchmarks.listings import WrongListings, compare, list_barely, list_with_imgupdate, registry
from benchmarks.registry_server import Kind
from benchmarks.rows import FULL, QUICK, Row, Sizes, WrongWork, measure, planning
from benchmarks.timing import Timing, side_by_side

ROOT = Path(__file__).parents[1]


def test_a_tree_has_two_documents_a_file_the_events_of_the_design_and_the_marked_share(tmp_path: Path) -> None:
    write_tree(tmp_path, files=100, marked=0.02)

    texts = [path.read_text() for path in sorted(tmp_path.rglob("*.yaml"))]
    assert len(texts) == 100
    assert [sum(1 for _ in yaml.parse(text, Loader=yaml.CSafeLoader)) for text in texts[:2]] == [126, 126]
    assert [len(list(yaml.safe_load_all(text))) for text in texts[:2]] == [2, 2]
    assert sum('"$imagepolicy"' in text for text in texts) == 2


def test_all_policies_have_markers_where_all_files_are_marked(tmp_path: Path) -> None:
    write_tree(tmp_path, files=POLICIES, marked=1.0)

    named = {path.read_text().split("flux-system:")[1].split('"')[0] for path in tmp_path.rglob("*.yaml")}

    assert len(named) == POLICIES


@pytest.mark.parametrize("tags_of", [release_tags, build_tags, dated_tags])
def test_tags_are_distinct_in_the_order_of_flux_and_the_same_for_the_same_seed(tags_of: object) -> None:
    assert callable(tags_of)
    tags = tags_of(500, 1)

    assert len(set(tags)) == 500
    assert tags == sorted(tags, reverse=True) == tags_of(500, 1)
    assert tags != tags_of(500, 2)


def test_the_table_has_the_first_five_rows_of_the_design_with_a_reference_each(tmp_path: Path) -> None:
    rows = list(measure(Sizes(files=50, tags=200, repositories=10, repetitions=1, full=True), tmp_path))

    assert [row.goal for row in rows] == [3.5, None, 2.5, *[None] * 11]
    listed = [1.305] * 4 + [0.612] * 4
    assert [row.seconds for row in rows] == [None, None, *map(pytest.approx, (0.385, 0.13, 0.108, 0.025, *listed))]
    assert all(row.ours.median > 0 and row.reference.median > 0 for row in rows)


@pytest.mark.parametrize(
    ("kind", "ours", "fewest"),
    [
        (Kind.OPEN, 60, 60),
        (Kind.BASIC, 61, 60),
        (Kind.PER_REPOSITORY, 121, 120),
        (Kind.SHARED, 62, 61),
    ],
)
def test_of_each_kind_of_registry_the_requests_are_counted(kind: Kind, ours: int, fewest: int) -> None:
    found = compare(kind, 60, 0.0, 1)

    assert (found.our_requests, found.bare_requests) == (ours, fewest)


@pytest.mark.parametrize("lister", [list_with_imgupdate, list_barely])
def test_a_list_that_was_not_had_is_not_measured(lister: Callable[[Kind, int, Sequence[str]], None]) -> None:
    with registry(Kind.BASIC, 0.0) as port, pytest.raises((WrongListings, KeyError)):
        lister(Kind.OPEN, port, ["team/app"])


def test_work_that_was_not_done_is_not_measured(tmp_path: Path) -> None:
    write_tree(tmp_path, files=10, marked=1.0)

    with pytest.raises(WrongWork, match="20 of 19 fields"):
        planning(tmp_path, fields=19)()


def test_the_jobs_take_turns_and_the_first_round_does_not_count() -> None:
    done: list[tuple[str, int]] = []

    ours, reference = side_by_side(
        lambda number: lambda: done.append(("ours", number)),
        lambda number: lambda: done.append(("reference", number)),
        2,
    )

    assert done == [(who, number) for number in range(3) for who in ("ours", "reference")]
    assert len(ours.seconds) == len(reference.seconds) == 2


def test_the_figures_of_the_design_hold_for_its_amount_of_work_only() -> None:
    assert FULL.goal(0.13) == 0.13
    assert QUICK.goal(0.13) is None


@pytest.mark.parametrize(
    ("goal", "seconds", "shown"),
    [
        (2.0, None, "2.0 x: met"),
        (1.0, 4.0, "1.0 x: missed, 4.000 s: met"),
        (None, 2.5, "2.500 s: missed"),
        (None, None, ""),
    ],
)
def test_goals_are_judged_by_the_medians(goal: float | None, seconds: float | None, shown: str) -> None:
    row = Row(
        work="w",
        ours=Timing((3.0, 9.0, 1.0)),
        reference_work="r",
        reference=Timing((2.0, 2.0, 2.0)),
        goal=goal,
        seconds=seconds,
    )

    assert cells(row) == ("w", "3.000 s (1.000 to 9.000)", "r", "2.000 s (2.000 to 2.000)", "1.50 x", shown)


def test_help_says_what_is_measured() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "--quick" in done.stdout
