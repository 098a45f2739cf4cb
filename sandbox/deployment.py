"""Pulumi's deployment format (`pulumi stack export`), and the values in it.

Sources: `sdk/go/common/apitype/core.go` (DeploymentV3, ResourceV3) and `sdk/go/common/resource/properties.go` (signatures) of pulumi/pulumi.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from google.protobuf import struct_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the format's signature of a secret value
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
VERSION = 3

SECRETS_PROVIDER = {
    "type": "passphrase",
    "state": {"salt": "v1:Lucc/fHyZ3I=:v1:LXIbLBM0x4dmDOQN:VsiDERJV0HGE61oXgbYBkSp1AqTIHg=="},
}
"""The state's secrets are in plain text, as with `stack export --show-secrets`; nothing in the sandbox is secret. This lets `pulumi stack
import` take the file with the passphrase `rehearsal`: the salt is what the CLI itself writes for it."""

State = dict[str, Any]


class DeploymentError(ValueError):
    """A state file that cannot be read; the text is the message for the user."""


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A protobuf struct as plain values, whole numbers as int; secrets and unknowns stay in their signed form."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:  # noqa: ANN401 - any JSON value
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "number_value":
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "struct_value":
            return from_struct(value.struct_value)
        case "list_value":
            return [_from_value(item) for item in value.list_value.values]
        case _:
            return None


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Plain values as a protobuf struct."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        _to_value(value, struct.fields[key])
    return struct


def _to_value(value: Any, into: struct_pb2.Value) -> None:  # noqa: ANN401
    match value:
        case None:
            into.null_value = struct_pb2.NULL_VALUE
        case bool():
            into.bool_value = value
        case int() | float():
            into.number_value = value
        case str():
            into.string_value = value
        case dict():
            into.struct_value.CopyFrom(to_struct(cast("dict[str, Any]", value)))
        case _:
            into.list_value.SetInParent()
            for item in value:
                _to_value(item, into.list_value.values.add())


def is_secret(value: object) -> bool:
    """Whether a value is a secret in its signed form."""
    return isinstance(value, dict) and cast("dict[str, object]", value).get(SIGNATURE) == SECRET


def has_unknown(value: object) -> bool:
    """Whether a value, or a part of it, is not known yet."""
    match value:
        case dict():
            return any(has_unknown(item) for item in cast("dict[str, object]", value).values())
        case list():
            return any(has_unknown(item) for item in cast("list[object]", value))
        case _:
            return value == UNKNOWN


def reveal(value: Any) -> Any:  # noqa: ANN401
    """A value with its secrets opened, as a provider sees it."""
    match value:
        case dict():
            inner = cast("dict[str, Any]", value)
            if is_secret(inner):
                return reveal(inner["value"] if "value" in inner else json.loads(inner["plaintext"]))
            return {key: reveal(item) for key, item in inner.items()}
        case list():
            return [reveal(item) for item in cast("list[Any]", value)]
        case _:
            return value


def stored(value: Any) -> Any:  # noqa: ANN401
    """A value as the format stores it: a secret's content as JSON text under `plaintext` (`stack export --show-secrets`)."""
    match value:
        case dict():
            inner = cast("dict[str, Any]", value)
            if is_secret(inner) and "value" in inner:
                return {SIGNATURE: SECRET, "plaintext": json.dumps(inner["value"])}
            return {key: stored(item) for key, item in inner.items()}
        case list():
            return [stored(item) for item in cast("list[Any]", value)]
        case _:
            return value


def wire(value: Any) -> Any:  # noqa: ANN401
    """A stored value as it goes over the wire: the reverse of `stored`."""
    match value:
        case dict():
            inner = cast("dict[str, Any]", value)
            if is_secret(inner) and "plaintext" in inner:
                return {SIGNATURE: SECRET, "value": json.loads(inner["plaintext"])}
            return {key: wire(item) for key, item in inner.items()}
        case list():
            return [wire(item) for item in cast("list[Any]", value)]
        case _:
            return value


def now() -> str:
    """The time, as the format writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def write(path: Path, states: Iterable[State], version: str) -> None:
    """Write a deployment; the file is replaced whole or not at all."""
    deployment = {
        "version": VERSION,
        "deployment": {
            "manifest": {"time": now(), "magic": hashlib.sha256(version.encode()).hexdigest(), "version": version},
            "secrets_providers": SECRETS_PROVIDER,
            "resources": [{key: value for key, value in state.items() if value != {}} for state in states],
            "metadata": {},
        },
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(deployment, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
