"""Camel, snake and kebab case, as the library behind Sprig takes words apart."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from imgupdate.templates.sprig.runes import (
    REPLACEMENT,
    is_letter,
    is_number,
    is_punctuation,
    is_space,
    is_upper,
    lower_rune,
    runes,
    upper_rune,
)
from imgupdate.templates.values import SURROGATES

_CJK: Final = (("\u3400", "\u4d85"), ("\u4e00", "\u9fcc"), ("\U00020000", "\U0002b81d"))


class _Kind(Enum):
    NONE = auto()
    NUMBER = auto()
    UPPER = auto()
    LETTERS = auto()
    CONNECTOR = auto()
    PUNCTUATION = auto()
    OTHER = auto()


def camel_case(text: str) -> str:
    """`http_server` as `HttpServer`; connectors at the start, and doubled ones, stay."""
    characters = runes(text)
    written = []
    position = 0
    while position < len(characters) and _connects(characters[position]):
        position += 1
    if position == len(characters):
        return characters + characters[-1:]
    written.append(characters[:position])
    current = upper_rune(characters[position])
    capital = is_upper(characters[position])
    for character in characters[position + 1 :]:
        before, current = current, character
        if _connects(before):
            if _connects(current):
                written.append(before)
                continue
            capital = is_upper(current)
            current = upper_rune(current)
        else:
            if capital and is_upper(current):
                current = lower_rune(current)
            else:
                capital = False
            written.append(before)
    written.append(current)
    return "".join(written)


def snake_case(text: str) -> str:
    """`HTTPServer` as `http_server`."""
    return _separated(text, "_")


def kebab_case(text: str) -> str:
    """`HTTPServer` as `http-server`."""
    return _separated(text, "-")


def _connects(character: str) -> bool:
    return character in "-_" or is_space(character)


def _alphabetic(character: str) -> bool:
    """A letter of a script that writes words apart: Chinese characters do not count."""
    return is_letter(character) and not any(first <= character <= last for first, last in _CJK)


class _Words:
    """The words of a text, one after another, and what is written of them."""

    def __init__(self, text: str, connector: str) -> None:
        self.text = text
        self.position = 0
        self.connector = connector
        self.written: list[str] = []
        self.kind = _Kind.NONE
        self.word = ""
        self.advance()

    @property
    def more(self) -> bool:
        """Whether anything follows the present word."""
        return self.position < len(self.text)

    def advance(self) -> None:
        """Go to the next word."""
        start = self.position
        self.kind, self.position = _next_word(self.text, start)
        self.word = self.text[start : self.position]

    def write(self, kind: _Kind, word: str) -> None:
        """Write a word: in lower case if it is of capitals, as the connector if it is one, else as it is."""
        if kind not in (_Kind.UPPER, _Kind.CONNECTOR):
            self.written.append(word)
            return
        for character in runes(word):
            self.written.append(self.connector if _connects(character) else _small(character))

    def connect(self, *unless: _Kind) -> None:
        """Write the connector unless the present word is of one of these kinds."""
        if self.kind not in unless:
            self.written.append(self.connector)

    def take_letters_and_numbers(self) -> None:
        """Write all words that follow of letters and of numbers as they are."""
        while self.kind in (_Kind.LETTERS, _Kind.NUMBER):
            self.write(self.kind, self.word)
            self.advance()


def _small(character: str) -> str:
    return lower_rune(character) if is_upper(character) else character


def _separated(text: str, connector: str) -> str:
    words = _Words(text, connector)
    while words.more:
        if words.kind is not _Kind.CONNECTOR:
            words.write(words.kind, words.word)
        before, last = words.kind, words.word
        words.advance()
        match before:
            case _Kind.NUMBER:
                words.take_letters_and_numbers()
                words.connect(_Kind.NONE, _Kind.PUNCTUATION, _Kind.CONNECTOR)
            case _Kind.CONNECTOR:
                words.write(before, last)
            case _Kind.PUNCTUATION:
                pass
            case _ if words.kind is not _Kind.NUMBER:
                words.connect(_Kind.CONNECTOR, _Kind.PUNCTUATION)
            case _ if words.more:
                _number_after_word(words)
    words.write(words.kind, words.word)
    return "".join(words.written)


def _number_after_word(words: _Words) -> None:
    """A number belongs to the word before it (`bld4_floor`), unless small letters follow it (`http_2xx`)."""
    number = words.word
    words.advance()
    if words.kind is not _Kind.LETTERS:
        words.write(_Kind.NUMBER, number)
        words.connect(_Kind.CONNECTOR, _Kind.PUNCTUATION)
        return
    words.written.append(words.connector)
    words.write(_Kind.NUMBER, number)
    words.take_letters_and_numbers()
    words.connect(_Kind.NONE, _Kind.CONNECTOR, _Kind.PUNCTUATION)


def _valid(character: str) -> bool:
    return character != REPLACEMENT and character not in SURROGATES


def _next_word(text: str, start: int) -> tuple[_Kind, int]:
    """The kind of the word at a place, and where it ends; characters that are not UTF-8 go with what follows."""
    while start < len(text) and not _valid(text[start]):
        start += 1
    if start == len(text):
        return _Kind.NONE, len(text)
    first = text[start]
    after = start + 1
    if is_upper(first):
        return _Kind.UPPER, _capitals(text, after, first)
    for kind, belongs, goes_on in _CLASSES:
        if belongs(first):
            return kind, _end(text, after, first, goes_on)
    return _Kind.OTHER, _end(text, after, first, _other)


def _small_letter(character: str) -> bool:
    return _alphabetic(character) and not is_upper(character)


def _other(character: str) -> bool:
    return not (_connects(character) or _alphabetic(character) or is_number(character) or is_punctuation(character))


_CLASSES: Final[tuple[tuple[_Kind, Callable[[str], bool], Callable[[str], bool]], ...]] = (
    (_Kind.CONNECTOR, _connects, _connects),
    (_Kind.PUNCTUATION, is_punctuation, is_punctuation),
    (_Kind.LETTERS, _alphabetic, _small_letter),
    (_Kind.NUMBER, is_number, is_number),
)


def _end(text: str, start: int, before: str, belongs: Callable[[str], bool]) -> int:
    """Where a word ends that goes on as long as characters belong to it; invalid ones count as the one before."""
    position = start
    while position < len(text):
        following, size = _peek(text, position, before)
        if not belongs(following):
            return position
        position += size
        before = following
    return position


def _peek(text: str, position: int, before: str) -> tuple[str, int]:
    """The next valid character and how many it takes with the invalid ones in front of it; else the one before."""
    end = position
    while end < len(text):
        if _valid(text[end]):
            return text[end], end + 1 - position
        end += 1
    return before, end - position


def _capitals(text: str, position: int, first: str) -> int:
    """The end of a word of capitals (without the one that begins the next word), or of one capital and letters."""
    if position == len(text):
        return position
    following, size = _peek(text, position, first)
    if not is_upper(following):
        return _end(text, position, first, _small_letter)
    last = size
    position += size
    while position < len(text):
        following, size = _peek(text, position, following)
        if not is_upper(following):
            return position - last if _alphabetic(following) else position
        last = size
        position += size
    return position
