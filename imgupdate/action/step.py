"""One step of a workflow, from what the runner says to what it hears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from imgupdate import __version__
from imgupdate.action import log
from imgupdate.action.events import read_trigger
from imgupdate.action.inputs import Inputs, WrongInputs, read_inputs, secrets_of, unknown_inputs
from imgupdate.action.outputs import outputs_of
from imgupdate.action.places import file_prefix, links
from imgupdate.action.runner import Runner
from imgupdate.action.settings import make_settings
from imgupdate.cli.execution import execute
from imgupdate.cli.job import exit_code
from imgupdate.cli.progress import LogProgress
from imgupdate.cli.settings import RunSettings
from imgupdate.errors import Error
from imgupdate.registry import Clock
from imgupdate.report.annotations import annotate
from imgupdate.report.summary import job_summary
from imgupdate.results import Plan, Problem, Result, Severity


def perform(runner: Runner, environment: Mapping[str, str], clock: Clock | None) -> int:
    """Read the inputs and the event, run, tell the runner, and return the exit code."""
    try:
        return _begin(runner, environment, clock)
    except WrongInputs as wrong:
        return _refused(runner, wrong.errors, environment)
    except Error as error:
        return _refused(runner, (error,), environment)


def _begin(runner: Runner, environment: Mapping[str, str], clock: Clock | None) -> int:
    for secret in secrets_of(environment):
        runner.mask(secret)
    runner.say(f"imgupdate {__version__}")
    inputs = read_inputs(environment)
    trigger = read_trigger(environment)
    settings, notes = make_settings(inputs, trigger, environment)
    for fact in log.facts(settings, environment):
        runner.debug(fact)
    problems = (*unknown_inputs(environment), *trigger.problems, *notes)
    with runner.group("Configuration") as stream:
        log.write(stream, log.configuration(settings, inputs, trigger))
    if trigger.nothing:
        return _idle(runner, trigger.nothing)
    return _run(runner, settings, inputs, environment, problems, clock)


def _run(
    runner: Runner,
    settings: RunSettings,
    inputs: Inputs,
    environment: Mapping[str, str],
    problems: tuple[Problem, ...],
    clock: Clock | None,
) -> int:
    with runner.group("Scanning") as stream:
        result = execute(settings, environment, LogProgress(stream), clock)
        result = replace(result, problems=(*problems, *result.problems))
        log.write(stream, log.policies(result, requested=bool(settings.policies or settings.only_images)))
        log.write(stream, log.explanations(result))
    values = outputs_of(result)
    runner.set_outputs(values)
    code = exit_code(result, inputs.fail_on)
    _tell(runner, settings, result, environment)
    with runner.group("Outputs") as stream:
        log.write(stream, log.outputs(values))
    if code and not result.exit_code:
        runner.annotate("error", "there are changes, and `fail-on` is change", title="imgupdate")
    runner.say(log.conclusion(result))
    return code


def _tell(runner: Runner, settings: RunSettings, result: Result, environment: Mapping[str, str]) -> None:
    """The diff, what was published, what is wrong, and the summary of the job."""
    if result.plan.edits:
        with runner.group("Changes") as stream:
            log.write(stream, log.changes(result))
    if result.published:
        with runner.group("Publishing") as stream:
            log.write(stream, log.published(result))
    prefix = file_prefix(settings.root, environment)
    for found in annotate(result):
        file = f"{prefix}{found.path}" if found.path else ""
        runner.annotate(
            found.level.value, found.message, title=found.title, file=file, line=found.line, column=found.column
        )
    runner.add_to_summary(job_summary(result, links(settings, environment), compares=result.compares))


def _idle(runner: Runner, why: str) -> int:
    """The end of a step that has nothing to do."""
    runner.annotate("notice", f"nothing to do: {why}", title="imgupdate")
    runner.add_to_summary(f"## imgupdate: nothing to do\n\nThere is nothing to do: {why}.\n")
    return 0


def _refused(runner: Runner, errors: tuple[Error, ...], environment: Mapping[str, str]) -> int:
    """The end of a step that could not begin: each reason as an error, and in the summary."""
    problems = (*map(Problem.of, errors), *unknown_inputs(environment))
    result = Result(outcomes=(), plan=Plan(), problems=problems, written=False)
    for found in annotate(result):
        title = "imgupdate cannot begin" if found.level is Severity.ERROR else found.title
        runner.annotate(found.level.value, found.message, title=title)
    runner.add_to_summary(job_summary(result))
    return max(error.exit_code for error in errors)
