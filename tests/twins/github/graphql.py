"""GitHub's GraphQL: requests are held against what the schema has (`graphql_schema`) before anything is done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tests.twins.github.accounts import Token
from tests.twins.github.calls import Refused, Reply
from tests.twins.github.contract import Json
from tests.twins.github.graphql_language import Document, Selection, SyntaxWrong, filled, parse, variables_of
from tests.twins.github.graphql_schema import INPUTS, METHODS, MUTATIONS, QUERIES, Asked, Failed
from tests.twins.github.world import World

OID = re.compile("[0-9a-f]{40}")
MOST_OF_A_CONNECTION = 100


class Unsound(Exception):
    """The request is no valid GraphQL of GitHub's: a mistake of the client's programmer."""


def name_of(body: Json) -> str:
    """The first field that a request asks for, which names it."""
    try:
        return parse(body["query"]).fields[0].name
    except (SyntaxWrong, KeyError, TypeError):
        return "?"


def serve(world: World, token: Token | None, body: Json, breach: Callable[[str], None]) -> Reply:
    """Answer a request. What GitHub would refuse as malformed is told to `breach` as well."""
    if token is None:
        return Reply(status=401, body=Refused(401, "Bad credentials").body)
    try:
        document, variables = _checked(body)
    except (SyntaxWrong, Unsound) as error:
        breach(f"POST graphql: {error}")
        return Reply(body={"errors": [{"message": str(error)}]})
    asked = Asked(world=world, token=token)
    data: dict[str, Json] = {}
    errors = []
    for field in document.fields:
        try:
            arguments = filled(dict(field.arguments), variables)
            value = _root(asked, document, field, arguments)
            data[field.alias] = _selected(value, field)
        except Unsound as error:
            breach(f"POST graphql: {error}")
            return Reply(body={"errors": [{"message": str(error)}]})
        except Failed as error:
            data[field.alias] = None
            place = {"path": [field.alias], "locations": [{"line": 1, "column": 1}]}
            errors.append({"type": error.kind, **place, "message": str(error)})
    return Reply(body={"data": data, **({"errors": errors} if errors else {})})


def _checked(body: Json) -> tuple[Document, Mapping[str, Json]]:
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise Unsound("A query attribute must be specified and must be a string.")
    if extra := body.keys() - {"query", "variables", "operationName"}:
        raise Unsound(f"the request has members that GraphQL has not: {sorted(extra)}")
    document = parse(body["query"])
    variables = body.get("variables") or {}
    if undeclared := variables.keys() - document.variables.keys():
        raise Unsound(f"variables that the operation does not declare: {sorted(undeclared)}")
    used = {name for field in document.fields for name in _variables_in(field)}
    if unused := document.variables.keys() - used:
        raise Unsound(f"Variable ${min(unused)} is declared by the operation but not used")
    if unknown := used - document.variables.keys():
        raise Unsound(f"Variable ${min(unknown)} is used by the operation but not declared")
    for name, kind in document.variables.items():
        if kind.endswith("!") and variables.get(name) is None:
            raise Unsound(f"Variable ${name} of type {kind} was provided invalid value")
    return document, variables


def _variables_in(field: Selection) -> set[str]:
    inner = {name for part in field.fields for name in _variables_in(part)}
    return inner | variables_of(dict(field.arguments))


def _root(asked: Asked, document: Document, field: Selection, arguments: Mapping[str, Json]) -> Json:
    if document.kind == "query":
        query = QUERIES.get(field.name)
        if query is None:
            raise Unsound(f"Field '{field.name}' doesn't exist on type 'Query'")
        return query(asked, arguments)
    mutation = MUTATIONS.get(field.name)
    if mutation is None:
        raise Unsound(f"Field '{field.name}' doesn't exist on type 'Mutation'")
    kind = field.name[0].upper() + field.name[1:] + "Input"
    for value in field.arguments.values():
        for name in variables_of(value):
            if value == filled(value, {}) or (document.variables[name] != f"{kind}!" and not isinstance(value, dict)):
                raise Unsound(f"Type mismatch on variable ${name} ({document.variables[name]} / {kind}!)")
    if arguments.keys() != {"input"}:
        raise Unsound(f"Field '{field.name}' takes the argument 'input' only")
    _check_input(kind, arguments["input"])
    made = mutation(asked, arguments["input"])
    return {"__typename": f"{kind[:-5]}Payload", "clientMutationId": arguments["input"].get("clientMutationId"), **made}


def _check_input(kind: str, value: Json) -> None:
    if not isinstance(value, dict):
        raise Unsound(f"{kind} is an object")
    described = INPUTS[kind]
    for name in value.keys() - described.keys():
        raise Unsound(f"{name} (Field is not defined on {kind})")
    for name, wanted in described.items():
        if value.get(name) is None:
            if wanted.endswith("!"):
                raise Unsound(f"{name} (Expected value to not be null) of {kind}")
        elif not _fits(wanted.rstrip("!"), value[name]):
            raise Unsound(f"{kind}.{name}: {value[name]!r} is no {wanted}")


def _fits(wanted: str, value: Json) -> bool:
    if wanted == "[RefUpdate!]":
        if not isinstance(value, list) or not value:
            return False
        for item in value:
            _check_input("RefUpdate", item)
        return True
    if wanted == "Boolean":
        return isinstance(value, bool)
    if wanted == "Method":
        return value in METHODS
    return isinstance(value, str) and (wanted != "Oid" or OID.fullmatch(value) is not None)


def _selected(value: Json, field: Selection) -> Json:
    """A value with the members that were asked for."""
    if isinstance(value, list):
        return [_selected(item, field) for item in value]
    if value is None or (not isinstance(value, dict) and not field.fields):
        return value
    if not isinstance(value, dict) or not field.fields:
        raise Unsound(f"Field '{field.name}' must have selections exactly where it is an object")
    made = {}
    for part in field.fields:
        if part.on and part.on != value["__typename"]:
            continue
        if part.name not in value:
            raise Unsound(f"Field '{part.name}' doesn't exist on type '{value['__typename']}'")
        _check_arguments(part, value[part.name])
        made[part.alias] = _selected(value[part.name], part)
    return made


def _check_arguments(field: Selection, value: Json) -> None:
    """Only connections take arguments here, and they must have one that bounds them."""
    connection = isinstance(value, dict) and str(value["__typename"]).endswith("Connection")
    if extra := field.arguments.keys() - ({"first", "last"} if connection else set()):
        raise Unsound(f"Field '{field.name}' doesn't accept argument '{min(extra)}'")
    if connection and not field.arguments:
        raise Unsound(f"You must provide a `first` or `last` value to properly paginate `{field.name}`")
    for name, bound in field.arguments.items():
        if not isinstance(bound, int) or not 1 <= bound <= MOST_OF_A_CONNECTION:
            raise Unsound(f"`{name}` of `{field.name}` must be from 1 to {MOST_OF_A_CONNECTION}")
