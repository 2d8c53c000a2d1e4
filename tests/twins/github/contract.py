"""GitHub's own description of its REST calls (`openapi.json`), held against what is asked and what is answered.

The file is the part of GitHub's description (`@octokit/openapi` 23.0.2, MIT licence) that holds the calls of ours.

Where the description leaves open whether an object may have other members than those that it lists, the contract says
no: a misspelt member of a request is ignored by GitHub, and that is the mistake which a test should find. Bodies of
errors are the exception, since GitHub's carry more than is described.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import jsonschema

Json: TypeAlias = Any  # what json.loads gives; the contract is what says more

DESCRIPTION = Path(__file__).with_name("openapi.json")

# Every call may be refused in these ways, which the description says for few of them.
ANYWHERE = frozenset({401, 403, 404, 429, 500, 502, 503})

# The description's prose allows a bare list of names, its schema does not; PyGithub sends one.
BARE_LISTS = frozenset({"issues/add-labels", "issues/set-labels"})

# Path parameters that hold slashes.
LONG_PARAMETERS = frozenset({"ref", "path", "basehead", "branch", "name"})

_FORMATS = jsonschema.FormatChecker(formats=())


@_FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or re.match(r"[a-z][a-z0-9+.-]*:\S+$", value) is not None


@_FORMATS.checks("date-time")
def _is_time(value: object) -> bool:
    return (
        not isinstance(value, str) or re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$", value) is not None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A call of the description."""

    id: str
    method: str
    template: str
    pattern: re.Pattern[str]
    query: Mapping[str, Json]
    needs_body: bool
    body: jsonschema.Draft202012Validator | None
    answers: Mapping[int, jsonschema.Draft202012Validator | None]

    def breaches_of_request(self, query: Mapping[str, Sequence[str]], body: bytes) -> list[str]:
        """What a request does that the description does not allow."""
        found = [f"query parameter {name!r} is not described" for name in query if name not in self.query]
        for name, values in query.items():
            found += [
                f"query parameter {name}={value!r}: {wrong}" for value in values for wrong in self._wrong(name, value)
            ]
        if not body:
            return [*found, *(["a body is required"] if self.needs_body else [])]
        if self.body is None:
            return [*found, "there is a body, and none is described"]
        try:
            parsed = json.loads(body)
        except ValueError as error:
            return [*found, f"the body is no JSON: {error}"]
        if self.id in BARE_LISTS and isinstance(parsed, list):
            parsed = {"labels": parsed}
        return [*found, *_errors(self.body, parsed, "body")]

    def _wrong(self, name: str, value: str) -> Iterator[str]:
        schema = self.query.get(name, {})
        if schema.get("type") == "integer" and not re.fullmatch(r"-?\d+", value):
            yield "is no integer"
        if "enum" in schema and value not in schema["enum"]:
            yield f"is none of {schema['enum']}"

    def breaches_of_answer(self, status: int, body: Json) -> list[str]:
        """What an answer says that the description does not allow."""
        if status not in self.answers:
            return [] if status in ANYWHERE else [f"status {status} is not described"]
        validator = self.answers[status]
        if validator is None:
            return [] if body is None or status >= 400 else [f"status {status} has no body"]
        return list(_errors(validator, body, f"answer {status}"))


def _errors(validator: jsonschema.Draft202012Validator, value: Json, what: str) -> Iterator[str]:
    for error in validator.iter_errors(value):
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
        yield f"{what}{where}: {error.message[:300]}"


SOUND_LIMIT = 20_000


def _validator_class() -> type[jsonschema.Draft202012Validator]:
    """A validator that looks only once at each of the users and repositories that answers repeat without end."""
    sound: set[tuple[str, str]] = set()
    checked = jsonschema.Draft202012Validator.VALIDATORS["$ref"]

    def reference(
        validator: jsonschema.Draft202012Validator, name: str, value: Json, schema: Json
    ) -> Iterator[jsonschema.ValidationError]:
        key = name, json.dumps(value)
        if key in sound:
            return
        errors = list(checked(validator, name, value, schema))
        if not errors:
            if len(sound) > SOUND_LIMIT:
                sound.clear()
            sound.add(key)
        yield from errors

    made: type[jsonschema.Draft202012Validator] = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
        jsonschema.Draft202012Validator, {"$ref": reference}
    )
    return made


