"""Diffs, and whether git takes them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgupdate.report.diff import unified_diff


def diff(before: bytes, after: bytes) -> list[str]:
    return list(unified_diff("a.yaml", before, after))


def numbered(count: int) -> list[str]:
    return [f"line {number}\n" for number in range(1, count + 1)]


def with_lines(lines: list[str], **changed: str) -> bytes:
    """The lines with some replaced: `_7="x"` puts `x` in place of line 7."""
    texts = list(lines)
    for name, text in changed.items():
        texts[int(name[1:]) - 1] = text + "\n" if text else ""
    return "".join(texts).encode()


def test_equal_files_have_no_diff() -> None:
    assert diff(b"a\n", b"a\n") == []


def test_a_changed_line_stands_between_three_lines_of_context() -> None:
    lines = numbered(9)

    assert diff(with_lines(lines), with_lines(lines, _5="five")) == [
        "--- a/a.yaml",
        "+++ b/a.yaml",
        "@@ -2,7 +2,7 @@",
        " line 2",
        " line 3",
        " line 4",
        "-line 5",
        "+five",
        " line 6",
        " line 7",
        " line 8",
    ]


def test_neighbouring_lines_go_together_before_others_come() -> None:
    lines = numbered(2)

    assert diff(with_lines(lines), with_lines(lines, _1="one", _2="two"))[3:] == [
        "-line 1",
        "-line 2",
        "+one",
        "+two",
    ]


@pytest.mark.parametrize(("other", "hunks"), [(9, 1), (12, 1), (13, 2)])
def test_changes_whose_context_would_meet_share_a_hunk(other: int, hunks: int) -> None:
    lines = numbered(20)
    after = with_lines(lines, **{"_5": "five", f"_{other}": "other"})

    assert sum(line.startswith("@@") for line in diff(with_lines(lines), after)) == hunks


def test_a_value_that_gets_fewer_lines_is_shown_as_gone_and_come() -> None:
    before = b"a: 1\nimage: app:1\n  @sha256:0\nb: 2\n"

    assert diff(before, b"a: 1\nimage: app:2\nb: 2\n")[2:] == [
        "@@ -1,4 +1,3 @@",
        " a: 1",
        "-image: app:1",
        "-  @sha256:0",
        "+image: app:2",
        " b: 2",
    ]


def test_a_file_without_a_final_newline_says_so() -> None:
    assert diff(b"a\nb", b"a\nc")[3:] == [
        " a",
        "-b",
        "\\ No newline at end of file",
        "+c",
        "\\ No newline at end of file",
    ]


def test_a_file_of_one_line_is_counted_as_one() -> None:
    assert diff(b"a\n", b"b\n")[2] == "@@ -1 +1 @@"


def test_bytes_that_are_no_text_become_surrogates() -> None:
    assert diff(b"\xff\n", b"b\n")[3] == "-\udcff"


TEXTS = st.lists(st.sampled_from(["a", "b", "", "a: 1\r", "\u2028", "\x0c"]), max_size=12).map("\n".join)


@pytest.mark.needs_program("git")
@settings(max_examples=25)
@given(before=TEXTS, after=TEXTS)
def test_git_applies_a_diff_to_the_old_file_and_gets_the_new(
    tmp_path_factory: pytest.TempPathFactory, before: str, after: str
) -> None:
    root: Path = tmp_path_factory.mktemp("tree")
    old, new = before.encode() + b"\n", after.encode() + b"\n"
    Path(root, "a.yaml").write_bytes(old)
    patch = "".join(f"{line}\n" for line in unified_diff("a.yaml", old, new))

    if patch:
        command = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"]
        subprocess.run(command, input=patch.encode(), cwd=root, check=True)

    assert Path(root, "a.yaml").read_bytes() == new
