"""The error tree and its exit codes (design, section 6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imgupdate import errors

EXIT_CODES = {
    errors.Error: 1,
    errors.UsageError: 2,
    errors.ConfigurationError: 3,
    errors.ScanError: 4,
    errors.ManifestError: 5,
    errors.PublishError: 6,
}


def descendants(of: type[errors.Error]) -> Iterator[type[errors.Error]]:
    for child in of.__subclasses__():
        yield child
        yield from descendants(child)


@pytest.mark.parametrize(("error", "code"), EXIT_CODES.items())
def test_each_branch_of_the_tree_has_the_exit_code_that_the_design_gives_it(
    error: type[errors.Error], code: int
) -> None:
    assert error.exit_code == code


def test_every_error_is_under_the_one_root_and_takes_the_code_of_its_branch() -> None:
    defined = {v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Exception)}

    assert defined == {errors.Error, *(d for d in descendants(errors.Error) if d.__module__ == errors.__name__)}
    assert {d.exit_code for d in descendants(errors.Error)} == set(range(2, 7))


def test_every_error_of_this_module_stands_in_the_tree_that_its_docstring_draws() -> None:
    drawn = errors.__doc__ or ""

    assert [
        d.__name__ for d in descendants(errors.Error) if d.__module__ == errors.__name__ and d.__name__ not in drawn
    ] == []


@pytest.mark.parametrize(
    ("where", "remedy", "text"),
    [
        ("", "", "it broke"),
        ("a.yaml:3", "", "a.yaml:3: it broke"),
        ("", "mend it", "it broke; mend it"),
        ("a.yaml:3", "mend it", "a.yaml:3: it broke; mend it"),
    ],
)
def test_an_error_reads_as_place_then_what_happened_then_what_to_do(where: str, remedy: str, text: str) -> None:
    assert str(errors.ScanError("it broke", where=where, remedy=remedy)) == text
