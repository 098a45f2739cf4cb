"""The world: every thing in every simulated account, and the rows of the stack's state, in one SQLite file.

A thing and its state row change in one transaction, so a run that is cut off leaves both as they were before or after a step.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

Properties = dict[str, Any]

_SCHEMA = """
create table if not exists things (account text, region text, token text, id text, inputs text, outputs text, seeded integer,
  primary key (account, region, token, id));
create table if not exists states (urn text primary key, position integer, state text);
create table if not exists counters (name text primary key, value integer);
"""


@dataclass(kw_only=True)
class Thing:
    """One thing in an account; global services have region ``."""

    account: str
    region: str
    token: str
    id: str
    inputs: Properties
    outputs: Properties
    seeded: bool = False


@dataclass(kw_only=True)
class _Index:
    """Things by account, region and type, so that no look-up walks the whole world."""

    by_place: dict[tuple[str, str, str], dict[str, Thing]] = field(
        default_factory=dict[tuple[str, str, str], dict[str, Thing]]
    )
    buckets: dict[str, Thing] = field(default_factory=dict[str, Thing])


BUCKET = "aws:s3/bucket:Bucket"
"""Buckets share one name space in the whole world."""

GLOBAL_SERVICES = ("aws:iam/", "aws:organizations/")
"""Services whose things have no region."""


class World:
    """All simulated accounts of one stack.

    Args:
        path: The SQLite file; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("pragma synchronous=off")
        self._connection.executescript(_SCHEMA)
        self._index = _Index()
        for row in self._connection.execute("select account, region, token, id, inputs, outputs, seeded from things"):
            account, region, token, thing_id, inputs, outputs, seeded = row
            self._remember(
                Thing(
                    account=account,
                    region=region,
                    token=token,
                    id=thing_id,
                    inputs=json.loads(inputs),
                    outputs=json.loads(outputs),
                    seeded=bool(seeded),
                )
            )
        self._counters: dict[str, int] = dict(self._connection.execute("select name, value from counters").fetchall())

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def transaction(self) -> sqlite3.Connection:
        """A transaction: `with world.transaction():` commits, or rolls back on an exception."""
        self._connection.execute("begin")
        return self._connection

    def put(self, thing: Thing) -> None:
        """Make or change a thing."""
        self._remember(thing)
        self._connection.execute(
            "insert or replace into things values (?, ?, ?, ?, ?, ?, ?)",
            (
                thing.account,
                thing.region,
                thing.token,
                thing.id,
                json.dumps(thing.inputs),
                json.dumps(thing.outputs),
                int(thing.seeded),
            ),
        )

    def remove(self, thing: Thing) -> None:
        """Take a thing out of its account."""
        self._index.by_place.get((thing.account, thing.region, thing.token), {}).pop(thing.id, None)
        if thing.token == BUCKET:
            self._index.buckets.pop(thing.id, None)
        self._connection.execute(
            "delete from things where account=? and region=? and token=? and id=?",
            (thing.account, thing.region, thing.token, thing.id),
        )

    def seed(
        self,
        *,
        account: str,
        region: str,
        token: str,
        id: str,  # noqa: A002 - Pulumi's word
        inputs: Mapping[str, object],
        outputs: Mapping[str, object] | None = None,
    ) -> None:
        """Put a thing that exists before the first `up`; again changes nothing."""
        place = region_of(token, region)
        if self.find(account, place, token, id) is None:
            self.put(
                Thing(
                    account=account,
                    region=place,
                    token=token,
                    id=id,
                    inputs=dict(inputs),
                    outputs={**inputs, "id": id, **(outputs or {})},
                    seeded=True,
                )
            )

    def find(self, account: str, region: str, token: str, thing_id: str) -> Thing | None:
        """A thing by its id."""
        return self._index.by_place.get((account, region_of(token, region), token), {}).get(thing_id)

    def things(self, account: str, region: str, token: str) -> Iterator[Thing]:
        """All things of a type in an account and region."""
        yield from self._index.by_place.get((account, region_of(token, region), token), {}).values()

    def bucket(self, name: str) -> Thing | None:
        """A bucket of any account."""
        return self._index.buckets.get(name)

    def counts(self) -> Iterator[tuple[str, str, int]]:
        """(account, token, number) of what was made, seeds left out."""
        for (account, _, token), things in sorted(self._index.by_place.items()):
            made = sum(not thing.seeded for thing in things.values())
            if made:
                yield account, token, made

    def fresh(self, scope: str, length: int = 17) -> str:
        """A hexadecimal id that was never given in a scope: random-looking, and the same in every world with the same history."""
        value = self._counters.get(scope, 0) + 1
        self._counters[scope] = value
        self._connection.execute("insert or replace into counters values (?, ?)", (scope, value))
        return hashlib.sha256(f"{scope}/{value}".encode()).hexdigest()[:length]

    def states(self) -> list[Properties]:
        """The stack's state, in the order in which its resources were registered."""
        rows = self._connection.execute("select state from states order by position").fetchall()
        return [cast("Properties", json.loads(row[0])) for row in rows]

    def put_state(self, position: int, state: Mapping[str, object]) -> None:
        """Write the state row of a resource."""
        self._connection.execute(
            "insert or replace into states values (?, ?, ?)", (state["urn"], position, json.dumps(state))
        )

    def remove_state(self, urn: str) -> None:
        """Forget a resource."""
        self._connection.execute("delete from states where urn=?", (urn,))

    def _remember(self, thing: Thing) -> None:
        self._index.by_place.setdefault((thing.account, thing.region, thing.token), {})[thing.id] = thing
        if thing.token == BUCKET:
            self._index.buckets[thing.id] = thing


def region_of(token: str, region: str) -> str:
    """The region in which a type's things are kept: none for global services."""
    return "" if token.startswith(GLOBAL_SERVICES) else region
