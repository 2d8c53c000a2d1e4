"""Conversations with registries, as data: one file for each kind (tests/registry/test_conversations.py).

A file has what is peculiar to a registry, each fact with its source, and talks. A talk is a client's: its steps ask for
the tags, the digest or the labels of an image, and each exchange is one request with its answer, in order. Names of
images, tags and tokens are made up; everything else is what the sources say.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.twins.conversation import Exchange
from tests.twins.http import Answer

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A question to the client, what it asks the registry for that, and what comes of it.

    `ask` is `tags`, `digest` or `labels`. `gives` has `tags` with `warnings`, `digest`, `labels` or `fails`.
    `later` is how many seconds pass before.
    """

    ask: str
    image: str
    later: float
    exchanges: Sequence[Exchange]
    gives: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Steps of one client; `secret` has the credentials that it is given, by registry."""

    title: str
    secret: Mapping[str, str]
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A registry, as docs/registries.md has it in its table; the first talk says how many requests it takes."""

    file: str
    registry: str
    peculiar: Sequence[tuple[str, str]]
    credentials: str
    tested: str
    talks: Sequence[Talk]

    @property
    def listing(self) -> int:
        """Requests for the tags of a first image."""
        return len(self.talks[0].steps[0].exchanges)

    @property
    def digest(self) -> int:
        """Requests for the digest of one of its tags after that."""
        return len(self.talks[0].steps[1].exchanges)


def conversations() -> list[Conversation]:
    """All of them, in the order of their files."""
    return [_conversation(path) for path in sorted(FOLDER.glob("*.yaml"))]


def _conversation(path: Path) -> Conversation:
    data = _numbered(yaml.safe_load(path.read_text(encoding="utf-8")))
    return Conversation(
        file=path.name,
        registry=data["registry"],
        peculiar=[(fact["is"], fact["source"]) for fact in data["peculiar"]],
        credentials=data["credentials"],
        tested=data["tested"],
        talks=[
            Talk(
                title=talk["title"],
                secret=talk.get("secret", {}),
                steps=[_step(step) for step in talk["steps"]],
            )
            for talk in data["talks"]
        ],
    )


def _numbered(data: Any) -> Any:
    """`{numbered: [0, 1000]}` as the tags `build-0000` to `build-0999`."""
    match data:
        case {"numbered": [int(first), int(end)]}:
            return [f"build-{number:04}" for number in range(first, end)]
        case dict():
            return {key: _numbered(value) for key, value in data.items()}
        case list():
            return [_numbered(value) for value in data]
        case _:
            return data


def _step(data: Mapping[str, Any]) -> Step:
    ask, image = data["ask"].split()
    return Step(
        ask=ask,
        image=image,
        later=data.get("later", 0.0),
        exchanges=[_exchange(each) for each in data["exchanges"]],
        gives=data["gives"],
    )


def _exchange(data: Mapping[str, Any]) -> Exchange:
    method, url = data["request"].split()
    answer = data["answer"]
    headers = {name: str(value) for name, value in answer.get("headers", {}).items()}
    if "json" in answer:
        headers.setdefault("Content-Type", "application/json")
        body = json.dumps(answer["json"])
    else:
        body = answer.get("text", "")
    return Exchange(
        method=method,
        url=httpx.URL(url),
        authorization=_authorization(data.get("shows", "")),
        headers={name.lower(): str(value) for name, value in data.get("headers", {}).items()},
        form=data.get("form", ""),
        answer=Answer(status=answer.get("status", 200), headers=headers, body=body.encode()),
    )


def _authorization(shown: str) -> str:
    """`Basic user:password` as it goes over the wire."""
    kind, _, value = shown.partition(" ")
    return f"Basic {base64.b64encode(value.encode()).decode()}" if kind == "Basic" else shown
