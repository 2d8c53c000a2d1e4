"""`action.yml`, the help of the command line and the pages say what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from imgupdate.action.outputs import OUTPUTS
from imgupdate.cli.inputs import BY_NAME, INPUTS, Input, Kind
from imgupdate.cli.run import command

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
PAGES = ["README.md", "docs/action.md"]
OF_THE_COMMAND_LINE = {"--write", "--output", "--explain", "--workers", "--color"}


def table(page: str, name: str) -> list[list[str]]:
    """The rows of the table below a mark, its head left out."""
    text = (ROOT / page).read_text().partition(f"<!-- {name} -->\n")[2]
    lines = text.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_action_yml_has_the_inputs_of_the_table() -> None:
    assert {
        name: (each["description"], each["default"], each["required"]) for name, each in ACTION["inputs"].items()
    } == {known.name: (known.description, known.default, False) for known in INPUTS}
    assert list(ACTION["inputs"]) == [known.name for known in INPUTS]


def test_action_yml_has_the_outputs_of_the_table() -> None:
    assert {name: each["description"] for name, each in ACTION["outputs"].items()} == OUTPUTS


def test_action_yml_runs_the_image_and_nothing_before_or_after_it() -> None:
    assert ACTION["runs"].keys() == {"using", "image"}
    assert ACTION["runs"]["using"] == "docker"
    assert ACTION["runs"]["image"] == "Dockerfile" or re.fullmatch(
        r"docker://\S+@sha256:[0-9a-f]{64}", ACTION["runs"]["image"]
    )


def test_action_yml_can_be_listed_in_the_marketplace() -> None:
    assert ACTION["branding"].keys() == {"icon", "color"}
    assert len(ACTION["description"]) < 125
    assert all(len(known.description) < 125 and known.description.endswith(".") for known in INPUTS)


def test_every_input_is_an_option_or_a_variable_on_the_command_line() -> None:
    assert [known.name for known in INPUTS if not (known.option or known.variables)] == []
    assert [known.name for known in INPUTS if known.kind is Kind.SECRET and not known.variables] == []


def test_the_options_are_those_of_the_table_and_those_that_only_people_need() -> None:
    options = {option for parameter in command.params for option in parameter.opts}

    assert options == {known.option for known in INPUTS if known.option} | OF_THE_COMMAND_LINE


@pytest.mark.parametrize("known", [known for known in INPUTS if known.option], ids=lambda known: known.name)
def test_an_option_means_what_the_input_means(known: Input) -> None:
    (option,) = (each for each in command.params if known.option in each.opts)
    described = option.to_info_dict()

    assert described["help"].startswith(known.description)
    assert known.unset in described["help"]
    assert described["multiple"] is (known.kind is Kind.LIST)
    assert described["is_flag"] is (known.kind is Kind.FLAG)
    assert tuple(described["type"].get("choices", ())) == known.choices
    if known.kind not in (Kind.FLAG, Kind.LIST):
        assert (described["default"] or "") == (known.option_default or known.default)


def test_no_option_takes_a_secret() -> None:
    secret = {known.option for known in INPUTS if known.kind is Kind.SECRET} - {""}

    assert secret == {"--signing-key-file"}


@pytest.mark.parametrize("page", PAGES)
def test_the_page_lists_the_inputs(page: str) -> None:
    rows = table(page, "inputs")

    assert [row[0] for row in rows] == [f"`{known.name}`" for known in INPUTS]
    for row, known in zip(rows, INPUTS, strict=True):
        assert row[1] == (f"`{known.default}`" if known.default else known.unset)
        assert row[2] == known.description
        assert row[3] == ", ".join(f"`{name}`" for name in (known.option, *known.variables) if name)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_lists_the_outputs(page: str) -> None:
    assert [tuple(row) for row in table(page, "outputs")] == [(f"`{name}`", text) for name, text in OUTPUTS.items()]


def test_the_page_says_more_about_every_input() -> None:
    page = (ROOT / "docs/action.md").read_text()
    told = {
        name for line in re.findall(r"^\* (.*)", page, re.MULTILINE) for name in re.findall(r"\*\*`([\w-]+)`\*\*", line)
    }

    assert told == set(BY_NAME)


@pytest.mark.parametrize("page", PAGES)
def test_each_example_is_yaml_and_uses_only_inputs_and_outputs_that_there_are(page: str) -> None:
    text = (ROOT / page).read_text()
    examples = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    steps: list[dict[str, Any]] = []
    for example in examples:
        parsed = yaml.safe_load(example)
        found = parsed["jobs"]["images"]["steps"] if isinstance(parsed, dict) and "jobs" in parsed else parsed
        steps += [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    ours = [each for each in steps if "imgupdate@" in each.get("uses", "")]
    assert ours
    assert {name for each in ours for name in each.get("with", {})} <= set(BY_NAME)
    assert set(re.findall(r"outputs\.([a-z-]+)", text)) - {"token"} <= set(OUTPUTS)
