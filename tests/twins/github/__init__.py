"""GitHub in a box, for tests, for the demo and for the container: its API over one real bare repository."""

from __future__ import annotations

from tests.twins.github import faults
from tests.twins.github.accounts import Account, Token, app_token, person_token, workflow_token
from tests.twins.github.people import Logged
from tests.twins.github.server import GitHubTwin, SeenCall
from tests.twins.github.world import Pull, Rules, Settings

__all__ = [
    "Account",
    "GitHubTwin",
    "Logged",
    "Pull",
    "Rules",
    "SeenCall",
    "Settings",
    "Token",
    "app_token",
    "faults",
    "person_token",
    "workflow_token",
]
