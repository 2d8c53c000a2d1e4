"""What Flux has no field for: `imgupdate.dev/…` annotations, and plain fields in native configuration."""

from __future__ import annotations

from dataclasses import dataclass

from imgupdate.config.fields import Fields
from imgupdate.config.findings import suggestion
from imgupdate.errors import shown

PREFIX = "imgupdate.dev/"
ALLOW_DOWNGRADE = PREFIX + "allow-downgrade"
OWNER = PREFIX + "owner"
OWNED = "action"
SIGN = PREFIX + "sign"
GITHUB = "github"

_HOMES = {ALLOW_DOWNGRADE: "ImagePolicy", SIGN: "ImageUpdateAutomation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """`owned`: `suspend` speaks to Flux's controllers, not to us. `sign_github`: GitHub is to sign the commits."""

    owned: bool = False
    sign_github: bool = False
    allow_downgrade: bool = False


def read_annotations(annotations: Fields | None, *, policy: bool = False, automation: bool = False) -> Extras:
    """The annotations that speak to us; others are checked as Kubernetes does, and left alone."""
    if annotations is None:
        return Extras()
    known = (OWNER, *([ALLOW_DOWNGRADE] if policy else []), *([SIGN] if automation else []))
    texts = {entry.key: annotations.string(entry.key) for entry in annotations.node.entries}
    for key, text in texts.items():
        if not key.startswith(PREFIX):
            continue
        place = annotations.at(key)
        if key in _HOMES and key not in known:
            annotations.findings.warning(f"{key} has no effect on this kind", place, f"put it on an {_HOMES[key]}")
        elif key not in known:
            remedy = suggestion(key, known) or f"write {' or '.join(known)}"
            annotations.findings.warning(f"there is no annotation {shown(key)}", place, remedy)
        elif key == OWNER and text != OWNED:
            annotations.findings.error(f"{OWNER} cannot be {shown(text)}", place, 'write "action", or remove it')
        elif key == SIGN and text != GITHUB:
            annotations.findings.error(f"{SIGN} cannot be {shown(text)}", place, 'write "github", or remove it')
        elif key == ALLOW_DOWNGRADE and text not in {"true", "false"}:
            annotations.findings.error(f"{ALLOW_DOWNGRADE} cannot be {shown(text)}", place, 'write "true" or "false"')
    allowed = policy and texts.get(ALLOW_DOWNGRADE) == "true"
    signed = automation and texts.get(SIGN) == GITHUB
    return Extras(owned=texts.get(OWNER) == OWNED, sign_github=signed, allow_downgrade=allowed)
