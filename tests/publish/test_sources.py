"""Links to what changed, from the labels of two images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from imgupdate.config.model import RegistryAccess
from imgupdate.errors import ScanError
from imgupdate.images import Digest, Repository, Tag, parse_repository
from imgupdate.publish.sources import MOST, compare_links
from imgupdate.report.links import REVISION, SOURCE
from imgupdate.report.updates import Update
from imgupdate.results import ObjectKey
from imgupdate.update import Target

WEB, API = ObjectKey("", "flux-system", "web"), ObjectKey("", "flux-system", "api")


class Labels:
    """Registries where the revision of each tag is the tag itself."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def labels(self, repository: Repository, identifier: Tag | Digest, access: RegistryAccess) -> Mapping[str, str]:
        self.asked.append(f"{repository}:{identifier}")
        if identifier == "gone":
            raise ScanError("no such tag")
        return {SOURCE: f"https://github.com/{repository.path}", REVISION: str(identifier)}


def target(image: str) -> Target:
    return Target(repository=parse_repository(image), access=RegistryAccess())


TARGETS = {WEB: target("ghcr.io/acme/web"), API: target("ghcr.io/acme/api")}


def update(old: str = "v1", new: str = "v2", *, policy: ObjectKey = WEB) -> Update:
    return Update(
        image=f"ghcr.io/acme/{policy.name}",
        policies=(policy,),
        old=old,
        new=new,
        kind="",
        changes=(),
        before=Tag(old),
        after=Tag(new),
    )


def test_each_update_has_the_link_that_its_images_give() -> None:
    source = Labels()

    links = compare_links([update(), update("v0"), update("v3", "v4", policy=API)], TARGETS, source)

    assert links == {
        ("ghcr.io/acme/web", "v1", "v2"): "https://github.com/acme/web/compare/v1...v2",
        ("ghcr.io/acme/web", "v0", "v2"): "https://github.com/acme/web/compare/v0...v2",
        ("ghcr.io/acme/api", "v3", "v4"): "https://github.com/acme/api/compare/v3...v4",
    }
    assert sorted(source.asked) == [
        *("ghcr.io/acme/api:v3", "ghcr.io/acme/api:v4"),
        *("ghcr.io/acme/web:v0", "ghcr.io/acme/web:v1", "ghcr.io/acme/web:v2"),
    ]


def test_an_image_that_cannot_be_read_has_no_link_and_does_not_stop_the_others() -> None:
    links = compare_links([update("gone"), update("v3", "v4", policy=API)], TARGETS, Labels())

    assert list(links) == [("ghcr.io/acme/api", "v3", "v4")]


def test_an_update_of_which_an_image_is_not_known_is_not_asked_about() -> None:
    source = Labels()
    unknown = ObjectKey("", "", "unknown")
    rows = [
        replace(update(), before=None),
        replace(update(), after=None),
        update("v1", "v1"),
        update(policy=unknown),
        replace(update("v8", "v9"), policies=(unknown, WEB)),
    ]

    assert list(compare_links(rows, TARGETS, source)) == [("ghcr.io/acme/web", "v8", "v9")]
    assert len(source.asked) == 2


def test_nothing_is_asked_where_nothing_is_updated_and_not_without_end() -> None:
    source = Labels()

    assert compare_links([], TARGETS, source) == {}
    assert len(compare_links([update(f"v{n}", "w") for n in range(MOST + 5)], TARGETS, source)) == MOST
    assert len(source.asked) == MOST + 1
