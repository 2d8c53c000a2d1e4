"""Tag filters and the three policies: which of an image's tags is the one to deploy (spec/flux.md 3).

A policy is a value with one rule: filter the tags, make a key of each, choose the highest key. Equal keys are decided
by the tags themselves, so that the choice depends on nothing but the set of tags (spec/flux.md 3.5).
"""

from __future__ import annotations

from imgupdate.policies.choices import Alphabetical, Choice, Numerical, Order, SemVer, TagFilter
from imgupdate.policies.exclusions import DEFAULT_EXCLUSION, Exclusions, compile_exclusions, stored_order
from imgupdate.policies.policy import Chosen, ScanOrder, TagPolicy, compile_policy

__all__ = [
    "DEFAULT_EXCLUSION",
    "Alphabetical",
    "Choice",
    "Chosen",
    "Exclusions",
    "Numerical",
    "Order",
    "ScanOrder",
    "SemVer",
    "TagFilter",
    "TagPolicy",
    "compile_exclusions",
    "compile_policy",
    "stored_order",
]
