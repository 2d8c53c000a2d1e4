"""What a list of tags says of images besides their tags: Google's registries send a map of manifests with it.

The map has, by digest, `tag` and `timeCreatedMs` among others (spec/registry.md 4 and 5). Other registries are not
believed it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from imgupdate.images import Digest, is_digest
from imgupdate.registry.metadata import REPRODUCIBLE
from imgupdate.results import ListedImage

_MILLISECONDS = re.compile(r"[0-9]{1,15}")


def described_images(body: bytes) -> Mapping[str, ListedImage]:
    """The image of each tag that exactly one manifest of the map claims; nothing of what is not as it should be."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    manifests = parsed.get("manifest") if isinstance(parsed, dict) else None
    found: dict[str, ListedImage] = {}
    claimed_twice: set[str] = set()
    for digest, described in manifests.items() if isinstance(manifests, dict) else ():
        if not is_digest(digest) or not isinstance(described, dict):
            continue
        image = ListedImage(digest=Digest(digest), created=_instant(described.get("timeCreatedMs")))
        tags = described.get("tag")
        for tag in tags if isinstance(tags, list) else ():
            if isinstance(tag, str):
                claimed_twice |= {tag} & found.keys()
                found[tag] = image
    return {tag: image for tag, image in found.items() if tag not in claimed_twice}


def _instant(milliseconds: object) -> float | None:
    if not isinstance(milliseconds, str) or not _MILLISECONDS.fullmatch(milliseconds):
        return None
    seconds = int(milliseconds) / 1000
    return seconds if seconds >= REPRODUCIBLE else None
