"""Go's string and character literals: reading them (`strconv.Unquote`) and writing them (`strconv.Quote`)."""

from __future__ import annotations

from imgupdate.templates.values import from_bytes, to_bytes

REPLACEMENT = "\ufffd"
SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
NAMES = {character: f"\\{name}" for name, character in SIMPLE.items()}
DIGITS = {"x": 2, "u": 4, "U": 8}
MAX_RUNE = 0x10FFFF


class InvalidLiteral(ValueError):
    """A literal is not one of Go's."""


def is_rune(code: int) -> bool:
    """Whether a number is a Unicode code point that UTF-8 can hold."""
    return 0 <= code <= MAX_RUNE and not 0xD800 <= code <= 0xDFFF


def rune(code: int) -> str:
    """The character with this code point; the replacement character where there is none."""
    return chr(code) if is_rune(code) else REPLACEMENT


def escaped_byte(character: str) -> int | None:
    """The byte that a surrogate of ours stands for, None for every other character."""
    code = ord(character)
    return code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else None


def quoted(text: str, *, quote: str = '"', ascii_only: bool = False) -> str:
    """A text as a Go literal that `strconv.Quote` writes, or with `'` a character as `strconv.QuoteRune` does."""
    return quote + "".join(_escaped(character, quote, ascii_only=ascii_only) for character in text) + quote


def _escaped(character: str, quote: str, *, ascii_only: bool) -> str:
    if character == quote:
        return "\\" + quote
    if character in NAMES:
        return NAMES[character]
    byte = escaped_byte(character)
    if byte is not None:
        return f"\\x{byte:02x}"
    code = ord(character)
    if character.isprintable() and (code < 0x80 or not ascii_only):
        return character
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def can_be_raw(text: str) -> bool:
    """Whether a text can stand between backquotes as it is (`strconv.CanBackquote`)."""
    return not any(
        (ord(character) < 0x20 and character != "\t")
        or character in "`\x7f\ufeff"
        or escaped_byte(character) is not None
        for character in text
    )


def unquoted(literal: str) -> str:
    """The text of a Go string literal in double quotes or backquotes; raises InvalidLiteral."""
    if literal.startswith("`"):
        return literal[1:-1].replace("\r", "")
    body = literal[1:-1]
    if "\\" not in body:
        return body
    data = bytearray()
    position = 0
    while position < len(body):
        part, position = _unescaped(body, position, '"')
        data += part
    return from_bytes(bytes(data))


def character_code(literal: str) -> int:
    """The code point of a Go character literal; raises InvalidLiteral."""
    if len(literal) < 3 or literal[1] in "'\n":
        raise InvalidLiteral("invalid syntax")
    part, position = _unescaped(literal, 1, "'", as_code=True)
    if literal[position:] != "'":
        raise InvalidLiteral(f"malformed character constant: {literal}")
    return int.from_bytes(part, "big")


def _unescaped(text: str, position: int, quote: str, *, as_code: bool = False) -> tuple[bytes, int]:
    """What the literal holds at a position, as bytes (or as the four bytes of a code point), and where it goes on."""
    character = text[position]
    if character != "\\":
        code = 0xFFFD if as_code and escaped_byte(character) is not None else ord(character)
        return (code.to_bytes(4, "big") if as_code else to_bytes(character)), position + 1
    name = text[position + 1 : position + 2]
    position += 2
    if name in SIMPLE or (name and name == quote):
        code, is_byte = ord(SIMPLE.get(name, name)), False
    elif name in DIGITS:
        code, position = _number(text, position, DIGITS[name], 16), position + DIGITS[name]
        is_byte = name == "x"
        if not is_byte and not is_rune(code):
            raise InvalidLiteral("invalid syntax")
    elif name and name in "01234567":
        code, position, is_byte = _number(text, position - 1, 3, 8), position + 2, True
        if code > 0xFF:
            raise InvalidLiteral("invalid syntax")
    else:
        raise InvalidLiteral("invalid syntax")
    if as_code:
        return code.to_bytes(4, "big"), position
    return (bytes([code]) if is_byte else chr(code).encode()), position


def _number(text: str, position: int, count: int, base: int) -> int:
    digits = text[position : position + count]
    allowed = "0123456789abcdefABCDEF" if base == 16 else "01234567"
    if len(digits) < count or any(digit not in allowed for digit in digits):
        raise InvalidLiteral("invalid syntax")
    return int(digits, base)