class Contract:
    """The description, read once."""

    def __init__(self, document: Json) -> None:
        self.schemas: Mapping[str, Json] = document["components"]["schemas"]
        self._document = document
        self._classes = {closed: _validator_class() for closed in (False, True)}
        self._open = {name: _json_schema(schema, closed=False) for name, schema in self.schemas.items()}
        self._closed = {name: _json_schema(schema, closed=True) for name, schema in self.schemas.items()}
        self.operations = sorted(
            (
                self._operation(method, template, call)
                for template, calls in document["paths"].items()
                for method, call in calls.items()
            ),
            key=_literalness,
            reverse=True,
        )

    def find(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The call that a request makes, with the parameters of its path."""
        for operation in self.operations:
            if operation.method == method and (match := operation.pattern.fullmatch(path)):
                return operation, {name: unquote(value) for name, value in match.groupdict().items()}
        return None

    def complete(self, name: str, known: Mapping[str, Json]) -> Json:
        """An object of the named schema: what is known of it, and neutral values for the rest that it must have."""
        return self._completed(self.schemas[name], known)

    def _completed(self, schema: Json, known: Mapping[str, Json]) -> Json:
        properties = schema.get("properties", {})
        missing = [name for name in schema.get("required", ()) if name not in known]
        return {**known, **{name: self._neutral(properties[name]) for name in missing}}

    def _neutral(self, schema: Json) -> Json:
        if "$ref" in schema:
            return self._neutral(self.schemas[schema["$ref"].rpartition("/")[2]])
        if schema.get("nullable"):
            return None
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "object":
            return self._completed(schema, {})
        if schema.get("format") in _NEUTRAL_STRINGS:
            return _NEUTRAL_STRINGS[schema["format"]]
        return {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}[schema["type"]]

    def _validator(self, schema: Json, *, closed: bool) -> jsonschema.Draft202012Validator:
        definitions = self._closed if closed else self._open
        return self._classes[closed](
            {**_json_schema(schema, closed=closed), "$defs": definitions}, format_checker=_FORMATS
        )

    def _resolve(self, part: Json) -> Json:
        if "$ref" not in part:
            return part
        _, _, kind, name = part["$ref"].split("/")
        return self._document["components"][kind][name]

    def _operation(self, method: str, template: str, call: Json) -> Operation:
        parameters = [self._resolve(parameter) for parameter in call.get("parameters", ())]
        body = call.get("requestBody", {})
        return Operation(
            id=call["operationId"],
            method=method.upper(),
            template=template,
            pattern=_pattern(template, {part["name"]: part["schema"] for part in parameters if part["in"] == "path"}),
            query={part["name"]: part["schema"] for part in parameters if part["in"] == "query"},
            needs_body=body.get("required", False),
            body=self._validator(_json_content(body), closed=True) if body else None,
            answers={
                int(status): self._validator(content, closed=int(status) < 400) if content else None
                for status, answer in call["responses"].items()
                for content in [_json_content(self._resolve(answer))]
            },
        )


_NEUTRAL_STRINGS = {"uri": "https://github.invalid/", "date-time": "2026-01-01T00:00:00Z"}


def _json_content(part: Json) -> Json:
    return part.get("content", {}).get("application/json", {}).get("schema", {})


def _literalness(operation: Operation) -> tuple[int, int]:
    parts = operation.template.split("/")
    return sum(not part.startswith("{") for part in parts), len(parts)


def _pattern(template: str, schemas: Mapping[str, Json]) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        name = match[1]
        if schemas[name].get("type") == "integer":
            return rf"(?P<{name}>\d+)"
        return rf"(?P<{name}>.+)" if name in LONG_PARAMETERS else rf"(?P<{name}>[^/]+)"

    return re.compile(re.sub(r"\{(\w+)\}", group, template))


_KEPT = ("type", "enum", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "format", "required")


def _json_schema(schema: Json, *, closed: bool) -> Json:
    """A schema of OpenAPI 3.0 as JSON Schema: `nullable` spelt out, references moved, objects closed."""
    if "$ref" in schema:
        return {"$ref": "#/$defs/" + schema["$ref"].rpartition("/")[2]}
    made: dict[str, Json] = {key: schema[key] for key in _KEPT if key in schema}
    if "properties" in schema:
        made["properties"] = {name: _json_schema(part, closed=closed) for name, part in schema["properties"].items()}
    extra = schema.get("additionalProperties", not (closed and "properties" in schema))
    if extra is not True:
        made["additionalProperties"] = extra if isinstance(extra, bool) else _json_schema(extra, closed=closed)
    if "items" in schema:
        made["items"] = _json_schema(schema["items"], closed=closed)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            # Objects that may have other members fit several of the alternatives.
            made[key if closed else "anyOf"] = [_json_schema(part, closed=closed) for part in schema[key]]
    if "allOf" in schema:
        made["allOf"] = [_json_schema(part, closed=False) for part in schema["allOf"]]
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made


@cache
def github_contract() -> Contract:
    """The contract of `openapi.json`."""
    return Contract(json.loads(DESCRIPTION.read_text("utf-8")))
