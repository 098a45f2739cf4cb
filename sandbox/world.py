"""The world: every thing in every simulated account, and the rows of the stack's state, in one SQLite file.

A thing and its state row change in one transaction, so a run that is cut off leaves both as they were before or after a step. Several
processes may work in one world, as the engine's plugins do: each keeps its own index and takes over what the others wrote.
"""

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Properties = dict[str, Any]

LAYOUT = 2
"""Version of the tables, which the file carries (`pragma user_version`); raised with every change of them. The first carried none."""

_SCHEMA = f"""
begin immediate;
create table if not exists things (account text, region text, token text, id text, inputs text, outputs text, seeded integer,
  primary key (account, region, token, id));
create table if not exists resources (number integer primary key, run integer, position integer, state text);
create table if not exists counters (name text primary key, value integer);
create table if not exists changes (sequence integer primary key autoincrement, account text, region text, token text, id text);
pragma user_version = {LAYOUT};
commit;
"""

_PATIENCE = 60.0
"""Seconds that a process waits for another one's transaction, which takes milliseconds."""


class WorldError(ValueError):
    """A file that holds no world, or one of another version of the program; the text says which."""


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
class Row:
    """One resource in the stack's state.

    Attributes:
        number: Its identity; None until it is written.
        run: The run that registered it last, counted from 1.
        position: Its place in the order of that run.
        state: The resource in Pulumi's deployment format.
    """

    number: int | None = None
    run: int
    position: int
    state: Properties


@dataclass(kw_only=True)
class _Index:
    """Things by account, region and type, so that no look-up walks the whole world."""

    by_place: dict[tuple[str, str, str], dict[str, Thing]] = field(
        default_factory=dict[tuple[str, str, str], dict[str, Thing]]
    )
    buckets: dict[str, Thing] = field(default_factory=dict[str, Thing])


BUCKET = "aws:s3/bucket:Bucket"
"""Buckets share one name space in the whole world."""

CHANGES = "changes of the run"
"""The scope in which the changes of one run of the real engine are counted, over all its plugins."""

GLOBAL_SERVICES = ("aws:iam/", "aws:organizations/")
"""Services whose things have no region."""


