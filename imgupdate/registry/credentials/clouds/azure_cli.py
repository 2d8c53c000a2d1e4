"""The token of the person who is logged in with Azure's command line, for those who ask for it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.leases import Lease
from imgupdate.registry.credentials.process import ProcessFailed, find_program, run_program

SECONDS = 20.0
_LIFE = 300.0
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_ASKED = "AZURE_TOKEN_CREDENTIALS"
_REMEDY = f"run `az login`, or take {_ASKED} out of the environment"
_PASSED_ON = (
    *("HOME", "PATH", "AZURE_CONFIG_DIR", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)


def is_asked_for(environment: CloudEnvironment) -> bool:
    """Whether the command line is to be used, by the variable with which Azure's libraries choose credentials."""
    return environment.get(_ASKED).lower() == "azureclicredential"


def cli_token(environment: CloudEnvironment, resource: str, *, seconds: float = SECONDS) -> Lease[str]:
    """A token for a resource from the program `az`.

    Raises:
        ScanError: the program is not there, nobody is logged in, or it says something else.

    """
    program = find_program("az", environment.get("PATH"))
    if program is None:
        raise ScanError(f"{_ASKED} asks for the program az, which is not on the PATH", remedy=_REMEDY)
    arguments = ["account", "get-access-token", "--output", "json", "--resource", resource]
    if tenant := environment.get("AZURE_TENANT_ID"):
        arguments.append(f"--tenant={tenant}")
    variables = {name: value for name in _PASSED_ON if (value := environment.get(name))}
    try:
        status, output = run_program(program, arguments, "", seconds=seconds, environment=variables)
    except ProcessFailed as error:
        raise ScanError(f"az gives no token: {error}", remedy=_REMEDY) from error
    if status != 0:
        raise ScanError(f"az gives no token: it ended with exit status {status}", remedy=_REMEDY)
    return _read(output)


def _read(output: bytes) -> Lease[str]:
    try:
        parsed = json.loads(output)
    except (ValueError, RecursionError):
        parsed = None
    token = parsed.get("accessToken") if isinstance(parsed, dict) else None
    if not isinstance(token, str) or not _VISIBLE.fullmatch(token):
        raise ScanError("az gives no token: it printed something else", remedy=_REMEDY)
    ends = parsed.get("expires_on") if isinstance(parsed, dict) else None
    if not isinstance(ends, int) or not 0 < ends < 1 << 40:
        return Lease(value=token, seconds=_LIFE)
    return Lease(value=token, seconds=ends - datetime.now(UTC).timestamp())
