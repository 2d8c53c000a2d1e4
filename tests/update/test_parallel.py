"""Calls that run at once."""

from __future__ import annotations

import threading

import pytest

from imgupdate.update.parallel import Silent, in_parallel


def test_every_item_is_answered_once() -> None:
    answers = dict(in_parallel(range(100), lambda number: number * 2, workers=7))

    assert answers == {number: number * 2 for number in range(100)}


def test_no_items_need_no_threads() -> None:
    before = threading.active_count()

    assert list(in_parallel([], str, workers=8)) == []
    assert threading.active_count() == before


def test_no_more_calls_run_at_once_than_there_are_workers() -> None:
    lock, running, most = threading.Lock(), 0, 0
    together = threading.Barrier(3, timeout=10)

    def call(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1

    list(in_parallel(range(9), call, workers=3))

    assert most == 3


def test_answers_come_as_they_are_there_and_not_in_the_order_of_the_items() -> None:
    second_is_heard = threading.Event()

    def call(item: str) -> str:
        if item == "first":
            assert second_is_heard.wait(10)
        return item

    heard = []
    for item, _ in in_parallel(["first", "second"], call, workers=2):
        heard.append(item)
        second_is_heard.set()

    assert heard == ["second", "first"]


def test_what_a_call_raises_is_raised_where_its_answer_is_awaited() -> None:
    def call(number: int) -> int:
        return 1 // number

    with pytest.raises(ZeroDivisionError):
        list(in_parallel([0], call, workers=1))


def test_after_an_exception_no_further_call_is_started() -> None:
    called = []

    def call(number: int) -> None:
        called.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        list(in_parallel(range(100), call, workers=1))

    assert called == [0]


def test_who_stops_listening_does_not_wait_for_calls_that_hang() -> None:
    forever = threading.Event()

    def call(item: str) -> str:
        if item == "hangs":
            forever.wait(30)
        return item

    answers = in_parallel(["hangs", "quick"], call, workers=2)
    try:
        assert next(answers) == ("quick", "quick")
        answers.close()
    finally:
        forever.set()


def test_threads_do_not_keep_the_process_alive() -> None:
    ready, forever = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def call(_: int) -> None:
        threads.append(threading.current_thread())
        ready.set()
        forever.wait(30)

    answers = in_parallel([1], call, workers=1)
    listener = threading.Thread(target=lambda: list(answers), daemon=True)
    listener.start()
    assert ready.wait(10)

    assert threads[0].daemon
    forever.set()
    listener.join(10)


def test_progress_that_nobody_looks_at_takes_everything() -> None:
    progress = Silent()

    progress.begin("scanning", 1)
    progress.advance("image")
    progress.end()
