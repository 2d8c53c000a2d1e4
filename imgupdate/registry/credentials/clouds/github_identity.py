"""The identity that GitHub gives a job with `permissions: id-token: write`, as a signed token (OpenID Connect)."""

from __future__ import annotations

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.addresses import is_loopback
from imgupdate.registry.clock import Deadline
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.model import Malformed, is_text, read_json
from imgupdate.registry.failures import describe
from imgupdate.registry.sender import Call, Network, Sender

_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - the name of a variable
_SECONDS = 20.0
_LIMIT = 64 * 1024
_PERMISSION = "give the job `permissions: id-token: write`"


class GithubIdentity:
    """Asks GitHub for the job's identity; the request goes to the address that the runner names, and nowhere else."""

    def __init__(self, environment: CloudEnvironment, sender: Sender) -> None:
        self._url = environment.get(_URL)
        self._token = environment.get(_TOKEN)
        self._sender = sender

    @property
    def offered(self) -> bool:
        """Whether the job may ask."""
        return bool(self._url and self._token)

    def token(self, audience: str) -> str:
        """A signed token for an audience. It is a secret, and lives for minutes.

        Raises:
            ScanError: GitHub gives none.

        """
        url = self._address(audience)
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "Connection": "close"}
        call = Call(url=url, headers=headers, limit=_LIMIT, network=Network())
        try:
            answer = self._sender.send(call, Deadline(self._sender.clock, _SECONDS))
        except ScanError as error:
            raise ScanError(
                f"GitHub cannot be asked for the job's identity: {error.message}", remedy="run the job again"
            ) from error
        if answer.status != 200:
            reason = describe(answer.status, answer.body, secrets=(self._token,))
            raise ScanError(f"GitHub gives no identity of the job: {reason}", remedy=_PERMISSION)
        try:
            value = read_json(answer.body).get("value")
        except Malformed as error:
            raise _useless() from error
        if not is_text(value) or not value:
            raise _useless()
        return value

    def _address(self, audience: str) -> httpx.URL:
        try:
            url = httpx.URL(self._url).copy_merge_params({"audience": audience})
        except httpx.InvalidURL as error:
            raise ScanError(f"{_URL} is not a web address", remedy="leave it as the runner sets it") from error
        if url.scheme != "https" and not is_loopback(url.host):
            raise ScanError(f"{_URL} is not an address with https", remedy="leave it as the runner sets it")
        return url


def _useless() -> ScanError:
    return ScanError("GitHub's answer holds no identity of the job", remedy="run the job again")
