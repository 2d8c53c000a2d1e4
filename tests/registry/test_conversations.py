"""Each kind of registry, as the client meets it: which requests, in which order, showing what."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from imgupdate.config.model import RegistryAccess
from imgupdate.errors import ScanError
from imgupdate.images import Repository, Tag, parse_repository
from imgupdate.registry import RegistryClient
from tests.registry.conversations import Conversation, Step, Talk, conversations
from tests.registry.support import FakeClock, access
from tests.twins.conversation import UNEXPECTED, ConversationTwin, Exchange
from tests.twins.http import Answer

ALL = conversations()
TALKS = [(kind, talk) for kind in ALL for talk in kind.talks]


def play(client: RegistryClient, step: Step, given: RegistryAccess) -> dict[str, object]:
    """What a step gives, as the data spells it."""
    name, _, tag = step.image.rpartition(":") if step.ask != "tags" else (step.image, "", "")
    image: Repository = parse_repository(name)
    try:
        match step.ask:
            case "tags":
                listing = client.tags(image, given)
                warned = {"warnings": list(listing.warnings)} if listing.warnings else {}
                return {"tags": list(listing.tags), **warned}
            case "digest":
                return {"digest": client.digest(image, Tag(tag), given)}
            case _:
                return {"labels": dict(client.labels(image, Tag(tag), given))}
    except ScanError as error:
        return {"fails": error.message}


@pytest.mark.parametrize(
    ("kind", "talk"), TALKS, ids=[f"{kind.registry}: {talk.title}".replace(" ", "-") for kind, talk in TALKS]
)
def test_a_registry_is_asked_for_just_this_in_just_this_order(kind: Conversation, talk: Talk) -> None:
    auths = {host: {"auth": base64.b64encode(text.encode()).decode()} for host, text in talk.secret.items()}
    given = access(auths=auths or None)
    clock = FakeClock()
    with ConversationTwin() as twin:
        client = RegistryClient(transport_of=twin.transport_of, clock=clock, jitter=lambda: 1.0)
        for step in talk.steps:
            clock.pass_by(step.later)
            twin.expect(step.exchanges)

            result = play(client, step, given)

            assert twin.unexpected == ()
            assert twin.missing == ()
            if "fails" in step.gives:
                assert str(step.gives["fails"]) in str(result.get("fails")), result
            else:
                assert result == step.gives


def test_every_registry_that_people_use_has_its_conversation() -> None:
    assert [kind.registry for kind in ALL] == [
        "Azure Container Registry",
        "Artifactory",
        "Plain distribution",
        "Docker Hub",
        "Amazon ECR, private",
        "Amazon ECR, public",
        "Forgejo, Codeberg",
        "Google Artifact Registry",
        "Google Container Registry",
        "GitHub (ghcr.io)",
        "GitLab",
        "Harbor",
        "registry.k8s.io",
        "Nexus",
        "Quay",
    ]


@pytest.mark.parametrize("kind", ALL, ids=[kind.file for kind in ALL])
def test_each_peculiarity_has_its_source(kind: Conversation) -> None:
    assert kind.peculiar
    assert all(source.startswith(("spec/registry.md ", "https://", "OCI ")) for _, source in kind.peculiar)
    assert [step.ask for step in kind.talks[0].steps[:2]] == ["tags", "digest"]


class TestTwin:
    """What a conversation would not notice, it would not test."""

    EXPECTED = Exchange(
        method="GET",
        url=httpx.URL("https://registry.example.com/v2/team/app/tags/list?n=1000"),
        authorization="Bearer t1",
        headers={"accept": "application/json"},
        answer=Answer(status=200),
    )

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"method": "HEAD"}, "request"),
            ({"url": "http://registry.example.com/v2/team/app/tags/list?n=1000"}, "request"),
            ({"url": "https://other.example.com/v2/team/app/tags/list?n=1000"}, "request"),
            ({"url": "https://registry.example.com/v2/team/web/tags/list?n=1000"}, "request"),
            ({"url": "https://registry.example.com/v2/team/app/tags/list?n=100"}, "request"),
            ({"headers": {"Authorization": "Bearer t2", "Accept": "application/json"}}, "authorization"),
            ({"headers": {"Accept": "application/json"}}, "authorization"),
            ({"headers": {"Authorization": "Bearer t1", "Accept": "*/*"}}, "accept"),
            ({"content": b"a=b"}, "body"),
        ],
    )
    def test_another_request_than_the_expected_one_is_noticed(self, change: dict[str, Any], words: str) -> None:
        with ConversationTwin() as twin:
            twin.expect([self.EXPECTED])

            status = self.ask(twin, **change)

            assert status == UNEXPECTED
            assert [found.split(":")[0] for found in twin.unexpected] == [words]

    def test_one_request_too_many_or_too_few_is_noticed(self) -> None:
        with ConversationTwin() as twin:
            twin.expect([self.EXPECTED, self.EXPECTED])
            assert self.ask(twin) == 200
            assert list(twin.missing) == [self.EXPECTED.target]
            assert self.ask(twin) == 200
            assert not twin.missing
            assert not twin.unexpected
            assert self.ask(twin) == UNEXPECTED
            assert len(twin.unexpected) == 1

    def ask(self, twin: ConversationTwin, **change: Any) -> int:
        asked = {
            "method": "GET",
            "url": str(self.EXPECTED.url),
            "headers": {"Authorization": "Bearer t1", "Accept": "application/json"},
            **change,
        }
        host = httpx.URL(asked["url"]).host
        headers = {**asked["headers"], "Host": host}
        request = httpx.Request(**{**asked, "headers": headers})
        return twin.transport_of(None, request.url, False).handle_request(request).status_code
