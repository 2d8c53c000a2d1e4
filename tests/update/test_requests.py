"""Which policies a person or an event means."""

from __future__ import annotations

import pytest

from imgupdate.errors import UsageError
from imgupdate.results import Severity
from imgupdate.update.requests import images_asked_for
from tests.update.fakes import configuration, policy, repository

CONFIG = configuration(
    repository("app", "ghcr.io/org/app"),
    policy("app", repository="app"),
    policy("app-staging", repository="app"),
    repository("alpine", "alpine"),
    policy("alpine", repository="alpine"),
    policy("lost", repository="nowhere"),
)


@pytest.mark.parametrize(
    "spelling", ["alpine", "docker.io/alpine", "docker.io/library/alpine", "index.docker.io/library/alpine"]
)
def test_an_image_is_meant_however_it_is_spelled(spelling: str) -> None:
    found, notes = images_asked_for(CONFIG, [spelling])

    assert {key.name for key in found} == {"alpine"}
    assert notes == ()


def test_all_policies_of_an_image_are_meant() -> None:
    found, _ = images_asked_for(CONFIG, ["ghcr.io/org/app"])

    assert {key.name for key in found} == {"app", "app-staging"}


def test_an_image_that_nobody_follows_is_a_notice() -> None:
    found, notes = images_asked_for(CONFIG, ["ghcr.io/org/other", "alpine"])

    assert {key.name for key in found} == {"alpine"}
    assert [(note.severity, note.exit_code) for note in notes] == [(Severity.NOTICE, 0)]
    assert "'ghcr.io/org/other'" in notes[0].message


@pytest.mark.parametrize("text", ["", "ghcr.io/org/app:1.0.0", "https://ghcr.io/org/app", "Not An Image", "a\nb"])
def test_what_is_no_image_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is not an image"):
        images_asked_for(CONFIG, [text])
