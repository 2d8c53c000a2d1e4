"""How a function that templates may call is declared, and the budget within which a template runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

STEP = 64
"""What one step of the evaluator costs; one byte of a string costs 1."""

ITEM = 16
"""What one item of a list or dict costs."""

BUDGET = 8 << 20


class FunctionFailed(Exception):
    """A function refuses its arguments: the Go text after "error calling x: "."""


class BudgetExceeded(FunctionFailed):
    """The template asks for more time or memory than a commit message may take."""


class Budget:
    """What a rendering may still spend. Time and memory are one sum, so that a loop over big values ends soon."""

    __slots__ = ("left",)

    def __init__(self, left: int = BUDGET) -> None:
        self.left = left

    def spend(self, amount: int) -> None:
        """Take from the budget before the work is done; raises BudgetExceeded when it does not suffice."""
        self.left -= max(amount, 0)
        if self.left < 0:
            raise BudgetExceeded("the template takes too long or makes too much text")

    def text(self, length: int) -> None:
        """Allow a string of this many characters, before it is made."""
        self.spend(length)

    def items(self, count: int) -> None:
        """Allow a list or dict of this many items, before it is made."""
        self.spend(count * ITEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function as Go declares it: the engine checks number and types of the arguments before it calls.

    `parameters` are Go types (`values.ANY`, `values.STRING`, ...); with `variadic` the last one stands for any number
    of arguments. `call` gets the arguments as values, with `budgeted` the `Budget` of the run before them, and for a
    method the receiver before all arguments. It raises FunctionFailed with Go's error text. The engine charges
    the sizes of arguments and result itself; a function that makes more than that, or loops, asks its budget first.
    """

    name: str
    parameters: tuple[str, ...] = ()
    variadic: bool = False
    budgeted: bool = False
    call: Callable[..., Any]
