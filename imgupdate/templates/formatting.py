"""How Go's `fmt` prints one value for one verb (`%v`, `%+v`, `%#v`, `%q`, `%x` ...)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from imgupdate.templates.floats import format_float
from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.quoting import REPLACEMENT, can_be_raw, quoted, rune
from imgupdate.templates.values import (
    ANY,
    Map,
    SizedInteger,
    Slice,
    Struct,
    go_type,
    sorted_entries,
    to_bytes,
)

DEEPEST = 60
"""A value that holds itself has no end; Go's own printing would never come back."""

BASES = {"v": 10, "d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}
FLOAT_PRECISION = {"f": 6, "F": 6, "e": 6, "E": 6, "v": -1, "g": -1, "G": -1, "b": -1, "x": -1, "X": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The flags, width and precision of one verb; `plus_v` and `sharp_v` are those of `%+v` and `%#v`."""

    plus: bool = False
    minus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    plus_v: bool = False
    sharp_v: bool = False
    width: int | None = None
    precision: int | None = None


PLAIN = Flags()


def text_of(value: object, budget: Budget) -> str:
    """The text of a value as `%v` prints it."""
    return value if isinstance(value, str) else Printer(PLAIN, budget).value(value, "v")


class Printer:
    """Prints values under one set of flags. `erroring`: a verb was wrong, methods are not asked any more."""

    def __init__(self, flags: Flags, budget: Budget, *, erroring: bool = False) -> None:
        self.flags = flags
        self.budget = budget
        self.erroring = erroring

    def value(self, value: object, verb: str, depth: int = 0) -> str:
        """The text of a value for a verb; raises FunctionFailed for what has no lasting text."""
        if depth > DEEPEST:
            raise FunctionFailed("the value is nested too deeply to be printed, or holds itself")
        if value is None:
            text = self._nil(verb, depth)
        elif depth == 0 and verb == "T":
            text = self._string(go_type(value), "s")
        elif depth == 0 and verb == "p":
            text = self._address(value)
        elif verb == "w":
            text = self.bad_verb(value, verb)
        else:
            text = self._value(value, verb, depth)
        self.budget.spend(len(text) + 8)
        return text

    def _value(self, value: object, verb: str, depth: int) -> str:  # noqa: PLR0911 - one line a kind
        match value:
            case bool():
                return self.padded("true" if value else "false") if verb in "tv" else self.bad_verb(value, verb)
            case str():
                return self._string(value, verb)
            case int():
                return self._integer(value, verb)
            case float():
                return self._float(value, verb)
            case complex():
                return self._complex(value, verb)
            case Struct():
                return self._struct(value, verb, depth)
            case Map():
                return self._map(value, verb, depth)
            case Slice():
                return self._slice(value, verb, depth)
        raise TypeError(f"{type(value).__name__} is not a value of a template")

    def bad_verb(self, value: object, verb: str) -> str:
        """What Go prints where a verb does not suit the value."""
        inner = Printer(self.flags, self.budget, erroring=True)
        shown = "<nil>" if value is None else f"{go_type(value)}={inner.value(value, 'v')}"
        return f"%!{verb}({shown})"

    def padded(self, text: str, *, zero: bool | None = None) -> str:
        """The text filled up to the width."""
        missing = (self.flags.width or 0) - len(text)
        if missing <= 0:
            return text
        self.budget.text(missing)
        if self.flags.minus:
            return text + " " * missing
        return ("0" if (self.flags.zero if zero is None else zero) else " ") * missing + text

    def _nil(self, verb: str, depth: int) -> str:
        if depth:
            return f"{ANY}(nil)" if self.flags.sharp_v else "<nil>"
        return self.padded("<nil>") if verb in "Tv" else self.bad_verb(None, verb)

    def _address(self, value: object) -> str:
        if isinstance(value, (Map, Slice)) or (isinstance(value, Struct) and value.type.pointer):
            raise FunctionFailed("%p prints an address in memory, which is another one in every run")
        return self.bad_verb(value, "p")

    def _string(self, text: str, verb: str) -> str:
        flags = self.flags
        if verb in "xX":
            return self._hexadecimal(text, verb)
        text = text if flags.precision is None else text[: flags.precision]
        if verb == "q" or (verb == "v" and flags.sharp_v):
            if flags.sharp and can_be_raw(text):
                return self.padded(f"`{text}`")
            return self.padded(quoted(text, ascii_only=flags.plus))
        return self.padded(text) if verb in "sv" else self.bad_verb(text, verb)

    def _hexadecimal(self, text: str, verb: str) -> str:
        flags = self.flags
        data = to_bytes(text)
        data = data if flags.precision is None else data[: flags.precision]
        prefix = f"0{verb}" if flags.sharp and data else ""
        pairs = [f"{byte:02{verb}}" for byte in data]
        self.budget.text(5 * len(pairs))
        return self.padded(prefix + (f" {prefix}" if flags.space else "").join(pairs))

    def _integer(self, number: int, verb: str) -> str:
        unsigned = isinstance(number, SizedInteger) and not number.signed
        if verb == "c":
            return self.padded(rune(number))
        if verb == "q":
            return self.padded(quoted(rune(number), quote="'", ascii_only=self.flags.plus))
        if verb == "U":
            return self._code_point(number)
        if verb == "v" and unsigned and self.flags.sharp_v:
            return Printer(replace(self.flags, sharp=True), self.budget)._digits(number, "x")  # noqa: SLF001
        return self._digits(number, verb) if verb in BASES else self.bad_verb(number, verb)

    def _digits(self, number: int, verb: str) -> str:
        flags = self.flags
        if flags.precision == 0 and number == 0:
            return self.padded("", zero=False)
        magnitude, base = abs(int(number)), BASES[verb]
        digits = format(magnitude, {10: "d", 2: "b", 8: "o", 16: "X" if verb == "X" else "x"}[base])
        sign = "-" if number < 0 else "+" if flags.plus else " " if flags.space else ""
        wanted = flags.precision or 0
        if flags.precision is None and flags.zero and not flags.minus:
            wanted = (flags.width or 0) - len(sign)
        self.budget.text(max(wanted, 0))
        digits = digits.rjust(wanted, "0")
        if flags.sharp:
            octal = "" if digits.startswith("0") else "0"
            digits = {2: "0b", 8: octal, 16: f"0{'X' if verb == 'X' else 'x'}"}.get(base, "") + digits
        if verb == "O":
            digits = "0o" + digits
        return self.padded(sign + digits, zero=False)

    def _code_point(self, number: int) -> str:
        flags = self.flags
        code = int(number) & 0xFFFFFFFFFFFFFFFF
        wanted = max(flags.precision or 0, 4)
        self.budget.text(wanted)
        text = f"U+{code:0{wanted}X}"
        if (
            flags.sharp
            and code <= 0x10FFFF
            and rune(code).isprintable()
            and (rune(code) != REPLACEMENT or code == 0xFFFD)
        ):
            text += f" '{rune(code)}'"
        return self.padded(text, zero=False)

    def _float(self, number: float, verb: str) -> str:
        if verb not in FLOAT_PRECISION:
            return self.bad_verb(number, verb)
        flags = self.flags
        precision = FLOAT_PRECISION[verb] if flags.precision is None else flags.precision
        self.budget.text(max(precision, 0) + 400)
        text = format_float(number, {"v": "g", "F": "f"}.get(verb, verb), precision)
        text = text if text[0] in "+-" else f"+{text}"
        if flags.space and text[0] == "+" and not flags.plus:
            text = " " + text[1:]
        if text[1] in "IN":
            return self.padded(text[1:] if text[1] == "N" and not (flags.space or flags.plus) else text, zero=False)
        if flags.sharp and verb != "b":
            text = text[0] + with_point(text[1:], verb, precision)
        text = self._unsigned(text)
        if text[0] in "+- " and flags.zero and not flags.minus and (flags.width or 0) > len(text):
            self.budget.text(flags.width or 0)
            return text[0] + text[1:].rjust((flags.width or 0) - 1, "0")
        return self.padded(text)

    def _unsigned(self, text: str) -> str:
        return text if self.flags.plus or text[0] != "+" else text[1:]

    def _complex(self, number: complex, verb: str) -> str:
        if verb not in FLOAT_PRECISION:
            return self.bad_verb(number, verb)
        signed = Printer(replace(self.flags, plus=True), self.budget)
        return f"({self._float(number.real, verb)}{signed._float(number.imag, verb)}i)"

    def _struct(self, value: Struct, verb: str, depth: int) -> str:
        if value.type.string and not self.erroring and not self.flags.sharp_v and verb in "vsxXq":
            return self._string(value.type.string(value), verb)
        names = self.flags.plus_v or self.flags.sharp_v
        parts = [
            (f"{known.name}:" if names else "") + self._nested(part, known.type, verb, depth)
            for known, part in zip(value.type.fields, value.values, strict=True)
        ]
        name = value.type.name if self.flags.sharp_v else ""
        return f"{'&' if value.type.pointer else ''}{name}{{{self._separator().join(parts)}}}"

    def _map(self, value: Map, verb: str, depth: int) -> str:
        if value.nil and self.flags.sharp_v:
            return f"{go_type(value)}(nil)"
        parts = [
            f"{self._nested(key, value.key, verb, depth)}:{self._nested(element, value.element, verb, depth)}"
            for key, element in sorted_entries(value)
        ]
        inner = self._separator().join(parts)
        return f"{go_type(value)}{{{inner}}}" if self.flags.sharp_v else f"map[{inner}]"

    def _slice(self, value: Slice, verb: str, depth: int) -> str:
        if value.nil and self.flags.sharp_v:
            return f"{go_type(value)}(nil)"
        inner = self._separator().join(self._nested(item, value.element, verb, depth) for item in value.items)
        return f"{go_type(value)}{{{inner}}}" if self.flags.sharp_v else f"[{inner}]"

    def _nested(self, value: object, declared: str, verb: str, depth: int) -> str:
        """A part of a value; one that stands in an interface is one level deeper."""
        return self.value(value, verb, depth + (2 if declared == ANY else 1))

    def _separator(self) -> str:
        return ", " if self.flags.sharp_v else " "


def with_point(text: str, verb: str, precision: int) -> str:
    """A number with the decimal point and the zeros at its end that `#` keeps (the sign is not part of the text)."""
    digits = (6 if precision == -1 else precision) if verb in "vgGx" else 0
    tail = ""
    for mark in ("p", "P") if verb in "xX" else ("e", "E"):
        position = text.find(mark)
        if position >= 0:
            text, tail = text[:position], text[position:]
    significant = text.lstrip("0.") if verb not in "xX" else text.lstrip("0")
    digits -= sum(character != "." for character in significant)
    if "." not in text:
        if text == "0":
            digits -= 1
        text += "."
    return text + "0" * max(digits, 0) + tail
