"""Publishing put together: where GitHub and git are reached, with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgupdate.cli.publishing import proxy_of, publish_settings
from imgupdate.cli.settings import GitHubAccess, RunSettings
from imgupdate.config.model import SigningType
from imgupdate.publish.settings import Mode
from imgupdate.results import Severity
from tests.publish.stage import stage, told


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, "http://proxy.example:3128"),
        ({"https_proxy": "http://me:p%40ss@proxy.example:3128"}, "http://me:p%40ss@proxy.example:3128"),
        ({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "api.github.com"}, ""),
        ({"HTTP_PROXY": "http://proxy.example:3128"}, ""),
    ],
)
def test_github_is_reached_through_the_proxy_of_the_environment(environment: dict[str, str], proxy: str) -> None:
    assert proxy_of("https://api.github.com", environment).rstrip("/") == proxy


def test_a_key_that_is_given_is_handed_on_with_its_passphrase(tmp_path: Path) -> None:
    given = RunSettings(root=tmp_path, publish=Mode.COMMIT, base="main", signing_key=b"key", signing_passphrase=b"word")

    signing = publish_settings(given).signing

    assert signing is not None
    assert (signing.type, signing.key, signing.passphrase) == (SigningType.GPG, b"key", b"word")
    assert publish_settings(RunSettings(root=tmp_path)).signing is None
    assert "word" not in repr(signing)


def test_an_access_that_cannot_be_used_is_a_problem_and_the_rest_of_the_report_stands(tmp_path: Path) -> None:
    with stage(tmp_path) as scene:
        scene.github.push("main", scene.usual())
        broken = GitHubAccess(token="a b", repository="octo-org/fleet", server_url=scene.github.url)

        result = scene.run(github=broken)

    assert result.published
    assert len(result.plan.changes) == 1
    assert any("token" in message for message in told(result, Severity.ERROR))
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("key", "names_it", "warned"), [(b"key", False, True), (b"key", True, False), (b"", False, False)]
)
def test_a_signing_key_that_nothing_uses_is_a_warning(tmp_path: Path, key: bytes, names_it: bool, warned: bool) -> None:
    with stage(tmp_path) as scene:
        automation = scene.automation()
        if names_it:
            automation = automation.replace("commit:\n", "commit:\n      signingKey: {secretRef: {name: k}}\n")
        scene.github.push("main", scene.usual(**{"auto.yaml": automation, "source.yaml": scene.source()}))

        result = scene.run(signing_key=key)

    assert any("signs nothing" in message for message in told(result, Severity.WARNING)) is warned
