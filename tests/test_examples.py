"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from imgupdate import images, versions
from imgupdate.policies import numbers


@pytest.mark.parametrize("module", [images, versions, numbers], ids=lambda module: module.__name__)
def test_the_examples_of_a_module_do_what_they_show(module: ModuleType) -> None:
    results = doctest.testmod(module)

    assert results.attempted > 0
    assert results.failed == 0
