"""What a report says, before it is laid out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.cli.view import (
    HEADINGS,
    Line,
    PolicyCells,
    Tone,
    diff_lines,
    explanation_lines,
    fitted,
    policy_cells,
    problem_lines,
    published_lines,
    summary_line,
)
from imgupdate.results import (
    Cause,
    Change,
    Explanation,
    Outcome,
    Part,
    PublishedCommit,
    PublishedPullRequest,
    PullRequestOperation,
    Result,
    Severity,
    Verdict,
)
from tests.report.results import edit, key, marker, problem, result, selection, unavailable, updated


def words(given: Result) -> list[tuple[str, Tone]]:
    return [(cells.update, cells.tone) for cells in policy_cells(given, requested=False)]


@pytest.mark.parametrize(
    ("given", "word", "tone"),
    [
        (updated(), "patch", Tone.ADDED),
        (updated("main-1", "main-2"), "changed", Tone.ADDED),
        (result(selection("1")), "no marker", Tone.DIM),
        (result(selection("1"), markers=(marker("1"),)), "up to date", Tone.PLAIN),
        (result(selection("1"), markers=(marker("a/b", Part.NAME),)), "up to date", Tone.PLAIN),
        (result(selection("1"), markers=(marker("2"),)), "not changed", Tone.WARNING),
        (result(unavailable(Cause.SCAN_FAILED)), "scan failed", Tone.ERROR),
        (result(unavailable(Cause.NO_DIGEST)), "no digest", Tone.ERROR),
        (result(unavailable(Cause.SUSPENDED)), "suspended", Tone.DIM),
        (result(unavailable(Cause.NO_AUTOMATION)), "no automation", Tone.DIM),
        (result(unavailable(Cause.NOT_REQUESTED)), "not requested", Tone.DIM),
    ],
)
def test_the_table_says_what_became_of_each_policy(given: Result, word: str, tone: Tone) -> None:
    assert words(given) == [(word, tone)]


@pytest.mark.parametrize(
    ("outcomes", "names"),
    [
        ((selection("1"), selection("1", policy=key("b"))), ["podinfo", "b"]),
        ((selection("1"), selection("1", policy=key("b", "apps"))), ["flux-system/podinfo", "apps/b"]),
        ((selection("1"), selection("1", policy=key("b", "apps", "prod"))), ["flux-system/podinfo", "prod:apps/b"]),
        ((selection("1", policy=key("a", "")),), ["a"]),
    ],
)
def test_policies_are_named_as_shortly_as_is_clear(outcomes: tuple[Outcome, ...], names: list[str]) -> None:
    assert [cells.policy for cells in policy_cells(result(*outcomes), requested=False)] == names


def test_where_some_were_asked_for_the_others_are_left_out() -> None:
    given = result(selection("1"), unavailable(Cause.NOT_REQUESTED, policy=key("b")))

    assert [cells.policy for cells in policy_cells(given, requested=True)] == ["podinfo"]
    assert len(policy_cells(given, requested=False)) == 2


def test_what_a_policy_does_not_have_is_a_dash() -> None:
    (cells,) = policy_cells(result(unavailable(image="")), requested=False)

    assert (cells.image, cells.current, cells.chosen) == ("-", "-", "-")


@pytest.mark.parametrize(
    ("tags", "shown"),
    [(("3", "2"), "2, 3"), (("3", "2", "4"), "2, 3, 4"), (("3", "2", "5", "4", "3"), "2, 3, 4, … 1 more")],
)
def test_several_present_tags_are_shown_up_to_three(tags: tuple[str, ...], shown: str) -> None:
    given = result(selection("1"), markers=tuple(marker(tag) for tag in tags))

    (cells,) = policy_cells(given, requested=False)

    assert cells.current == shown


CELLS = PolicyCells(
    policy="podinfo",
    image="ghcr.io/stefanprodan/podinfo",
    current="5.0.0",
    chosen="5.0.3",
    update="patch",
    tone=Tone.ADDED,
)


def test_what_fits_is_not_shortened() -> None:
    assert fitted([CELLS], 80) == (CELLS,)


def test_what_does_not_fit_loses_its_middle_tags_first() -> None:
    long = replace(CELLS, policy="p" * 40, current="c" * 40, chosen="d" * 40, image="i" * 60)

    (wide,) = fitted([long], 170)
    (narrow,) = fitted([long], 80)

    assert (len(wide.policy), len(wide.current), len(wide.image)) == (40, 39, 38)
    assert (len(narrow.policy), len(narrow.current), len(narrow.chosen), len(narrow.image)) == (23, 12, 12, 19)


SIZES = st.integers(min_value=1, max_value=90)


@given(policy=SIZES, tag=SIZES, image=SIZES, width=st.integers(min_value=80, max_value=250))
def test_a_table_is_never_wider_than_its_terminal_from_80_characters_on(
    policy: int, tag: int, image: int, width: int
) -> None:
    given = replace(CELLS, policy="p" * policy, current="c" * tag, chosen="d" * tag, image="i" * image)

    every = (HEADINGS, *fitted([given], width))

    columns = [max(len(getattr(c, name)) for c in every) for name in ("policy", "current", "chosen", "update", "image")]
    assert sum(columns) + 4 * 2 <= width


def test_the_lines_of_a_diff_have_their_tones_and_no_carriage_returns() -> None:
    given = result(edits=(edit(b"a\r\nold\x1b[2J\r\n", b"a\r\nnew\tx"),))

    assert list(diff_lines(given)) == [
        Line("--- a/apps/podinfo.yaml", Tone.HEADING),
        Line("+++ b/apps/podinfo.yaml", Tone.HEADING),
        Line("@@ -1,2 +1,2 @@", Tone.HUNK),
        Line(" a"),
        Line(r"-old\x1b[2J", Tone.REMOVED),
        Line("+new\tx", Tone.ADDED),
        Line("\\ No newline at end of file", Tone.DIM),
    ]


def test_problems_stand_under_their_severity_with_their_remedy_below() -> None:
    given = [
        problem("a notice", Severity.NOTICE, path=None, remedy=""),
        problem("an\nerror", path="a\x07.yaml"),
        problem("another", line=12, remedy="correct that"),
    ]

    assert list(problem_lines(given)) == [
        Line("Errors (2)", Tone.ERROR),
        Line(r"a\x07.yaml:3: an\x0aerror", indent=2),
        Line("correct it", Tone.DIM, indent=6),
        Line("apps/podinfo.yaml:12: another", indent=2),
        Line("correct that", Tone.DIM, indent=6),
        Line("Notices (1)", Tone.NOTICE),
        Line("a notice", indent=2),
    ]


def test_neighbours_with_the_same_remedy_share_it() -> None:
    given = [problem("a"), problem("b"), problem("c", remedy=""), problem("d")]

    assert [line.text.split(": ")[-1] for line in problem_lines(given)][1:] == [
        "a",
        "b",
        "correct it",
        "c",
        "d",
        "correct it",
    ]


def explanation(kept: int, dropped: int) -> Explanation:
    return Explanation(
        verdicts=(
            *(Verdict(f"d{number}", kept=False, key="", reason="is not a version") for number in range(dropped)),
            *(Verdict(f"k{number}", kept=True, key=f"{number}", reason="ranks below") for number in range(kept)),
        ),
        chosen="k0",
        key="0",
        reason="the highest number",
    )


@pytest.mark.parametrize(
    ("kept", "dropped", "shown"),
    [
        (2, 3, (2, 3)),
        (10, 10, (10, 10)),
        (30, 30, (10, 10)),
        (30, 4, (16, 4)),
        (4, 30, (4, 16)),
        (0, 0, (0, 0)),
    ],
)
def test_an_explanation_is_bounded_and_says_how_much_it_leaves_out(
    kept: int, dropped: int, shown: tuple[int, int]
) -> None:
    lines = [line.text for line in explanation_lines(updated(explanation=explanation(kept, dropped)))]

    assert lines[0] == "flux-system/podinfo: the highest number"
    assert (
        sum(line.startswith("kept ") for line in lines),
        sum(line.startswith("dropped ") for line in lines),
    ) == shown
    for name, total, part in (("kept", kept, shown[0]), ("dropped", dropped, shown[1])):
        assert (f"… and {total - part} more {name}" in lines) is (total > part)


def test_an_explanation_names_the_key_where_it_is_not_the_tag() -> None:
    lines = [line.text for line in explanation_lines(updated(explanation=explanation(1, 1)))]

    assert lines[1:] == ["kept     k0  ranks below, compared as 0", "dropped  d0  is not a version"]


def test_without_explanations_there_are_no_lines_of_them() -> None:
    assert list(explanation_lines(updated())) == []


@pytest.mark.parametrize(
    ("given", "text", "tone"),
    [
        (updated(), "1 file would change (1 field)", Tone.GOOD),
        (updated(written=True), "1 file changed (1 field)", Tone.GOOD),
        (result(selection("1")), "nothing to change", Tone.GOOD),
        (result(), "nothing to do: no image policy was found", Tone.GOOD),
        (result(problems=(problem(),)), "nothing was done, 1 error", Tone.ERROR),
        (
            result(selection("1"), problems=(problem("a", Severity.WARNING), problem("b", Severity.NOTICE))),
            "nothing to change, 1 warning, 1 notice",
            Tone.WARNING,
        ),
        (result(selection("1"), problems=(problem("b", Severity.NOTICE),)), "nothing to change, 1 notice", Tone.GOOD),
        (
            result(
                selection("2"),
                edits=tuple(
                    edit(
                        b"1", b"2", Change(marker=marker("1"), new="2"), Change(marker=marker("1"), new="2"), path=path
                    )
                    for path in ("a.yaml", "b.yaml")
                ),
                problems=(problem(), problem("c"), problem()),
            ),
            "2 files would change (4 fields), 2 errors",
            Tone.ERROR,
        ),
    ],
)
def test_the_summary_is_one_sentence(given: Result, text: str, tone: Tone) -> None:
    assert summary_line(given) == Line(text, tone)


def commit(*, verified: bool = True, reason: str = "") -> PublishedCommit:
    return PublishedCommit(
        sha="a" * 40, branch="imgupdate/main", url="", message="Update\x1b\n\nmore", verified=verified, reason=reason
    )


def pull_request(number: int, operation: PullRequestOperation) -> PublishedPullRequest:
    return PublishedPullRequest(
        number=number, url="https://h/7", operation=operation, branch="b", base="main", head_sha="", title="Update\nit"
    )


@pytest.mark.parametrize(
    ("operation", "word", "tone"),
    [
        (PullRequestOperation.CREATED, "created", Tone.GOOD),
        (PullRequestOperation.UPDATED, "updated", Tone.GOOD),
        (PullRequestOperation.CLOSED, "closed", Tone.GOOD),
        (PullRequestOperation.NONE, "unchanged", Tone.DIM),
    ],
)
def test_a_pull_request_is_told_with_what_was_done_to_it(
    operation: PullRequestOperation, word: str, tone: Tone
) -> None:
    given = replace(updated(), published=True, pull_requests=(pull_request(7, operation),))

    assert list(published_lines(given)) == [Line(f"pull request #7 {word}: Update\\x0ait https://h/7", tone)]
    assert summary_line(given) == Line(f"1 file to change (1 field), pull request #7 {word}", Tone.GOOD)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (commit(), "verified"),
        (commit(verified=False), "not verified"),
        (commit(verified=False, reason="unsigned"), "not verified (unsigned)"),
    ],
)
def test_a_commit_is_told_with_what_github_says_of_its_signature(made: PublishedCommit, said: str) -> None:
    given = replace(updated(), published=True, commits=(made,))

    assert list(published_lines(given)) == [Line(f"commit {'a' * 40} on imgupdate/main, {said}: Update\\x1b")]
    assert summary_line(given).text == "1 file to change (1 field), 1 commit"


def test_many_pull_requests_are_counted() -> None:
    pull_requests = tuple(pull_request(number, PullRequestOperation.CREATED) for number in range(4))

    assert summary_line(replace(result(), published=True, pull_requests=pull_requests)).text.endswith(
        ", 4 pull requests"
    )


def test_where_nothing_was_to_be_published_there_are_no_lines_of_it() -> None:
    assert list(published_lines(updated())) == []
    assert list(published_lines(replace(updated(), published=True))) == [Line("nothing to publish", Tone.DIM)]
