"""How a stack change is written: one resource of a rehearsed `dev`, in Pulumi's deployment format, changed in place."""

import json
from collections.abc import Callable
from typing import Any

State = dict[str, Any]
Change = Callable[[list[State]], None]


def first(resources: list[State], token: str, name: str = "") -> State:
    """The first resource of a type whose logical name ends with a text."""
    return next(state for state in resources if state["type"] == token and str(state["urn"]).endswith(name))


def setting(token: str, name: str = "", /, **inputs: object) -> Change:
    """A change that sets inputs of the first resource of a type."""

    def change(resources: list[State]) -> None:
        first(resources, token, name)["inputs"] |= inputs

    return change


def editing(token: str, name: str, path: str, edit: Callable[[Any], None]) -> Change:
    """A change of a policy document: its statements, edited in place."""

    def change(resources: list[State]) -> None:
        inputs = first(resources, token, name)["inputs"]
        document = json.loads(inputs[path])
        edit(document["Statement"])
        inputs[path] = json.dumps(document)

    return change
