"""The rows of docs/registries.md, as the conversations have them."""

from __future__ import annotations

from tests.registry.conversations import Conversation

_REAL = "[the real program](../tests/e2e/test_docker_registry.py) and "


def row(kind: Conversation) -> str:
    """The row of one registry; sources of facts stand in its file."""
    peculiar = "; ".join(fact for fact, _ in kind.peculiar)
    real = _REAL if kind.tested == "the real program" else ""
    tested = f"{real}[a twin](../tests/registry/conversations/{kind.file})"
    return f"| {kind.registry} | {peculiar} | {kind.listing} | {kind.digest} | {kind.credentials} | {tested} |"
