"""The examples of docs/configuration.md are read as they stand, and its tables leave no field out."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

from imgupdate.config import active_automations, load, registry_access
from imgupdate.config.extras import ALLOW_DOWNGRADE, OWNER
from tests.config.test_native import fields_of
from tests.config.tree import Tree, only_scope

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
NATIVE = [example for example in EXAMPLES if "\nimages:" in f"\n{example}"]
FLUX = [example for example in EXAMPLES if example not in NATIVE]
SCHEMA = json.loads((resources.files("imgupdate.config") / "imgupdate.schema.json").read_text())


def test_the_page_has_examples_of_both() -> None:
    assert (len(FLUX), len(NATIVE)) == (6, 4)


@pytest.mark.parametrize("example", NATIVE)
def test_each_native_example_is_read_and_fits_the_schema(example: str) -> None:
    config = load(Tree({".github/imgupdate.yaml": example}))

    jsonschema.validate(yaml.safe_load(example), SCHEMA, cls=jsonschema.Draft7Validator)
    assert config.problems == ()
    assert only_scope(config).policies
    ((active,), _) = active_automations(only_scope(config), [])
    assert active.policies


@pytest.mark.parametrize("example", FLUX)
def test_each_flux_example_is_read(example: str) -> None:
    config = load(Tree({"flux.yaml": example}))
    scope = only_scope(config)

    assert {problem.message for problem in config.problems} <= {
        "there is no ImagePolicy, and no .github/imgupdate.yaml"
    }
    assert scope.repositories or scope.automations
    for repository in scope.repositories.values():
        registry_access(scope, repository)


def test_the_example_of_the_hand_over_runs() -> None:
    (example,) = [text for text in FLUX if OWNER in text]

    (runs, _) = active_automations(only_scope(load(Tree({"flux.yaml": example}))), [])

    assert len(runs) == 1


def test_the_example_of_an_error_is_one() -> None:
    (shown,) = re.findall(r"^    (clusters/prod/images.yaml:.*)$", PAGE, re.MULTILINE)
    example = next(text for text in FLUX if "range: 6.x" in text).replace("range: 6.x", "range: 1.20")

    config = load(Tree({"clusters/prod/images.yaml": example}))

    place = re.compile(r":[0-9]+:")
    assert place.sub(":", shown) == place.sub(":", str(config.problems[0]))


def test_every_field_and_annotation_is_named() -> None:
    names = fields_of(SCHEMA) | {OWNER, ALLOW_DOWNGRADE, "namespaceSelectors", "matchLabels"}

    missing = {name for name in names if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", PAGE)}
    assert missing == set()
