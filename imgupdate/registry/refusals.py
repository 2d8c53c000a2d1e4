"""What an answer that is no success means for the person who waits for it."""

from __future__ import annotations

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.failures import describe
from imgupdate.registry.known import HUB_ENDPOINT
from imgupdate.registry.realms import ALLOW
from imgupdate.registry.retry import rate_limited, retry_after
from imgupdate.registry.roles import role_needed
from imgupdate.registry.sender import Answer
from imgupdate.registry.session import Session

_GITHUB = "ghcr.io"


def refusal(session: Session, answer: Answer) -> ScanError:
    """The error that names the host, what it said, who we were to it, and what to do."""
    visit = session.visit
    host = answer.url.netloc.decode("ascii")
    credential = visit.credential if host == visit.endpoint else None
    said = describe(answer.status, answer.body, secrets=credential.secrets if credential else ())
    match answer.status:
        case 401 if "insufficient_scope" in answer.headers.get("www-authenticate", ""):
            return _nothing_there(session, host, credential, said)
        case 401 | 403:
            whom, remedy = _who_we_are(session, host, credential)
            return ScanError(f"{host} refuses access to the image {whom}: it answered {said}", remedy=remedy)
        case 404:
            return _nothing_there(session, host, credential, said)
        case 429:
            return _too_many_requests(session, answer, host, said)
        case status if status >= 500:
            return ScanError(f"{host} failed: it answered {said}", remedy="try again later; its operator may know more")
        case _:
            return ScanError(
                f"{host} gave an answer that a registry does not give: {said}",
                remedy="check that the image name leads to a container registry",
            )


def _nothing_there(session: Session, host: str, credential: Credential | None, said: str) -> ScanError:
    """Registries do not tell apart what is missing, what is private, and what has lost its last tag."""
    whom, remedy = _who_we_are(session, host, credential)
    return ScanError(
        f"{host} has no such image, or none that may be read {whom}: it answered {said}",
        remedy=f"check the image's name, and that it has a tag; if so, {remedy}",
    )


def _who_we_are(session: Session, host: str, credential: Credential | None) -> tuple[str, str]:
    """As whom the image was asked for, and how to be somebody who may."""
    name = "docker.io" if host == HUB_ENDPOINT else host
    log_in = f"log in with `docker login {name}` (the action: `registry-auth`), or name a Secret in `secretRef`"
    if host == _GITHUB:
        log_in += "; GITHUB_TOKEN needs the permission `packages: read` and access to the package"
    if credential is None:
        why = _why_nobody(session)
        return f"without credentials ({why})" if why else "without credentials", log_in
    withheld = session.door.withholds()
    if withheld:
        return f"without credentials ({withheld})", ALLOW
    role = role_needed(host)
    may = f"have {role}" if role else "may read it"
    return f"with the credentials of {credential.source}", f"check that they {may}, or {log_in}"


def _why_nobody(session: Session) -> str:
    """Why a person who gave credentials finds them not used; empty where none were given."""
    visit = session.visit
    if visit.credential is not None:
        return ""
    if visit.access.docker_config and not visit.passed_over:
        return f"{visit.access.source} has no entry for {visit.repository.registry}"
    return "; ".join(visit.passed_over)


def _too_many_requests(session: Session, answer: Answer, host: str, said: str) -> ScanError:
    now = session.visit.deadline.clock.now()
    wait = retry_after(answer.headers, now)
    if wait is not None:
        return rate_limited(host, wait, now)
    return ScanError(
        f"{host} has had too many requests from here: it answered {said}",
        remedy="log in to the registry for a higher limit (the action: `registry-auth`; or `secretRef`), or run later",
    )
