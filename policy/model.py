"""The neutral resource model that rules look at: plain values, whatever declared them.

Types and property names are those of the classic Pulumi provider (`aws:s3/bucket:Bucket`, camelCase); adapters translate everything else
into them. A value that is not known yet is `UNKNOWN`, wherever it stands.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from perimeter.verdict import UNKNOWN


class UndecidedError(Exception):
    """A rule met a value that is not known yet.

    Attributes:
        path: The property (`policy`, `rules[0].applyServerSideEncryptionByDefault`).
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The provider of a resource: its logical name, and its settings, lists and objects parsed."""

    name: str
    properties: Mapping[str, object]

    @property
    def is_default(self) -> bool:
        """Whether the engine made it by itself: no account is named (`default`, `default_7_51_1`)."""
        return re.fullmatch(r"default(_.*)?", self.name) is not None

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that it may work in."""
        return tuple(texts(self.properties.get("allowedAccountIds")))


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """One declared resource.

    Attributes:
        token: Its type.
        name: Its logical name.
        urn: Its URN, unique in the stack.
        properties: Its inputs; `UNKNOWN` for what is not known.
        provider: Its provider; None for components and providers, and where no explicit one is given.
        references: Property -> URNs of the resources that its value comes from.
        identity: Id, ARN and name, as far as they are known: what another resource's property may hold.
        protect: Whether it is protected from deletion.
    """

    token: str
    name: str
    urn: str
    properties: Mapping[str, object]
    provider: Provider | None = None
    references: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    identity: frozenset[str] = frozenset()
    protect: bool = False

    def get(self, path: str) -> object:
        """The value at a path (`encryptionConfiguration.kmsKeyId`), None where there is nothing.

        Raises:
            UndecidedError: The value, or what holds it, is not known yet.
        """
        value: object = self.properties
        walked: list[str] = []
        for part in path.split("."):
            walked.append(part)
            value = mapping(value).get(part)
            if value is UNKNOWN:
                raise UndecidedError(".".join(walked))
        return value

    def is_set(self, path: str) -> bool:
        """Whether there is a value at a path; one that is not known yet counts, empty ones do not."""
        try:
            return self.get(path) not in (None, "", [], {}, ())
        except UndecidedError:
            return True

    def is_of(self, *tokens: str) -> bool:
        """Whether it is of one of these types."""
        return self.token in tokens

    @property
    def is_custom(self) -> bool:
        """Whether a provider makes it: no component, provider or stack."""
        return not self.token.startswith(("pulumi:", "mlops:"))


class Stack:
    """All resources of a stack, with what they refer to.

    Args:
        resources: The resources, in any order.
    """

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources: tuple[Resource, ...] = tuple(resources)

    def of(self, *tokens: str) -> Iterator[Resource]:
        """The resources of these types, in the order of the stack."""
        for token in tokens:
            yield from self._by_token.get(token, ())

    def referred(self, resource: Resource, path: str, *tokens: str) -> list[Resource]:
        """The resources of these types that a property of a resource refers to: by where its value comes from, or by the value itself."""
        top = path.partition(".")[0]
        found = [self._by_urn[urn] for urn in resource.references.get(top, ()) if urn in self._by_urn]
        try:
            values = texts(resource.get(path))
        except UndecidedError:
            values = []
        for value in values:
            found += self._by_identity.get(value, ())
        return list(dict.fromkeys(other for other in found if not tokens or other.token in tokens))

    def users(self, resource: Resource, token: str, path: str) -> list[Resource]:
        """The resources of a type that refer to a resource by a property."""
        return self._users(token, path).get(resource.urn, [])

    def _users(self, token: str, path: str) -> Mapping[str, list[Resource]]:
        """URN -> its users, built once for a type and property: the growth with the stack stays linear."""
        if (token, path) not in self._user_index:
            index: dict[str, list[Resource]] = {}
            for user in self.of(token):
                for used in self.referred(user, path):
                    index.setdefault(used.urn, []).append(user)
            self._user_index[token, path] = index
        return self._user_index[token, path]

    @cached_property
    def _user_index(self) -> dict[tuple[str, str], Mapping[str, list[Resource]]]:
        return {}

    @cached_property
    def _by_token(self) -> Mapping[str, list[Resource]]:
        index: dict[str, list[Resource]] = {}
        for resource in self.resources:
            index.setdefault(resource.token, []).append(resource)
        return index

    @cached_property
    def _by_urn(self) -> Mapping[str, Resource]:
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def _by_identity(self) -> Mapping[str, list[Resource]]:
        index: dict[str, list[Resource]] = {}
        for resource in self.resources:
            for value in resource.identity:
                index.setdefault(value, []).append(resource)
        return index


def mapping(value: object) -> Mapping[str, object]:
    """A value as an object; anything else is an empty one, so that no foreign program breaks a rule."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def items(value: object) -> list[object]:
    """A value as a list: one value is a list of it, nothing an empty one."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return list(cast("Sequence[object]", value))
    return [value]


def texts(value: object) -> list[str]:
    """The texts of a value that is a text or a list; what is not known, or no text, is left out."""
    return [item for item in items(value) if isinstance(item, str)]


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Path and value of everything in a value that is no object and no list; what is not known is one leaf."""
    match value:
        case Mapping():
            for name, part in mapping(cast("object", value)).items():
                yield from leaves(part, f"{path}.{name}" if path else name)
        case list() | tuple():
            for index, part in enumerate(items(cast("object", value))):
                yield from leaves(part, f"{path}[{index}]")
        case _:
            yield path, value
