"""What is done to the environment in the image after everything is installed; run by the interpreter that is shipped.

`finish.py strip` removes what installing leaves behind and running does not need; `finish.py compile` writes bytecode,
of exactly the modules that the program imports.
"""

from __future__ import annotations

import importlib
import pkgutil
import py_compile
import shutil
import sys
import sysconfig
from pathlib import Path

PREFIX = Path(sys.prefix)
PACKAGES = Path(sysconfig.get_path("purelib"))

FOREIGN = ("tests",)
"""Packages that a dependency installs beside itself by mistake: actions-toolkit brings its tests under this name."""

SERVICES = frozenset({"ecr", "ecr-public", "sts", "sso", "sso-oidc", "signin"})
"""The services of AWS that a login may call; botocore describes some four hundred, in 19 MB."""

HEAVY = ("github", "httpx", "requests", "rich.console", "actions_toolkit.core")
LATE = ("encodings.idna", "encodings.utf_8_sig", "stringprep", "unicodedata", "concurrent.futures.thread")
"""Modules that are imported only when they are first needed, by code that no import of ours runs."""


def strip() -> None:
    """Leave in `bin` only the interpreter, and nothing that is not imported."""
    for path in (PREFIX / "bin").iterdir():
        if not path.name.startswith("python"):
            path.unlink()
    for unused in (*(PACKAGES / name for name in FOREIGN), PREFIX / "include", PREFIX / "share"):
        if unused.exists():
            shutil.rmtree(unused)
    described = PACKAGES / "botocore" / "data"
    for service in described.iterdir() if described.exists() else ():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)
    left = {"pip", "setuptools", "wheel", "_distutils_hack"} & {path.name for path in PACKAGES.iterdir()}
    if left:
        sys.exit(f"these are not to be shipped: {', '.join(sorted(left))}")


def compile_imported() -> None:
    """Import all of imgupdate and write the bytecode of each module that this loaded, the standard library's too.

    The official slim image ships the standard library without bytecode, and a container that is thrown away after
    each run would compile it each time. The bytecode is not checked against its source, which cannot change, and so
    holds no time of writing: the same sources make the same layer.
    """
    program = importlib.import_module("imgupdate")
    for found in pkgutil.walk_packages(program.__path__, "imgupdate."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    for name in (*HEAVY, *LATE):
        importlib.import_module(name)
    for module in list(sys.modules.values()):
        specification = getattr(module, "__spec__", None)
        source = specification.origin if specification and specification.cached else None
        if source and source.endswith(".py"):
            py_compile.compile(source, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


if __name__ == "__main__":
    {"strip": strip, "compile": compile_imported}[sys.argv[1]]()
