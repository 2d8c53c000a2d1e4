"""A cloud on the loopback interface."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.registry.support import FakeClock
from tests.twins.aws import AwsTwin


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def aws(clock: FakeClock) -> Iterator[AwsTwin]:
    with AwsTwin(now=clock.now) as twin:
        yield twin
