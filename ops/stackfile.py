"""Stack files: `Pulumi.<stack>.yaml` as the flat configuration that Pulumi's CLI hands to the program."""

import json
from collections.abc import Hashable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import yaml

from components.mistakes import find_credential
from ops.errors import UserError

_MERGE = "tag:yaml.org,2002:merge"
_DEEPEST = 12  # nothing that can be configured is half as deep
_SCALARS = (str, int, float, type(None))


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice: the second would win silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is no text", key_node.start_mark)
            key = self.construct_object(key_node, deep=deep)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - PyYAML's stubs
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(cast("object", key))
        return super().construct_mapping(node, deep=deep)


def project_name(root: Path) -> str:
    """The project's name, from `Pulumi.yaml`."""
    path = root / "Pulumi.yaml"
    name = _read(path).get("name")
    if not isinstance(name, str):
        raise UserError(f"{path.name}: has no `name:` with the project's name. Restore the file from version control")
    return name


def load(root: Path, stack: str) -> dict[str, str]:
    """The configuration of a stack: `namespace:key` -> text, objects and lists as JSON, as the CLI passes them.

    Raises:
        UserError: The file is missing or malformed, holds an AWS credential, or an encrypted value.
    """
    path = root / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        stacks = sorted(found.name.split(".")[1] for found in root.glob("Pulumi.*.yaml"))
        near = get_close_matches(stack, stacks, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(stacks) or 'none'}"
        raise UserError(f"stack {stack!r} has no file {path.name}. {hint}")
    _refuse_credentials(path)
    document = _read(path)
    config = document.get("config")
    if not isinstance(config, dict) or not config:
        raise UserError(f"{path.name}: has no `config:` with the stack's keys. Start from Pulumi.dev.yaml")
    return {
        _key(path, key): _text(path, str(key), value) for key, value in cast("dict[object, object]", config).items()
    }


def rehearsed(root: Path, stack: str) -> dict[str, str]:
    """The configuration of a stack for simulated accounts, where AWS's documentation account ids are as good as any.

    Raises:
        UserError: As `load`.
    """
    return {**load(root, stack), "mlops:allowPlaceholderAccounts": "true"}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader, made stricter
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = " ".join(str(getattr(error, "problem", error)).split())
        raise UserError(f"{path.name}{where}: is not valid YAML: {problem}. Mend the line") from None
    except RecursionError:
        raise UserError(f"{path.name}: is nested too deeply. Start from Pulumi.dev.yaml") from None
    except OSError as error:
        raise UserError(f"{path.name}: cannot be read ({error.strerror}). Restore it or mend its permissions") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name}: is not UTF-8 text (byte {error.start}). Save it as UTF-8") from None
    if not isinstance(document, dict):
        raise UserError(f"{path.name}: is not a mapping of keys to values. Start from Pulumi.dev.yaml")
    return cast("Mapping[str, Any]", document)


def _refuse_credentials(path: Path) -> None:
    """Anywhere in the file, comments included; the finding itself is not printed."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return  # reading it says what is wrong
    for number, line in enumerate(text.splitlines(), start=1):
        kind = find_credential(line)
        if kind:
            raise UserError(
                f"{path.name}, line {number}: holds {kind}. Remove it, and if it was real, revoke it; the deploy role is assumed instead"
            )


def _key(path: Path, key: object) -> str:
    if not isinstance(key, str) or ":" not in key:
        raise UserError(f"{path.name}: config key {key!r} has no namespace. Write mlops:{key}")
    return key


def _text(path: Path, key: str, value: object) -> str:
    match value:
        case dict() if "secure" in value:
            raise UserError(
                f"{path.name}: {key} is encrypted, which a rehearsal cannot read. Give a plain value in a stack file for rehearsals"
            )
        case dict() | list():
            _refuse_unplain(path, key, cast("object", value))
            return json.dumps(value)
        case bool():
            return str(value).lower()
        case None:
            return ""
        case str() | int() | float():
            return str(value)
        case _:
            _refuse_unplain(path, key, value)
            return str(value)


def _refuse_unplain(path: Path, key: str, value: object, depth: int = 0) -> None:
    """Only what JSON has: YAML also makes dates, sets and bytes, and keys of any type, and a value may hold itself."""
    if depth > _DEEPEST:
        raise UserError(f"{path.name}: {key} is nested too deeply. Start from Pulumi.dev.yaml")
    match value:
        case dict():
            for name, item in cast("dict[object, object]", value).items():
                if not isinstance(name, str):
                    raise UserError(f"{path.name}: {key} has the key {name!r}, which is no text. Put it in quotes")
                _refuse_unplain(path, f"{key}.{name}", item, depth + 1)
        case list():
            for item in cast("list[object]", value):
                _refuse_unplain(path, key, item, depth + 1)
        case _ if not isinstance(value, _SCALARS):
            raise UserError(
                f"{path.name}: {key} holds {value!r}, which YAML reads as a {type(value).__name__}. Put it in quotes"
            )
        case _:
            pass
