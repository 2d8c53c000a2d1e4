"""What is measured on: trees of manifests, their policies, and long lists of tags. Same arguments, same data."""

from __future__ import annotations

import json
import random
from pathlib import Path

from imgupdate.config.model import ActiveAutomation, ImagePolicy, Scope
from imgupdate.images import Tag
from imgupdate.policies import SemVer, compile_exclusions, compile_policy, stored_order
from imgupdate.results import Location, ObjectKey, Outcome, Selection

TEMPLATE = Path(__file__).with_name("manifest.yaml")
NAMESPACE = "flux-system"
POLICIES = 200
DIRECTORY_SIZE = 100


def write_tree(root: Path, *, files: int, marked: float) -> None:
    """Write manifests of two documents and about 125 YAML events each.

    The share `marked` of them holds a marker in each document. Every image is at 1.0.0, and the policies of
    `scope_and_outcomes` have chosen another tag.
    """
    template = TEMPLATE.read_text()
    every = round(1 / marked)
    for number in range(files):
        policy = f"app-{number % POLICIES:03}"
        marker = f' # {{"$imagepolicy": "{NAMESPACE}:{policy}"}}' if number % every == 0 else ""
        text = template.replace("@NAME@", f"service-{number:05}")
        text = text.replace("@IMAGE@", f"team/{policy}").replace("@MARKER@", marker)
        path = root / f"apps-{number // DIRECTORY_SIZE:03}" / f"service-{number:05}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def scope_and_outcomes() -> tuple[Scope, ActiveAutomation, dict[ObjectKey, Outcome]]:
    """The policies of such a tree in one cluster, the automation that applies them all, and what they have chosen."""
    tags = compile_policy(SemVer(range="1.x"), None)
    here = Location("flux-system/policies.yaml", 1)
    policies: dict[ObjectKey, ImagePolicy] = {}
    outcomes: dict[ObjectKey, Outcome] = {}
    for number in range(POLICIES):
        key = ObjectKey("", NAMESPACE, f"app-{number:03}")
        policies[key] = ImagePolicy(key=key, location=here, labels={}, repository=key, tags=tags)
        image = f"registry.example.com/team/{key.name}"
        outcomes[key] = Selection(policy=key, image=image, tag=Tag(f"1.{number + 1}.0"), order=tags)
    automation = ActiveAutomation(key=ObjectKey("", NAMESPACE, "all"), path="", policies=frozenset(policies))
    return Scope(policies=policies), automation, outcomes


def release_tags(count: int, seed: int) -> list[str]:
    """Semantic versions as projects publish them: some with a `v`, some pre-releases."""
    chance = random.Random(seed)
    tags: set[str] = set()
    while len(tags) < count:
        version = f"{chance.randrange(12)}.{chance.randrange(90)}.{chance.randrange(400)}"
        suffix = f"-rc.{chance.randrange(5)}" if chance.random() < 0.1 else ""
        tags.add(("v" if chance.random() < 0.2 else "") + version + suffix)
    return _scanned(tags)


def build_tags(count: int, seed: int) -> list[str]:
    """Builds as CI publishes them, `<branch>-<commit>-<seconds>`."""
    chance = random.Random(seed)
    tags: set[str] = set()
    while len(tags) < count:
        branch = "main" if chance.random() < 0.8 else f"feature-{chance.randrange(50)}"
        tags.add(f"{branch}-{chance.randrange(16**7):07x}-{1_600_000_000 + chance.randrange(10**8)}")
    return _scanned(tags)


def dated_tags(count: int, seed: int) -> list[str]:
    """Releases named after the second they were made in."""
    chance = random.Random(seed)
    return _scanned({_dated(seconds) for seconds in chance.sample(range(20 * 12 * 28 * 86_400), count)})


def _scanned(tags: set[str]) -> list[str]:
    """Tags as a scan hands them to a policy: read from a listing in lexical order, then in the order of Flux."""
    listing: list[str] = json.loads(json.dumps(sorted(tags)))
    return stored_order(listing, compile_exclusions(()))


def _dated(seconds: int) -> str:
    days, second = divmod(seconds, 86_400)
    months, day = divmod(days, 28)
    clock = f"{second // 3600:02}-{second // 60 % 60:02}-{second % 60:02}"
    return f"RELEASE.{2010 + months // 12}-{months % 12 + 1:02}-{day + 1:02}T{clock}Z"
