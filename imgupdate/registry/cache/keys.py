"""Who asked for what, as the name of a file."""

from __future__ import annotations

import hashlib
import json

from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.session import Visit


def who_asked(visit: Visit) -> str:
    """A name that is the same for the same repository, reached in the same way by the same user.

    No password, token or private key has a part in it, so that none can be found out from it, by trial or otherwise. A
    user is told apart by name and by where the credential was found.
    """
    tls, proxy = visit.access.tls, visit.access.proxy
    parts = (
        visit.endpoint,
        visit.repository.path,
        visit.access.insecure,
        _user(visit.credential),
        None if tls is None else [hashlib.sha256(pem).hexdigest() for pem in (tls.ca, tls.certificate)],
        None if proxy is None else [proxy.address, proxy.username],
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _user(credential: Credential | None) -> tuple[str, str, str] | None:
    if credential is None:
        return None
    kind = "token" if credential.registry_token else "identity" if credential.identity_token else "user"
    return kind, credential.username, credential.source
