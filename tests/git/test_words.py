"""What git says, cleaned, and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import PublishError
from imgupdate.git.programs import Finished
from imgupdate.git.words import Words

PLAIN = Words([])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"fatal: no\n", "fatal: no"),
        (b"remote: one\nremote: \nremote:\nremote: two\n", "one; two"),
        (b"same\nsame\n", "same"),
        (b"a\r10%\rb\n", "a; 10%; b"),
        (b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07x \x1b]8;;u\x1b\\y \x1bZ \x1b", "red x y"),
        (b"a\x00b\x7fc\xe2\x80\xa8d", "a b c d"),
        (b"::set-output name=x::y", ": :set-output name=x: :y"),
        (b"x ##[error]y", "x ## [error]y"),
        (b"\x1b[0m:::error:::x", ": : :error: : :x"),
        (b":\x1b[0m:error:\x1b[0m:x", ": :error: :x"),
        (b"#\x1b[0m#[x", "## [x"),
        (b"hint: do this\nTo https://x\nno", "no"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
    ],
)
def test_what_was_said_is_one_printable_line_without_commands(said: bytes, told: str) -> None:
    assert PLAIN.clean(said) == told


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_was_said_is_printable_and_commands_nothing(said: bytes) -> None:
    text = PLAIN.clean(said)

    assert text.isprintable()
    assert "::" not in text
    assert "##[" not in text


def test_secrets_are_taken_out_longest_first() -> None:
    words = Words(["geheim", "geheimnis", ""])

    assert words.clean(b"geheimnis geheim Geheim") == "*** *** Geheim"


def test_a_long_text_is_cut() -> None:
    assert len(PLAIN.clean(b"x" * 100_000)) == 600
    assert PLAIN.clean(b"x" * 100_000).endswith("...")


def test_the_meaning_is_found_at_the_end_of_a_long_text() -> None:
    said = b"remote: words\n" + b"remote: more\n" * 100_000 + b"x" * 5000 + b"\nfatal: Authentication failed for x\n"

    assert "does not accept the credentials" in str(PLAIN.refusal("the push", said))


def test_a_program_that_fails_in_silence_is_told_by_its_status() -> None:
    error = PLAIN.failure("git x", Finished(status=7, output=b"", errors=b""))

    assert error.message == "git x failed: exit status 7"


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "name of the host is not known"),
        ("ssh: Could not resolve hostname x: Name or service not known", "name of the host is not known"),
        ("fatal: unable to access 'https://x/': Could not resolve proxy: x", "name of the host is not known"),
        ("fatal: unable to access 'https://x/': Failed to connect to x port 443", "cannot be reached"),
        ("ssh: connect to host x port 22: Connection refused", "cannot be reached"),
        ("ssh: connect to host x port 22: Network is unreachable", "cannot be reached"),
        ("fatal: unable to access 'https://x/': server certificate verification failed.", "no safe connection"),
        ("fatal: unable to access 'https://x/': SSL certificate problem: self signed", "no safe connection"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "does not accept the cred"),
        ("fatal: Authentication failed for 'https://x/'", "does not accept the credentials"),
        ("remote: Write access to repository not granted.\nfatal: error: 403", "do not allow it"),
        ("remote: Permission to o/r.git denied to github-actions[bot].", "do not allow it"),
        ("remote: Repository not found.\nfatal: repository 'https://x/' not found", "no such repository"),
        ("ERROR: Repository not found.", "no such repository"),
        ("fatal: '/x' does not appear to be a git repository", "no such repository"),
        ("No ED25519 host key is known for x and you have requested strict checking.", "not the one in"),
        ("git@x: Permission denied (publickey).", "does not accept the SSH key"),
        ("remote: error: GH006: Protected branch update failed for refs/heads/main.", "branch is protected"),
        ("remote: error: GH013: Repository rule violations found\nremote: - Changes must be made", "a rule of the"),
        ("refusing to allow a GitHub App to create or update workflow `x`", "may not change workflows"),
        ("refusing to allow an OAuth App to create or update workflow `x`", "may not change workflows"),
        ("fatal: the receiving end does not support push options", "takes no push options"),
        ("! [remote rejected] x (pre-receive hook declined)", "a hook of the server declined"),
        ("something new", "failed: something new"),
    ],
)
def test_what_was_said_is_told_with_its_meaning_and_a_remedy(said: str, meaning: str) -> None:
    error = PLAIN.refusal("the push", said)

    assert isinstance(error, PublishError)
    assert error.message.startswith("the push failed: ")
    assert meaning in error.message
    assert PLAIN.clean(said) in error.message
    assert error.remedy
