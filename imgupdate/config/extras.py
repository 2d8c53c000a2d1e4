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


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """`owned`: `suspend` speaks to Flux's controllers, not to us."""

    owned: bool = False
    allow_downgrade: bool = False


def read_annotations(annotations: Fields | None, *, policy: bool) -> Extras:
    """The annotations that speak to us; others are checked as Kubernetes does, and left alone."""
    if annotations is None:
        return Extras()
    known = (OWNER, ALLOW_DOWNGRADE) if policy else (OWNER,)
    texts = {entry.key: annotations.string(entry.key) for entry in annotations.node.entries}
    for key, text in texts.items():
        if not key.startswith(PREFIX):
            continue
        place = annotations.at(key)
        if key == ALLOW_DOWNGRADE and not policy:
            remedy = "put it on an ImagePolicy"
            annotations.findings.warning(f"{ALLOW_DOWNGRADE} has no effect on this kind", place, remedy)
        elif key not in known:
            remedy = suggestion(key, known) or f"write {' or '.join(known)}"
            annotations.findings.warning(f"there is no annotation {shown(key)}", place, remedy)
        elif key == OWNER and text != OWNED:
            annotations.findings.error(f"{OWNER} cannot be {shown(text)}", place, 'write "action", or remove it')
        elif key == ALLOW_DOWNGRADE and text not in {"true", "false"}:
            annotations.findings.error(f"{ALLOW_DOWNGRADE} cannot be {shown(text)}", place, 'write "true" or "false"')
    allowed = policy and texts.get(ALLOW_DOWNGRADE) == "true"
    return Extras(owned=texts.get(OWNER) == OWNED, allow_downgrade=allowed)
