"""As much of JSON Schema and OpenAPI 3.1 as the management API's document uses, and nothing that is only nearly right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

_KNOWN = {"type", "properties", "required", "items", "enum", "anyOf", "format", "$ref", "minimum", "maximum", "default"}
_TYPES = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}


def resolve(document: dict, reference: str) -> dict:
    """What a $ref leads to; KeyError if that is nothing."""
    assert reference.startswith("#/"), reference
    value = document
    for part in reference[2:].split("/"):
        value = value[part]
    return value


def mistakes(value, schema: dict, document: dict, path: str = "") -> list[str]:
    """Where value is not as schema says."""
    unknown = set(schema) - _KNOWN
    if unknown:
        return [f"{path}: the schema has {unknown}, which this test does not know"]
    if "$ref" in schema:
        return mistakes(value, resolve(document, schema["$ref"]), document, path)
    if "anyOf" in schema:
        tried = [mistakes(value, each, document, path) for each in schema["anyOf"]]
        return [] if [] in tried else tried[0]
    if not _is_type(value, schema["type"]):
        return [f"{path}: {value!r} is no {schema['type']}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path}: {value!r} is none of {schema['enum']}")
    if "minimum" in schema and value < schema["minimum"]:
        found.append(f"{path}: {value!r} is below {schema['minimum']}")
    if "maximum" in schema and value > schema["maximum"]:
        found.append(f"{path}: {value!r} is above {schema['maximum']}")
    if schema.get("format") == "date-time":
        datetime.fromisoformat(value.replace("Z", "+00:00"))
    if schema["type"] == "object" and "properties" in schema:
        properties = schema["properties"]
        found += [f"{path}: {name} is missing" for name in schema.get("required", []) if name not in value]
        found += [f"{path}: {name} is not in the schema" for name in value if name not in properties]
        for name in set(value) & set(properties):
            found += mistakes(value[name], properties[name], document, f"{path}.{name}")
    if schema["type"] == "array":
        for index, element in enumerate(value):
            found += mistakes(element, schema["items"], document, f"{path}[{index}]")
    return found


def _is_type(value, name: str) -> bool:
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, _TYPES[name])


def operations(document: dict) -> Iterator[tuple[str, str, dict]]:
    """Path, method in capitals, and operation object of each."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def document_mistakes(document: dict) -> list[str]:
    """What OpenAPI 3.1 would not have."""
    found = [] if re.fullmatch(r"3\.1\.\d+", document["openapi"]) else [f"openapi: {document['openapi']}"]
    found += [f"info: no {name}" for name in ("title", "version") if not document["info"].get(name)]
    schemes = document["components"]["securitySchemes"]
    found += [f"security: {name}" for each in document["security"] for name in each if name not in schemes]
    found += [f"nothing at {reference}" for reference in _references(document) if not _leads(document, reference)]
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        if method not in ("GET", "PUT", "POST", "DELETE"):
            found.append(f"{where}: no method of OpenAPI")
        places = re.findall(r"{([^}]*)}", path)
        declared = [each for each in operation.get("parameters", []) if each["in"] == "path"]
        if sorted(each["name"] for each in declared) != sorted(places) or not all(each["required"] for each in declared):
            found.append(f"{where}: its path has {places}, and declared are {declared}")
        names = [(each["in"], each["name"]) for each in operation.get("parameters", [])]
        if len(set(names)) != len(names) or any(each["in"] not in ("path", "query") or "schema" not in each
                                                for each in operation.get("parameters", [])):
            found.append(f"{where}: parameters {operation['parameters']}")
        if not operation["summary"] or not operation["responses"]:
            found.append(f"{where}: no summary or no responses")
        for status, response in operation["responses"].items():
            if not re.fullmatch(r"default|[1-5]\d\d", status):
                found.append(f"{where}: the response {status}")
            response = resolve(document, response["$ref"]) if "$ref" in response else response
            if not response["description"]:
                found.append(f"{where}: {status} has no description")
    return found


def _references(value) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _leads(document: dict, reference: str) -> bool:
    try:
        resolve(document, reference)
        return True
    except (KeyError, AssertionError):
        return False
