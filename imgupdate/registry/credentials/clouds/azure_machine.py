"""The identity that Azure gives to its machines (managed identity), asked for where they keep it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from urllib.parse import urlencode

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.leases import Lease
from imgupdate.registry.credentials.clouds.web import CloudWeb
from imgupdate.registry.failures import describe

_MACHINES = "http://169.254.169.254/metadata/identity/oauth2/token"
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_NONE = "give the machine a managed identity"


def machine_token(environment: CloudEnvironment, web: CloudWeb, resource: str) -> Lease[str]:
    """A token for a resource: of the service that IDENTITY_ENDPOINT names, else of the metadata of virtual machines.

    AZURE_CLIENT_ID chooses among several identities.

    Raises:
        ScanError: there is no such service, or it gives no token.

    """
    chosen = environment.get("AZURE_CLIENT_ID")
    identity = {"client_id": chosen} if chosen else {}
    service, secret = environment.get("IDENTITY_ENDPOINT"), environment.get("IDENTITY_HEADER")
    if service and secret:
        query = urlencode({"api-version": "2019-08-01", "resource": resource, **identity})
        answer = web.ask_machine(f"{service}?{query}", headers={"X-IDENTITY-HEADER": secret})
    else:
        query = urlencode({"api-version": "2018-02-01", "resource": resource, **identity})
        answer = web.ask_machine(f"{_MACHINES}?{query}", headers={"Metadata": "true"})
    if answer.status != 200:
        said = describe(answer.status, answer.body, secrets=(secret,))
        raise ScanError(f"its service answered {said}", remedy=_NONE)
    return _read(answer.body)


def _read(body: bytes) -> Lease[str]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise ScanError("its service does not answer as one of Azure does", remedy=_NONE)
    token = parsed.get("access_token")
    if not isinstance(token, str) or not _VISIBLE.fullmatch(token):
        raise ScanError("its service gives no token", remedy=_NONE)
    ends = str(parsed.get("expires_on", ""))
    if not (ends.isascii() and ends.isdigit() and len(ends) < 20):
        return Lease(value=token, seconds=0.0)
    return Lease(value=token, seconds=int(ends) - datetime.now(UTC).timestamp())
