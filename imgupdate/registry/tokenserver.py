"""The requests to a token server, and its answers in all their variations (spec/registry.md 2.3)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.addresses import host_of
from imgupdate.registry.clock import Clock, Deadline
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.failures import describe
from imgupdate.registry.redirects import next_url
from imgupdate.registry.roles import role_needed
from imgupdate.registry.sender import Answer, Call, Network, Sender
from imgupdate.registry.tokens import EARLY, LONGEST_LIFE, SHORTEST_LIFE, Token, TokenRefused, TokenServer

CLIENT = "imgupdate"
_VISIBLE = re.compile(r"[\x21-\x7e]+")


class TokenClient:
    """Asks one registry's token servers. A credential that it is given goes to the server: the caller decides."""

    def __init__(self, sender: Sender, network: Network, *, public_only: bool) -> None:
        self._sender = sender
        self._network = network
        self._public_only = public_only

    def fetch(
        self, server: TokenServer, scopes: Sequence[str], credential: Credential | None, deadline: Deadline
    ) -> Token:
        """A token for these scopes: by POST with an identity token where the server knows that, else by GET.

        Raises:
            TokenRefused: the server gives none.
            ScanError: the server does not answer, or not with a token.

        """
        answer = None
        if credential is not None and credential.identity_token:
            answer = self._post(server, scopes, credential.identity_token, deadline)
            if answer.status == 404:
                answer = None
        if answer is None:
            answer = self._get(server, scopes, credential, deadline)
        if answer.status != 200:
            raise _refusal(server, answer, credential)
        return _read(server, answer.body, self._sender.clock)

    def _post(self, server: TokenServer, scopes: Sequence[str], identity_token: str, deadline: Deadline) -> Answer:
        form = {
            "grant_type": "refresh_token",
            "service": server.service,
            "client_id": CLIENT,
            "scope": " ".join(scopes),
            "refresh_token": identity_token,
        }
        call = self._call(server.realm, {"Content-Type": "application/x-www-form-urlencoded"})
        return self._sender.send(
            Call(
                method="POST",
                url=call.url,
                headers=call.headers,
                content=urlencode(form).encode(),
                limit=call.limit,
                network=call.network,
                public_only=call.public_only,
            ),
            deadline,
        )

    def _get(
        self, server: TokenServer, scopes: Sequence[str], credential: Credential | None, deadline: Deadline
    ) -> Answer:
        parameters = parse_qsl(server.realm.query.decode("ascii"), keep_blank_values=True)
        if server.service:
            parameters.append(("service", server.service))
        parameters += [("scope", scope) for scope in scopes]
        url = server.realm.copy_with(query=urlencode(parameters).encode() or None, fragment=None)
        authorization = _authorization(credential)
        headers = {"Authorization": authorization} if authorization else {}
        answer = self._sender.send(self._call(url, headers), deadline)
        for _ in range(self._sender.limits.redirects):
            following = next_url(answer, public=self._public_only)
            if following is None or authorization:
                break
            answer = self._sender.send(self._call(following, {}), deadline)
        return answer

    def _call(self, url: httpx.URL, headers: Mapping[str, str]) -> Call:
        return Call(
            url=url,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **headers},
            limit=self._sender.limits.token_bytes,
            network=self._network,
            public_only=self._public_only,
        )


def _authorization(credential: Credential | None) -> str:
    if credential is None:
        return ""
    if credential.basic or not credential.identity_token:
        return credential.basic
    return "Basic " + base64.b64encode(f"<token>:{credential.identity_token}".encode()).decode("ascii")


def _refusal(server: TokenServer, answer: Answer, credential: Credential | None) -> ScanError:
    host = host_of(server.realm)
    said = describe(answer.status, answer.body, secrets=credential.secrets if credential else ())
    if answer.status in (401, 403) and credential is not None:
        role = role_needed(host)
        return TokenRefused(
            f"the token server {host} refuses the credentials of {credential.source}: it answered {said}",
            remedy=(
                f"give the identity {role}" if role else f"log in to the registry again, or correct {credential.source}"
            ),
            status=answer.status,
            rejected=answer.status == 401,
        )
    if 400 <= answer.status < 500 and answer.status not in (408, 425, 429):
        return TokenRefused(
            f"the token server {host} gives no token: it answered {said}",
            remedy="check the image's name; if it is private, log in to its registry",
            status=answer.status,
        )
    return ScanError(f"the token server {host} answered {said}", remedy="try again later")


def _read(server: TokenServer, body: bytes, clock: Clock) -> Token:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _no_token(server, "it answered with something other than JSON") from error
    if not isinstance(parsed, dict):
        raise _no_token(server, "its answer is not a mapping")
    value = parsed.get("access_token") or parsed.get("token")
    if not isinstance(value, str) or not _VISIBLE.fullmatch(value):
        raise _no_token(server, "its answer holds no token")
    renewed = parsed.get("refresh_token")
    return Token(
        value=value,
        ends=clock.monotonic() + _life(parsed, clock.now()) - EARLY,
        identity_token=renewed if isinstance(renewed, str) and _VISIBLE.fullmatch(renewed) else "",
    )


def _life(parsed: Mapping[str, object], now: float) -> float:
    """Seconds that a token has left; all of them if it begins in the future or has ended, which shows a wrong clock."""
    stated = parsed.get("expires_in")
    life = SHORTEST_LIFE
    if isinstance(stated, int | float) and not isinstance(stated, bool) and stated > SHORTEST_LIFE:
        life = float(min(stated, LONGEST_LIFE))
    issued = parsed.get("issued_at")
    if not isinstance(issued, str):
        return life
    try:
        begun = datetime.fromisoformat(issued)
    except ValueError:
        return life
    age = now - (begun if begun.tzinfo else begun.replace(tzinfo=UTC)).timestamp()
    return life - age if 0 <= age < life - EARLY else life


def _no_token(server: TokenServer, reason: str) -> ScanError:
    return ScanError(
        f"the token server {host_of(server.realm)} gives no token: {reason}",
        remedy="check that the image name leads to a container registry, and look for a proxy that changes answers",
    )
