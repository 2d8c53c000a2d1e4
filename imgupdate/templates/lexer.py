"""A template's text as tokens, as Go's `text/template/parse` cuts it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from imgupdate.templates.quoting import escaped_byte, quoted

SPACES = " \t\r\n"
LEFT, RIGHT = "{{", "}}"
TRIM = 2
"""Length of a trim marker with its space."""


class Token(Enum):
    """The kinds of token; `keyword` is every reserved word, and the lone dot."""

    ERROR = "error"
    BOOL = "bool"
    CHARACTER = "character"
    CHARACTER_CONSTANT = "character constant"
    COMPLEX = "complex"
    ASSIGN = "="
    DECLARE = ":="
    EOF = "EOF"
    FIELD = "field"
    IDENTIFIER = "identifier"
    LEFT_DELIMITER = "{{"
    LEFT_PARENTHESIS = "("
    NUMBER = "number"
    PIPE = "|"
    RAW_STRING = "raw string"
    RIGHT_DELIMITER = "}}"
    RIGHT_PARENTHESIS = ")"
    SPACE = "space"
    STRING = "string"
    TEXT = "text"
    VARIABLE = "variable"
    KEYWORD = "keyword"


KEYWORDS = frozenset(
    ["block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with", "."]
)


@dataclass(frozen=True, slots=True)
class Item:
    """A token: its kind, where it starts (in characters from 0), its text, and its line (from 1)."""

    kind: Token
    position: int
    text: str
    line: int

    def __str__(self) -> str:
        if self.kind in {Token.EOF, Token.ERROR}:
            return self.text
        if self.kind is Token.KEYWORD:
            return f"<{self.text}>"
        return quoted(self.text[:10]) + "..." if len(self.text) > 10 else quoted(self.text)

    def is_word(self, word: str) -> bool:
        """Whether the token is this keyword."""
        return self.kind is Token.KEYWORD and self.text == word


def tokens(text: str) -> list[Item]:
    """All tokens of a template; the last one is EOF or an error."""
    return Lexer(text).run()


def code_point(character: str) -> str:
    """A character as `%#U` prints it."""
    character = "\ufffd" if escaped_byte(character) is not None else character
    shown = f" '{character}'" if character.isprintable() else ""
    return f"U+{ord(character):04X}{shown}"


def is_alphanumeric(character: str) -> bool:
    """Whether a character can be part of a name."""
    return character == "_" or character.isalpha() or character.isdecimal()


class _Stop(Exception):
    """The last token was found."""


class Lexer:
    """The walk through one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.start = 0
        self.line = 1
        self.counted = 0
        self.depth = 0
        self.items: list[Item] = []

    def run(self) -> list[Item]:
        """All tokens."""
        try:
            while True:
                self._text()
                self._action()
        except _Stop:
            return self.items

    def _line_at(self, position: int) -> int:
        """The line of a position at or after the last one asked for."""
        self.line += self.text.count("\n", self.counted, position)
        self.counted = position
        return self.line

    def _emit(self, kind: Token) -> None:
        self.items.append(Item(kind, self.start, self.text[self.start : self.position], self._line_at(self.start)))
        self.start = self.position

    def _stop(self, kind: Token, text: str) -> None:
        self.items.append(Item(kind, self.start, text, self._line_at(self.start)))
        raise _Stop

    def _fail(self, message: str) -> None:
        self._stop(Token.ERROR, message)

    def _next(self) -> str:
        character = self.text[self.position : self.position + 1]
        self.position += 1
        return character

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _accept(self, valid: str) -> bool:
        if self._peek() and self._peek() in valid:
            self.position += 1
            return True
        return False

    def _accept_run(self, valid: str) -> None:
        while self._accept(valid):
            pass

    def _skip_spaces(self) -> None:
        while self._peek() and self._peek() in SPACES:
            self.position += 1

    def _text(self) -> None:
        """Text and comments up to an action, whose left delimiter is emitted too."""
        while True:
            found = self.text.find(LEFT, self.position)
            if found < 0:
                self.position = len(self.text)
                if self.position > self.start:
                    self._emit(Token.TEXT)
                self._stop(Token.EOF, "EOF")
            marker = self.text[found + 2 : found + 4]
            trimmed = len(marker) == TRIM and marker[0] == "-" and marker[1] in SPACES
            self.position = found
            if trimmed:
                self.position = self.start + len(self.text[self.start : found].rstrip(SPACES))
            if self.position > self.start:
                self._emit(Token.TEXT)
            self.start, self.position = found, found + 2
            after = self.position + (TRIM if trimmed else 0)
            if not self.text.startswith("/*", after):
                self._emit(Token.LEFT_DELIMITER)
                self.start = self.position = after
                self.depth = 0
                return
            self.start = self.position = after
            self._comment()

    def _comment(self) -> None:
        end = self.text.find("*/", self.position + 2)
        if end < 0:
            self._fail("unclosed comment")
        self.position = end + 2
        delimiter, trimmed = self._at_right()
        if not delimiter:
            self._fail("comment ends before closing delimiter")
        self._leave(trimmed=trimmed)

    def _leave(self, *, trimmed: bool) -> None:
        """Step over a right delimiter, and over the spaces after it where it trims."""
        self.position += 2 + (TRIM if trimmed else 0)
        if trimmed:
            self._skip_spaces()
        self.start = self.position

    def _at_right(self) -> tuple[bool, bool]:
        """Whether the position is at a right delimiter, and whether that trims."""
        marker = self.text[self.position : self.position + 4]
        if marker[1:] == "-" + RIGHT and marker[0] in SPACES:
            return True, True
        return marker.startswith(RIGHT), False

    def _action(self) -> None:
        """The tokens of an action, its right delimiter included."""
        while True:
            delimiter, trimmed = self._at_right()
            if delimiter:
                if self.depth:
                    self._fail("unclosed left paren")
                self.start += TRIM if trimmed else 0
                line = self._line_at(self.start)
                self.items.append(Item(Token.RIGHT_DELIMITER, self.start, RIGHT, line))
                self._leave(trimmed=trimmed)
                return
            self._inside(self._next())

    def _inside(self, character: str) -> None:  # noqa: C901, PLR0912 - one case a token
        match character:
            case "":
                self.position -= 1
                self._fail("unclosed action")
            case " " | "\t" | "\r" | "\n":
                self._space()
            case "=":
                self._emit(Token.ASSIGN)
            case ":":
                if self._next() != "=":
                    self._fail("expected :=")
                self._emit(Token.DECLARE)
            case "|":
                self._emit(Token.PIPE)
            case '"':
                self._quoted('"', Token.STRING, "unterminated quoted string")
            case "'":
                self._quoted("'", Token.CHARACTER_CONSTANT, "unterminated character constant")
            case "`":
                self._raw_string()
            case "$":
                self._name(Token.VARIABLE)
            case "(":
                self.depth += 1
                self._emit(Token.LEFT_PARENTHESIS)
            case ")":
                self.depth -= 1
                if self.depth < 0:
                    self._fail("unexpected right paren")
                self._emit(Token.RIGHT_PARENTHESIS)
            case _:
                self._other(character)

    def _other(self, character: str) -> None:
        if character == "." and self._peek() and self._peek() not in "0123456789":
            self._name(Token.FIELD)
        elif character in "+-.0123456789":
            self.position -= 1
            self._number()
        elif is_alphanumeric(character):
            self._identifier()
        elif " " <= character <= "~":
            self._emit(Token.CHARACTER)
        else:
            self._fail(f"unrecognized character in action: {code_point(character)}")

    def _space(self) -> None:
        """A run of spaces, without the one that belongs to a trim marker."""
        self._skip_spaces()
        self.position -= 1
        if self._at_right() != (True, True):
            self.position += 1
        self._emit(Token.SPACE)

    def _quoted(self, quote: str, kind: Token, failure: str) -> None:
        while (character := self._next()) != quote:
            if character == "\\":
                character = self._next()
            if character in {"", "\n"}:
                self._fail(failure)
        self._emit(kind)

    def _raw_string(self) -> None:
        end = self.text.find("`", self.position)
        if end < 0:
            self._fail("unterminated raw quoted string")
        self.position = end + 1
        self._emit(Token.RAW_STRING)

    def _name(self, kind: Token) -> None:
        """A field or a variable, whose first character is past."""
        if self._at_terminator():
            self._emit(Token.KEYWORD if kind is Token.FIELD else kind)
            return
        self._word()
        self._emit(kind)

    def _word(self) -> None:
        while self._peek() and is_alphanumeric(self._peek()):
            self.position += 1
        if not self._at_terminator():
            self._fail(f"bad character {code_point(self._peek())}")

    def _identifier(self) -> None:
        self._word()
        word = self.text[self.start : self.position]
        if word in KEYWORDS:
            self._emit(Token.KEYWORD)
        else:
            self._emit(Token.BOOL if word in {"true", "false"} else Token.IDENTIFIER)

    def _at_terminator(self) -> bool:
        """Whether a name may end here."""
        character = self._peek()
        return not character or character in SPACES + ".,|:)(" or self.text.startswith(RIGHT, self.position)

    def _number(self) -> None:
        complete = self._scan_number()
        if complete and self._peek() and self._peek() in "+-":
            complete = self._scan_number() and self.text[self.position - 1] == "i"
            kind = Token.COMPLEX
        else:
            kind = Token.NUMBER
        if not complete:
            self._fail(f"bad number syntax: {quoted(self.text[self.start : self.position])}")
        self._emit(kind)

    def _scan_number(self) -> bool:
        """Step over what looks like a number; false where a name runs into it."""
        self._accept("+-")
        digits, exponent = "0123456789_", "eE"
        if self._accept("0"):
            if self._accept("xX"):
                digits, exponent = "0123456789abcdefABCDEF_", "pP"
            elif self._accept("oO"):
                digits, exponent = "01234567_", ""
            elif self._accept("bB"):
                digits, exponent = "01_", ""
        self._accept_run(digits)
        if self._accept("."):
            self._accept_run(digits)
        if exponent and self._accept(exponent):
            self._accept("+-")
            self._accept_run("0123456789_")
        self._accept("i")
        if self._peek() and is_alphanumeric(self._peek()):
            self.position += 1
            return False
        return True
