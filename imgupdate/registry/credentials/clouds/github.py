"""Who a job of GitHub Actions is, as GitHub says it to clouds that trust it (OpenID Connect)."""

from __future__ import annotations

import json
import re

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.web import CloudWeb
from imgupdate.registry.failures import describe

PERMISSION = "give the job `permissions: id-token: write`"
_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - a variable's name
_VISIBLE = re.compile(r"[\x21-\x7e]+")


class JobIdentity:
    """The identity of the job that we run in."""

    def __init__(self, environment: CloudEnvironment, web: CloudWeb) -> None:
        self._url = environment.get(_URL)
        self._token = environment.get(_TOKEN)
        self._web = web

    @property
    def given(self) -> bool:
        """Whether the job may ask who it is: it has `id-token: write`."""
        return bool(self._url and self._token)

    def statement(self, audience: str) -> str:
        """A signed statement (JWT) of who the job is, for one audience; good for minutes.

        Raises:
            ScanError: the job may not ask, or GitHub does not answer.

        """
        if not self.given:
            raise ScanError("GitHub does not say who this job is", remedy=PERMISSION)
        try:
            url = httpx.URL(self._url).copy_merge_params({"audience": audience})
        except httpx.InvalidURL as error:
            raise ScanError(f"{_URL} is not a web address", remedy="leave it as GitHub sets it") from error
        answer = self._web.ask("GET", str(url), headers={"Authorization": f"Bearer {self._token}"})
        if answer.status != 200:
            said = describe(answer.status, answer.body, secrets=(self._token,))
            raise ScanError(f"GitHub does not say who this job is: it answered {said}", remedy=PERMISSION)
        value = _value(answer.body)
        if not _VISIBLE.fullmatch(value):
            raise ScanError("GitHub's statement of who this job is cannot be read", remedy="try again")
        return value


def _value(body: bytes) -> str:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    value = parsed.get("value") if isinstance(parsed, dict) else None
    return value if isinstance(value, str) else ""
