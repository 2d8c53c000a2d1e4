"""What the runner hears, as the runner's own rules read it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.action.runner import Runner, Unwritable
from tests.twins.runner_commands import Log, parse_pairs

HOSTILE = [
    "::add-mask::podinfo",
    " \t::set-output name=changed::false",
    "x ##[add-mask]podinfo",
    "##[error file=a;line=3]text",
    "a\n::error::b",
    "a\r::error::b",
    "%0A::error::b",
    "::stop-commands::pause-logging",
    "\x1b]0;title\x07",
    "\u2028::error::b",
    "::error::a##[add-mask]podinfo",
    "##[##[add-mask]podinfo",
]
texts = st.text(max_size=30) | st.sampled_from(HOSTILE) | st.lists(st.sampled_from(HOSTILE)).map(" ".join)


def heard(stream: io.StringIO, debug: bool = False) -> Log:
    """What the runner makes of a log."""
    log = Log(workspace="/w", debug=debug)
    for line in re.split(r"\r\n|\r|\n", stream.getvalue().removesuffix("\n")):
        log.take(line)
    return log


def runner(**environment: str) -> tuple[Runner, io.StringIO]:
    stream = io.StringIO()
    return Runner(environment, stream), stream


@given(texts)
def test_a_line_is_never_a_command(text: str) -> None:
    ours, stream = runner()

    ours.say(text)

    assert heard(stream).commands == []
    assert stream.getvalue().count("\n") == 1


@given(texts, texts)
def test_within_a_fold_nothing_is_a_command_whoever_writes_it(title: str, text: str) -> None:
    ours, stream = runner()

    with ours.group(title) as log:
        log.write(text + "\n")

    names = [command.name for command in heard(stream).commands]
    assert names == ["group", "stop-commands", "endgroup"]


def test_a_fold_is_closed_and_commands_work_again_after_an_error() -> None:
    ours, stream = runner()

    with pytest.raises(LookupError), ours.group("Scanning"):
        raise LookupError
    ours.annotate("error", "wrong")

    assert [command.name for command in heard(stream).commands] == ["group", "stop-commands", "endgroup", "error"]


def test_no_two_folds_have_the_same_token() -> None:
    ours, stream = runner()
    for _ in range(3):
        with ours.group("a"):
            pass

    tokens = re.findall(r"::stop-commands::([0-9a-f]{32})\n", stream.getvalue())
    assert len(set(tokens)) == 3


def test_a_command_within_a_fold_would_be_none_and_is_a_defect() -> None:
    ours, _ = runner()

    with pytest.raises(RuntimeError), ours.group("a"):
        ours.annotate("error", "unheard")


@given(message=texts, title=texts, file=texts.filter(bool))
def test_an_annotation_says_what_it_says_and_nothing_else(message: str, title: str, file: str) -> None:
    ours, stream = runner()

    ours.annotate("warning", message, title=title, file=file, line=3, column=5)

    log = heard(stream)
    assert [command.name for command in log.commands] == ["warning"]
    (found,) = log.annotations
    assert (found.line, found.column) == (3, 5)
    assert "##[" not in found.message + found.title + found.file
    assert found.title.isprintable()


def test_an_annotation_keeps_commas_colons_and_percent_signs_and_its_lines() -> None:
    ours, stream = runner()

    ours.annotate("error", "100% of a, b::c\nand more", title="a:b,c=d%", file="a,b:c.yaml", line=7)

    (found,) = heard(stream).annotations
    assert found.message == "100% of a, b::c\nand more"
    assert (found.title, found.file, found.line, found.column) == ("a:b,c=d%", "a,b:c.yaml", 7, 0)


def test_a_place_without_a_file_is_none() -> None:
    ours, stream = runner()

    ours.annotate("notice", "hello", line=7, column=8)

    assert stream.getvalue() == "::notice::hello\n"


def test_a_secret_is_masked_line_by_line_once_and_short_texts_are_not() -> None:
    ours, stream = runner()

    ours.mask("first line\nsecond%line\n\nabc\n")
    ours.mask("first line")
    ours.mask("12345")

    assert [command.data for command in heard(stream).commands] == ["first line", "second%line"]
    assert ours.redacted("a first line, 12345") == "a ***, 12345"


def test_a_secret_within_another_is_redacted_with_it() -> None:
    ours, _ = runner()
    ours.mask("secret")
    ours.mask("secret-and-more")

    assert ours.redacted("secret-and-more secret") == "*** ***"


def test_debug_lines_are_there_where_the_step_is_debugged_only() -> None:
    quiet, stream = runner()
    quiet.debug("one\ntwo")
    assert stream.getvalue() == ""

    loud, stream = runner(RUNNER_DEBUG="1")
    loud.debug("one\n::error::two")
    assert heard(stream, debug=True).lines == ["##[debug]one", "##[debug]\\x3a:error::two"]


@given(value=texts)
def test_an_output_is_what_it_was_set_to_and_sets_no_other(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    path = tmp_path_factory.mktemp("output") / "file"
    ours, _ = runner(GITHUB_OUTPUT=str(path))

    ours.set_outputs({"a": value, "b": f"x=y\n{value}", "c": "c<<d"})
    ours.set_outputs({"c": "last"})

    found = dict(parse_pairs(path.read_bytes().decode()))
    assert found == {"a": value, "b": f"x=y\n{value}", "c": "last"}


def test_half_a_character_does_not_break_an_output_or_the_summary(tmp_path: Path) -> None:
    path = tmp_path / "file"
    ours, _ = runner(GITHUB_OUTPUT=str(path), GITHUB_STEP_SUMMARY=str(path))

    ours.set_outputs({"a": "b\udc80"})
    ours.add_to_summary("c\udc80\n")

    assert b"b\\udc80" in path.read_bytes()
    assert path.read_bytes().endswith(b"c\\udc80\n")


def test_the_summary_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_text("of others\n")
    ours, _ = runner(GITHUB_STEP_SUMMARY=str(path))

    ours.add_to_summary("ours\n")

    assert path.read_text() == "of others\nours\n"


def test_without_files_there_is_nothing_to_write() -> None:
    ours, stream = runner(GITHUB_OUTPUT="")

    ours.set_outputs({"a": "b"})
    ours.add_to_summary("text")

    assert stream.getvalue() == ""


@pytest.mark.parametrize("path", ["/dev/full", "/nowhere/at/all", "a\0b"])
def test_a_file_that_cannot_be_written_is_named(path: str) -> None:
    ours, _ = runner(GITHUB_OUTPUT=path)

    with pytest.raises(Unwritable, match="the file of GITHUB_OUTPUT cannot be written"):
        ours.set_outputs({"a": "b" * 10_000})


def test_a_log_that_nobody_reads_any_more_is_said_to_be_so() -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    with pytest.raises(Unwritable, match="the log cannot be written"):
        Runner({}, Closed()).say("hello")
