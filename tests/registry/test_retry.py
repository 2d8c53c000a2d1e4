"""When to ask again, and how many may ask at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from imgupdate.registry.clock import Deadline, OutOfTime, SystemClock
from imgupdate.registry.limits import Limits
from imgupdate.registry.retry import Gate, RateLimited, backoff, rate_limited, retry_after
from tests.registry.support import NOW, FakeClock


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("99999999999999999999", 999999999.0),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Fri, 15 Jan 2027 09:00:30 +0100", 30.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("Fri, 15 Jan 2027 08:00:10 -0000", 10.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
        ("Fri, 99 Jan 99999 08:00:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, expected: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == expected


def test_without_the_header_there_is_nothing_to_wait_for() -> None:
    assert retry_after({}, NOW) is None


def test_waits_double_up_to_a_bound_and_are_spread() -> None:
    limits = Limits()

    assert [backoff(n, limits, 1.0) for n in (1, 2, 3, 4, 9)] == [0.25, 0.5, 1.0, 2.0, 8.0]
    assert backoff(3, limits, 0.5) == 0.5


def test_the_end_of_a_limit_is_told_as_a_time() -> None:
    assert "until 2027-01-15 09:00:00 UTC" in str(rate_limited("docker.io", 3600, NOW))
    assert "9987" in str(rate_limited("docker.io", 1e15, NOW))


def test_a_host_that_asks_to_wait_is_left_alone_by_everybody() -> None:
    clock = FakeClock()
    gate = Gate("docker.io", clock, Limits())

    gate.hold(7.0)
    with gate.passage(Deadline(clock, 60)):
        pass

    assert clock.slept == [7.0]


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    clock = FakeClock()
    gate = Gate("docker.io", clock, Limits())
    gate.hold(3600)

    with pytest.raises(RateLimited, match=r"docker\.io .* 09:00:00 UTC"), gate.passage(Deadline(clock, 60)):
        pass

    assert clock.slept == []


def test_no_more_than_so_many_are_inside_at_once() -> None:
    gate = Gate("x", SystemClock(), Limits(per_host=3))
    inside: list[int] = []
    most: list[int] = []
    lock = threading.Lock()
    third = threading.Barrier(3)

    def visit(number: int) -> None:
        with gate.passage(Deadline(SystemClock(), 30)):
            with lock:
                inside.append(number)
                most.append(len(inside))
            third.wait(30)
            with lock:
                inside.remove(number)

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(visit, range(9)))

    assert max(most) == 3


def test_docker_hub_is_asked_less_at_once() -> None:
    clock = FakeClock()
    gate = Gate("registry-1.docker.io", clock, Limits(per_host=32))

    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(gate.passage(Deadline(clock, 60)))
        with pytest.raises(OutOfTime), gate.passage(Deadline(clock, 0)):
            pass


def test_after_a_429_fewer_are_let_in() -> None:
    clock = FakeClock()
    gate = Gate("x", clock, Limits(per_host=8, per_host_limited=1))
    gate.hold(0.0)

    with gate.passage(Deadline(clock, 60)), pytest.raises(OutOfTime), gate.passage(Deadline(clock, 0)):
        pass


def test_a_deadline_that_has_passed_says_how_long_it_was() -> None:
    clock = FakeClock()
    deadline = Deadline(clock, 5)
    deadline.check()
    clock.pass_by(5)

    with pytest.raises(OutOfTime, match="within 5 s"):
        deadline.check()
    assert deadline.remaining() == 0.0


def test_the_clock_of_the_machine_goes_on() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0)

    assert clock.monotonic() >= before
    assert clock.now() > NOW - 1e9
