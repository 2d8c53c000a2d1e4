"""Prints what the image is made of as CycloneDX JSON, from what is really installed: Python's packages and Debian's.

The same image gives the same text: there is no serial number and no time in it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from urllib.parse import quote

SYSTEM = Path("/etc/os-release")
STATUS = Path("/var/lib/dpkg/status")


def system() -> dict[str, str]:
    """What the distribution says of itself."""
    lines = (line.partition("=") for line in SYSTEM.read_text().splitlines())
    return {name: value.strip('"') for name, _, value in lines}


def python_package(distribution: Distribution) -> dict[str, object]:
    """A component of PyPI's; its name in the form that package addresses use."""
    name = re.sub(r"[-_.]+", "-", distribution.name).lower()
    address = f"pkg:pypi/{name}@{distribution.version}"
    found: dict[str, object] = {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": distribution.version,
        "purl": address,
    }
    expressions = distribution.metadata.get_all("License-Expression") or []
    return found | ({"licenses": [{"expression": expressions[0]}]} if expressions else {})


def debian_packages() -> Iterator[dict[str, object]]:
    """The components that dpkg has installed, the stand-in for what we leave out apart."""
    name, version = system()["ID"], system()["VERSION_ID"]
    for paragraph in STATUS.read_text().split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+): (.*)$", paragraph, re.MULTILINE))
        if not fields.get("Status", "").endswith(" installed") or fields["Package"] == "imgupdate-unused":
            continue
        address = f"pkg:deb/{name}/{quote(fields['Package'])}@{quote(fields['Version'])}"
        address += f"?arch={fields['Architecture']}&distro={name}-{version}"
        yield {
            "type": "library",
            "bom-ref": address,
            "name": fields["Package"],
            "version": fields["Version"],
            "purl": address,
        }


def bill() -> dict[str, object]:
    """The whole document; what it describes is the application, the rest are its components."""
    packages = sorted((python_package(found) for found in distributions()), key=lambda found: str(found["purl"]))
    ours = next(package for package in packages if package["name"] == "imgupdate")
    packages.remove(ours)
    system_packages = sorted(debian_packages(), key=lambda found: str(found["purl"]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": ours | {"type": "application"}},
        "components": packages + system_packages,
    }


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=1)
