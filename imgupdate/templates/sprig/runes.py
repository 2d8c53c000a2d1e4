"""Go's view of a string's characters: case without context, white space, and U+FFFD for each byte that is not UTF-8."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import category

from imgupdate.templates.values import SURROGATES

REPLACEMENT: Final = "\ufffd"
SPACES: Final = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(code) for code in range(0x2000, 0x200B)
}
TRIMMED: Final = "".join(SPACES)
_INVALID: Final = re.compile("[\udc80-\udcff]")


def runes(text: str) -> str:
    """The characters of a string as `[]rune` gives them."""
    return text if text.isascii() or SURROGATES.isdisjoint(text) else _INVALID.sub(REPLACEMENT, text)


def is_space(character: str) -> bool:
    """Go's `unicode.IsSpace`; Python's includes four control characters more."""
    return character in SPACES


def is_upper(character: str) -> bool:
    """Go's `unicode.IsUpper`."""
    return category(character) == "Lu"


def is_lower(character: str) -> bool:
    """Go's `unicode.IsLower`."""
    return category(character) == "Ll"


def is_title(character: str) -> bool:
    """Go's `unicode.IsTitle`."""
    return category(character) == "Lt"


def is_letter(character: str) -> bool:
    """Go's `unicode.IsLetter`."""
    return category(character)[0] == "L"


def is_number(character: str) -> bool:
    """Go's `unicode.IsNumber`."""
    return category(character)[0] == "N"


def is_digit(character: str) -> bool:
    """Go's `unicode.IsDigit`."""
    return category(character) == "Nd"


def is_punctuation(character: str) -> bool:
    """Go's `unicode.IsPunct`."""
    return category(character)[0] == "P"


@lru_cache(maxsize=1024)
def upper_rune(character: str) -> str:
    """One character in upper case, as one character: what has none of its own stays (`ß`)."""
    upper = character.upper()
    return upper if len(upper) == 1 else title_rune(character)


@lru_cache(maxsize=1024)
def lower_rune(character: str) -> str:
    """One character in lower case, as one character."""
    return character.lower()[0]


@lru_cache(maxsize=1024)
def title_rune(character: str) -> str:
    """One character in title case, as one character."""
    title = character.title()
    return title if len(title) == 1 else character


def upper(text: str) -> str:
    """Go's `strings.ToUpper`."""
    return text.upper() if text.isascii() else "".join(map(upper_rune, runes(text)))


def lower(text: str) -> str:
    """Go's `strings.ToLower`."""
    return text.lower() if text.isascii() else "".join(map(lower_rune, runes(text)))


def title(text: str) -> str:
    """Go's `strings.Title`: the first letter of every word, where a word is letters, digits and underscores."""
    written = []
    before = " "
    for character in runes(text):
        written.append(title_rune(character) if _separates(before) else character)
        before = character
    return "".join(written)


def _separates(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    return is_space(character) and not (is_letter(character) or is_digit(character))


def first_of_words_lower(text: str) -> str:
    """The first character after each white space in lower case."""
    written = []
    at_start = True
    for character in runes(text):
        if is_space(character):
            at_start = True
            written.append(character)
        else:
            written.append(lower_rune(character) if at_start else character)
            at_start = False
    return "".join(written)


def swap_case(text: str) -> str:
    """Upper and title case to lower; lower to title at the start of a word and to upper elsewhere."""
    written = []
    after_space = True
    for character in runes(text):
        if is_upper(character) or is_title(character):
            written.append(lower_rune(character))
            after_space = False
        elif is_lower(character):
            written.append(title_rune(character) if after_space else upper_rune(character))
            after_space = False
        else:
            written.append(character)
            after_space = is_space(character)
    return "".join(written)
