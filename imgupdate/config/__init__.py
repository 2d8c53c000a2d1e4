"""What a repository asks for: Flux's image kinds of every version, or native configuration, as frozen values.

    load                  a tree of files -> Config
    active_automations    the automations of a scope that run in this repository
    resolve_repository    the ImageRepository of a policy
    registry_access       how the registry of an ImageRepository is reached
    give_secrets          what stands in for Secrets that are not there in plain

`TOKENS` are the byte strings by which files are screened: a tree that is searched for all of them at once needs one
sweep.
"""

from __future__ import annotations

from imgupdate.config.access import registry_access, resolve_repository
from imgupdate.config.automations import active_automations
from imgupdate.config.findings import UnreadableConfiguration
from imgupdate.config.given import give_secrets
from imgupdate.config.loading import TOKENS, load

__all__ = [
    "TOKENS",
    "UnreadableConfiguration",
    "active_automations",
    "give_secrets",
    "load",
    "registry_access",
    "resolve_repository",
]
