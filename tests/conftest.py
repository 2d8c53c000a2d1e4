"""Guard rails: no test reaches the internet, the home directory or the real environment."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

PATIENT = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("imgupdate", deadline=None, derandomize=True, max_examples=25, suppress_health_check=PATIENT)
settings.register_profile("thorough", deadline=None, max_examples=500, suppress_health_check=PATIENT)
settings.load_profile("imgupdate")

SCRUBBED = (
    "DOCKER_",
    "REGISTRY_",
    "GITHUB_",
    "ACTIONS_",
    "RUNNER_",
    "INPUT_",
    "IMGUPDATE_",
    "AWS_",
    "AZURE_",
    "GOOGLE_",
    "GIT_",
)
PROXIES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XDG_RUNTIME_DIR",
    "CI",
)


TOLD = "told"


class InternetReached(Exception):
    """A test tried to leave this machine."""


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0]).split("%")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def no_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but loopback fails the test."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if not _is_loopback(address):
            raise InternetReached(f"a test tried to connect to {address}")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if not _is_loopback(address):
            raise InternetReached(f"a test tried to connect to {address}")
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No credential, proxy or setting of the person who runs the tests, and a home of the test's own."""
    for name in list(os.environ):
        if name.startswith(SCRUBBED) or name.upper() in PROXIES:
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Person")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "person@example.com")
    return home


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Have a line printed at the end of the run, also where the test ran in another process and passed."""
    return lambda line: record_property(TOLD, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests had to tell."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    lines = sorted(str(line) for report in reports for name, line in report.user_properties if name == TOLD)
    if lines:
        terminalreporter.section("told by tests")
        for line in lines:
            terminalreporter.write_line(line)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--demand-programs", action="store_true", help="fail where a program that a test needs is not there"
    )
    parser.addoption("--image", help="the folder in which .ci/container has put the built image, for its tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of the image where there is none, and of programs that this machine lacks unless demanded."""
    no_image = config.getoption("--image") is None
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    missing: set[str] = set()
    for item in items:
        absent = {str(m.args[0]) for m in item.iter_markers("needs_program") if shutil.which(str(m.args[0])) is None}
        missing |= absent
        unbuilt = no_image and item.get_closest_marker("needs_image") is not None
        (left_out if absent or unbuilt else kept).append(item)
    if missing and config.getoption("--demand-programs"):
        raise pytest.UsageError(f"these programs are demanded and not on the PATH: {', '.join(sorted(missing))}")
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