class World:
    """All simulated accounts of one stack.

    Args:
        path: The SQLite file; made if it is not there.

    Raises:
        WorldError: It holds no world of this version; it stays as it was.
    """

    def __init__(self, path: Path) -> None:
        with _holding_a_world():
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=_PATIENCE)
        try:
            with _holding_a_world():
                self._open()
        except WorldError:
            self._connection.close()
            raise

    def _open(self) -> None:
        """Check the file's layout before anything is written, then make what is missing."""
        (tables,) = self._connection.execute("select count(*) from sqlite_master").fetchone()
        (layout,) = self._connection.execute("pragma user_version").fetchone()
        if tables and layout != LAYOUT:
            raise WorldError(
                f"was written by another version of the program (layout {layout or 1}, and this one reads {LAYOUT})"
            )
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("pragma synchronous=off")
        if not tables:
            self._connection.executescript(_SCHEMA)
        self._load()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """A transaction, in which no other process writes: commits, or rolls back on an exception."""
        self._connection.execute("begin immediate")
        written = self._connection.total_changes
        try:
            self.catch_up()
            yield
        except BaseException:
            changed = self._connection.total_changes != written
            self._connection.execute("rollback")
            if changed:
                self._load()
            raise
        self._connection.execute("commit")

    def catch_up(self) -> None:
        """Take over what other processes wrote."""
        version = self._version()
        if version == self._seen_version:
            return
        self._seen_version = version
        changed = self._connection.execute(
            "select sequence, account, region, token, id from changes where sequence > ? order by sequence",
            (self._seen_change,),
        ).fetchall()
        for key in dict.fromkeys(row[1:] for row in changed):
            row = self._connection.execute(f"{_SELECT} where {_KEY}", key).fetchone()
            if row is None:
                self._forget(*key)
            else:
                self._remember(_thing(row))
        # Not the newest there is now: another process may have written since.
        self._seen_change = changed[-1][0] if changed else self._seen_change

    def _load(self) -> None:
        self._seen_version = self._version()
        self._seen_change = self._last_change()
        self._index = _Index()
        for row in self._connection.execute(_SELECT):
            self._remember(_thing(row))

    def _version(self) -> int:
        """A number that changes when another connection has written (`pragma data_version`)."""
        return int(self._connection.execute("pragma data_version").fetchone()[0])

    def _last_change(self) -> int:
        return int(self._connection.execute("select coalesce(max(sequence), 0) from changes").fetchone()[0])

    def _changed(self, account: str, region: str, token: str, thing_id: str) -> None:
        """Tell the other processes; what we wrote ourselves is not taken over again."""
        cursor = self._connection.execute(
            "insert into changes (account, region, token, id) values (?, ?, ?, ?)", (account, region, token, thing_id)
        )
        if cursor.lastrowid == self._seen_change + 1:
            self._seen_change += 1

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
        self._changed(thing.account, thing.region, thing.token, thing.id)

    def remove(self, thing: Thing) -> None:
        """Take a thing out of its account."""
        key = (thing.account, thing.region, thing.token, thing.id)
        self._forget(*key)
        self._connection.execute(f"delete from things where {_KEY}", key)  # noqa: S608 - our own text
        self._changed(*key)

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
        return hashlib.sha256(f"{scope}/{self.next(scope)}".encode()).hexdigest()[:length]

    def next(self, scope: str) -> int:
        """The next number of a scope, from 1."""
        row = self._connection.execute("select value from counters where name=?", (scope,)).fetchone()
        value = int(row[0]) + 1 if row else 1
        self._connection.execute("insert or replace into counters values (?, ?)", (scope, value))
        return value

    def restart(self, scope: str) -> None:
        """Let a scope count from 1 again."""
        self._connection.execute("delete from counters where name=?", (scope,))

    def states(self) -> list[Properties]:
        """The stack's state, in its order."""
        return [row.state for row in self.rows()]

    def rows(self) -> list[Row]:
        """The stack's state: what the last run registered, in its order, then what it did not reach."""
        found = self._connection.execute(
            "select number, run, position, state from resources order by run desc, position, number"
        )
        return [
            Row(number=number, run=run, position=position, state=json.loads(state))
            for number, run, position, state in found
        ]

    def put_row(self, row: Row) -> None:
        """Write a row of the state; a new one gets its number."""
        cursor = self._connection.execute(
            "insert or replace into resources values (?, ?, ?, ?)",
            (row.number, row.run, row.position, json.dumps(row.state)),
        )
        row.number = cursor.lastrowid

    def remove_row(self, row: Row) -> None:
        """Forget a resource."""
        self._connection.execute("delete from resources where number=?", (row.number,))

    def _remember(self, thing: Thing) -> None:
        self._index.by_place.setdefault((thing.account, thing.region, thing.token), {})[thing.id] = thing
        if thing.token == BUCKET:
            self._index.buckets[thing.id] = thing

    def _forget(self, account: str, region: str, token: str, thing_id: str) -> None:
        self._index.by_place.get((account, region, token), {}).pop(thing_id, None)
        if token == BUCKET:
            self._index.buckets.pop(thing_id, None)


@contextmanager
def _holding_a_world() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise WorldError(f"holds no simulated accounts ({error})") from None


_SELECT = "select account, region, token, id, inputs, outputs, seeded from things"
_KEY = "account=? and region=? and token=? and id=?"


def _thing(row: tuple[str, str, str, str, str, str, int]) -> Thing:
    account, region, token, thing_id, inputs, outputs, seeded = row
    return Thing(
        account=account,
        region=region,
        token=token,
        id=thing_id,
        inputs=json.loads(inputs),
        outputs=json.loads(outputs),
        seeded=bool(seeded),
    )


def region_of(token: str, region: str) -> str:
    """The region in which a type's things are kept: none for global services."""
    return "" if token.startswith(GLOBAL_SERVICES) else region
