"""Go's `fmt.Sprint`, `fmt.Sprintln` and `fmt.Sprintf`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from imgupdate.templates.formatting import PLAIN, Flags, Printer, text_of
from imgupdate.templates.functions import Budget
from imgupdate.templates.values import go_type, is_integer, joined

TOO_LARGE = 1_000_000
FLAGS = {"+": "plus", "-": "minus", "#": "sharp", " ": "space", "0": "zero"}


def sprint(arguments: Sequence[object], budget: Budget) -> str:
    """The values one after the other, with a space between two that are not strings."""
    parts: list[str] = []
    after_string = True
    for value in arguments:
        is_string = isinstance(value, str)
        if not is_string and not after_string:
            parts.append(" ")
        parts.append(text_of(value, budget))
        after_string = is_string
    return joined(*parts)


def sprintln(arguments: Sequence[object], budget: Budget) -> str:
    """The values with spaces between them and the end of a line after them."""
    return joined(" ".join(text_of(value, budget) for value in arguments), "\n")


def sprintf(template: str, arguments: Sequence[object], budget: Budget) -> str:
    """The text of a format with its verbs replaced, wrong ones by what Go prints for them."""
    return Format(template, arguments, budget).text()


@dataclass(slots=True)
class Format:
    """The walk through one format string."""

    template: str
    arguments: Sequence[object]
    budget: Budget
    parts: list[str] = field(default_factory=list)
    position: int = 0
    argument: int = 0
    reordered: bool = False
    good_number: bool = True
    after_index: bool = False

    def text(self) -> str:
        """The whole text."""
        while self.position < len(self.template):
            percent = self.template.find("%", self.position)
            if percent < 0:
                self.parts.append(self.template[self.position :])
                break
            self.parts.append(self.template[self.position : percent])
            self.position = percent + 1
            self._verb()
        if not self.reordered and self.argument < len(self.arguments):
            extra = ", ".join(
                "<nil>" if value is None else f"{go_type(value)}={text_of(value, self.budget)}"
                for value in self.arguments[self.argument :]
            )
            self.parts.append(f"%!(EXTRA {extra})")
        return joined(*self.parts)

    def _verb(self) -> None:
        self.good_number = True
        self.after_index = False
        self.budget.spend(32)
        flags = self._precision(self._width(self._flags()))
        if not self.after_index:
            self._index()
        if self.position >= len(self.template):
            self.parts.append("%!(NOVERB)")
            return
        verb = self.template[self.position]
        self.position += 1
        if verb == "%":
            self.parts.append("%")
        elif not self.good_number:
            self.parts.append(f"%!{verb}(BADINDEX)")
        elif self.argument >= len(self.arguments):
            self.parts.append(f"%!{verb}(MISSING)")
        else:
            self._print(verb, flags)

    def _print(self, verb: str, flags: Flags) -> None:
        value = self.arguments[self.argument]
        self.argument += 1
        if verb in "vw":
            flags = replace(flags, sharp=False, plus=False, sharp_v=flags.sharp, plus_v=flags.plus)
        printer = Printer(flags, self.budget)
        self.parts.append(printer.value(value, verb))

    def _flags(self) -> Flags:
        names: dict[str, bool] = {}
        while self._peek() in FLAGS:
            names[FLAGS[self._peek()]] = True
            self.position += 1
        return replace(PLAIN, **names)

    def _width(self, flags: Flags) -> Flags:
        self._index()
        if self._peek() != "*":
            width = self._number()
            if self.after_index and width is not None:
                self.good_number = False
            return replace(flags, width=width)
        self.position += 1
        width = self._from_argument()
        self.after_index = False
        if width is None:
            self.parts.append("%!(BADWIDTH)")
        elif width < 0:
            return replace(flags, width=-width, minus=True, zero=False)
        return replace(flags, width=width)

    def _precision(self, flags: Flags) -> Flags:
        if self._peek() != "." or self.position + 1 >= len(self.template):
            return flags
        self.position += 1
        if self.after_index:
            self.good_number = False
        self._index()
        if self._peek() != "*":
            return replace(flags, precision=self._number() or 0)
        self.position += 1
        precision = self._from_argument()
        self.after_index = False
        if precision is None or precision < 0:
            self.parts.append("%!(BADPREC)")
            return flags
        return replace(flags, precision=precision)

    def _peek(self) -> str:
        return self.template[self.position : self.position + 1]

    def _number(self) -> int | None:
        """The digits at the position as a number; None, and the rest of the format given up, when it is too large."""
        start = self.position
        number = 0
        while "0" <= self._peek() <= "9":
            if number > TOO_LARGE:
                self.position = len(self.template)
                return None
            number = number * 10 + int(self._peek())
            self.position += 1
        return number if self.position > start else None

    def _from_argument(self) -> int | None:
        if self.argument >= len(self.arguments):
            return None
        value = self.arguments[self.argument]
        self.argument += 1
        if isinstance(value, int) and is_integer(value) and abs(value) <= TOO_LARGE:
            return int(value)
        return None

    def _index(self) -> None:
        """Follow an explicit argument number `[n]` at the position, if there is one."""
        self.after_index = False
        if self._peek() != "[":
            return
        self.reordered = True
        start = self.position
        close = self.template.find("]", start)
        if len(self.template) - start < 3 or close < 0:
            self.position += 1
            self.good_number = False
            return
        digits = self.template[start + 1 : close]
        self.position = close + 1
        good = digits.isascii() and digits.isdigit() and int(digits[:8]) <= TOO_LARGE * 10
        if good and 0 < int(digits) <= len(self.arguments):
            self.argument = int(digits) - 1
            self.after_index = True
            return
        self.good_number = False
        self.after_index = good
