"""What docs/authentication.md tells people to write gives the credentials that it says."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from imgupdate.action.auth import read_registry_auth
from imgupdate.cli.inputs import BY_NAME
from imgupdate.config.model import Provider
from imgupdate.registry import CloudEnvironment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "authentication.md").read_text()
EXAMPLES: list[Any] = [
    yaml.safe_load(textwrap.dedent(text)) for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
]
JOBS = [example for example in EXAMPLES if isinstance(example, dict)]
STEPS = [
    step
    for example in EXAMPLES
    for step in (example["steps"] if isinstance(example, dict) else example)
    if "imgupdate@" in step["uses"]
]
GIVEN = [step["with"]["registry-auth"] for step in STEPS if "with" in step]
CONFIG = json.dumps({"auths": {"harbor.example.com": {"auth": "cm9ib3Q6d29yZA=="}}})


def filled_in(text: str) -> str:
    """The text with a secret for each that it names."""
    return re.sub(r"\$\{\{ (?:secrets|vars)\.(\w+) \}\}", lambda m: CONFIG if "CONFIG" in m[1] else f"of-{m[1]}", text)


def test_the_page_has_an_example_for_each_kind_of_registry() -> None:
    assert len(GIVEN) >= 5
    assert len(STEPS) >= len(GIVEN) + 4
    assert {name for step in STEPS for name in step.get("with", {})} == {"registry-auth"} < set(BY_NAME)


@pytest.mark.parametrize("text", GIVEN)
def test_what_is_given_to_registry_auth_is_understood_and_masked(text: str) -> None:
    auth = read_registry_auth(filled_in(text))

    assert auth.config or auth.registry_secrets
    assert {f"of-{name}" for name in re.findall(r"secrets\.(\w+)", text) if "CONFIG" not in name} <= set(auth.secrets)


def test_the_example_of_secrets_gives_them_by_their_names() -> None:
    (text,) = [text for text in GIVEN if "secret:" in text]

    auth = read_registry_auth(filled_in(text))

    assert set(auth.registry_secrets) == {"flux-system/harbor", "apps/quay"}
    assert json.loads(auth.registry_secrets["flux-system/harbor"]) == json.loads(CONFIG)


def test_the_variables_of_each_cloud_are_credentials_of_that_cloud_with_the_permission_of_the_job() -> None:
    found: list[frozenset[Provider]] = []
    for job in JOBS:
        given = {name: value for step in job["steps"] for name, value in step.get("env", {}).items()}
        if job.get("permissions", {}).get("id-token") == "write":
            assert CloudEnvironment.of(given).ambient == frozenset()
            given |= {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://actions.example", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t"}
        found.append(CloudEnvironment.of(given).ambient)

    assert found == [frozenset(), *(frozenset({p}) for p in (Provider.AWS, Provider.GCP, Provider.AZURE))]


def test_the_policies_for_amazon_are_json_and_allow_no_more_than_reading() -> None:
    trust, policy = (json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))

    assert trust["Statement"][0]["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert [statement["Action"] for statement in policy["Statement"]] == [
        "ecr:GetAuthorizationToken",
        ["ecr:ListImages", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    ]


@pytest.mark.parametrize(
    "page", ["README.md", "docs/action.md", "docs/configuration.md", "docs/flux.md", "docs/cli.md"]
)
def test_other_pages_lead_to_it(page: str) -> None:
    assert "authentication.md)" in (ROOT / page).read_text() or "authentication.md#" in (ROOT / page).read_text()


def test_its_anchors_and_those_that_lead_to_it_are_headings() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in re.findall(r"^#+ (.*)", PAGE, re.MULTILINE)
    }
    wanted = set(re.findall(r"\(#([\w-]+)\)", PAGE))
    for page in (ROOT / "docs").glob("*.md"):
        wanted |= set(re.findall(r"authentication\.md#([\w-]+)", page.read_text()))

    assert wanted
    assert wanted <= headings
