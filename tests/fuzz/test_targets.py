"""The targets of `make fuzz`, on their seeds and on some bytes of any kind."""

from __future__ import annotations

import pytest

from tests.fuzz.any_bytes import hold
from tests.fuzz.targets import SEEDS, STATUSES, TARGETS, check_words, script_of


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_target_holds_on_its_seeds_and_on_nothing(name: str) -> None:
    for seed in (*SEEDS[name], b""):
        TARGETS[name](seed)


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_target_holds_on_any_bytes(name: str) -> None:
    hold(name, 50)


def test_every_target_has_seeds() -> None:
    assert SEEDS.keys() == TARGETS.keys()


def test_bytes_are_read_as_answers() -> None:
    assert script_of(b"jwBasic realm=x\nzno such letter\n\nbody\0a\0") == [
        (403, [(b"WWW-Authenticate", b"Basic realm=x")], b"body"),
        (STATUSES[0], [], b""),
        (200, [], b""),
    ]


@pytest.mark.parametrize("text", ["two\nlines", "an escape \x1b[2J", "the secret-of-alice"])
def test_words_that_steer_a_terminal_or_tell_a_secret_break_a_law(text: str) -> None:
    with pytest.raises(AssertionError):
        check_words(text)
