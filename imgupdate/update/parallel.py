"""Calls that wait for the outside world, many at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Generic, Protocol, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Progress(Protocol):
    """Hears how far a step of a run has come, always on the thread that runs the step."""

    def begin(self, step: str, total: int) -> None:
        """A step of so many items starts."""
        ...

    def advance(self, item: str) -> None:
        """One more item is done, whether it went well or not."""
        ...

    def end(self) -> None:
        """The step is over, all items done or not."""
        ...


class Silent:
    """Progress that nobody looks at."""

    def begin(self, step: str, total: int) -> None:
        """Nothing."""

    def advance(self, item: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class _Raised:
    """An exception on its way from a worker to the thread that asked."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class _Crew(Generic[Item, Answer]):
    """Threads that take items until there are none left.

    They are daemons: a person who interrupts the run does not wait for a slow registry to answer.
    """

    def __init__(self, items: Sequence[Item], call: Callable[[Item], Answer], workers: int) -> None:
        self._items = items
        self._call = call
        self._waiting = deque(range(len(items)))
        self._done: SimpleQueue[tuple[int, Answer | _Raised]] = SimpleQueue()
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(min(workers, len(items)))]

    def _work(self) -> None:
        while True:
            try:
                index = self._waiting.popleft()
            except IndexError:
                return
            try:
                self._done.put((index, self._call(self._items[index])))
            except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is awaited
                self._waiting.clear()
                self._done.put((index, _Raised(error)))

    def answers(self) -> Generator[tuple[Item, Answer], None, None]:
        try:
            for thread in self._threads:
                thread.start()
            for _ in self._items:
                index, answer = self._done.get()
                if isinstance(answer, _Raised):
                    raise answer.error
                yield self._items[index], answer
        finally:
            self._waiting.clear()


def in_parallel(
    items: Sequence[Item], call: Callable[[Item], Answer], *, workers: int
) -> Generator[tuple[Item, Answer], None, None]:
    """Each item with what the call answers for it, in the order in which the answers come.

    At most `workers` calls run at once. When a call raises, or the caller stops listening, no further
    call is started, and those that run are not waited for.
    """
    return _Crew(items, call, workers).answers()
