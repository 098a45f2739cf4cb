"""Works out and takes the steps of a run as Pulumi's engine does (`pkg/resource/deploy/step_generator.go` of pulumi/pulumi).

A replacement makes the new thing and leaves the old one in the state with `delete`; at the end of the run what is left with `delete`, and what
the program no longer registers, is deleted, last of the state first, so that dependents go before what they depend on. Where two things cannot
have one name, the old one goes first, after the dependents that it takes along, and its state stays with `pendingReplacement` until the new one
is there. A thing and its state change in one transaction: a run that is cut off is continued by the next.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from pulumi.runtime.proto import resource_pb2

from sandbox.deployment import State, now, stored
from sandbox.faults import Trouble
from sandbox.kinds import kind_of
from sandbox.kinds.base import Kind
from sandbox.places import CLASSIC, PROVIDER, Place, place_of
from sandbox.refusal import Refusal
from sandbox.service import auto_named, changes, differing, is_auto_named, make, remove, tags_all, take_role
from sandbox.steps import Failure, Run, Step, StepOp
from sandbox.world import Properties, Row, Thing, World

Request = resource_pb2.RegisterResourceRequest


class Stepper:
    """The steps of one run.

    Args:
        world: The simulated accounts.
        run: What the run knows and finds.
        report: Called for every step.
        trouble: What goes wrong.
    """

    def __init__(self, world: World, run: Run, report: Callable[[Step], None], trouble: Trouble) -> None:
        self._world = world
        self._run = run
        self._report = report
        self._trouble = trouble
        self._live = {str(row.state["urn"]): row for row in run.rows if not row.state.get("delete")}
        self._number = max((row.run for row in run.rows), default=0) + 1
        self._new: dict[str, Row] = {}
        self._kept: set[int | None] = set()
        self._places = {
            _reference(row.state): place_of(row.state["inputs"])
            for row in run.rows
            if str(row.state["type"]).startswith(PROVIDER)
        }

    def place(self, provider: str, token: str) -> Place:
        """Where a provider of this run works.

        Raises:
            Refusal: The program names none, so it would be the default one.
        """
        if provider not in self._run.places:
            raise Refusal(
                "default provider",
                f"Default provider for '{token.partition(':')[0]}' disabled. '{token}' must use an explicit provider.",
            )
        return self._run.places[provider]

    def register(self, urn: str, aliases: Sequence[str], request: Request, inputs: Properties) -> State:
        """Take the step of one registration; its new state.

        Raises:
            Refusal: AWS, the provider or the engine would refuse it.
            UnknownTypeError: The sandbox does not simulate its type.
        """
        old = self._old(urn, aliases)
        state = _state(urn, request, stored(inputs), old.state if old else None)
        if request.type.startswith(PROVIDER):
            self._provider(state, old)
        elif request.custom:
            self._custom(request, state, old)
        else:
            self._component(state, old)
        return state

    def outputs(self, urn: str, outputs: Properties) -> None:
        """What a component or the stack exports."""
        row = self._new[urn]
        row.state["outputs"] = stored(outputs)
        self._put(row)

    def delete_gone(self) -> None:
        """Delete what replacements left and what the program no longer registers; ends at the first refusal."""
        for row in reversed(self._run.rows):
            if row.number in self._kept:
                continue
            try:
                self._delete(row)
            except Refusal as refusal:
                account = self._account(row.state)
                self._run.failures.append(Failure(urn=row.state["urn"], account=account, message=str(refusal)))
                return

    # One registration

    def _old(self, urn: str, aliases: Sequence[str]) -> Row | None:
        """The resource's row of the last run, under its own URN or an alias."""
        for candidate in (urn, *aliases):
            row = self._live.get(candidate)
            if row is not None and row.number not in self._kept:
                if candidate != urn:
                    self._rename(candidate, urn)
                return row
        return None

    def _rename(self, old: str, new: str) -> None:
        """What is left of the last run refers to a resource by its new URN."""
        for row in self._run.rows:
            renamed = _renamed(row.state, old, new)
            if renamed != row.state:
                row.state = renamed
                self._put(row)
        for reference in [reference for reference in self._places if reference.startswith(f"{old}::")]:
            self._places[new + reference.removeprefix(old)] = self._places[reference]

    def _component(self, state: State, old: Row | None) -> None:
        state["outputs"] = old.state.get("outputs", {}) if old else {}
        changed = _differences(old, state)
        self._commit(state, old)
        self._tell(_op(old, changed), state, changed)

    def _provider(self, state: State, old: Row | None) -> None:
        """A provider is configured with its account; another region replaces a classic one, and with it all that it made."""
        changed = _differences(old, state)
        op, before = _op(old, changed), str(old.state["id"]) if old else ""
        if old and "region" in changed and state["type"] == CLASSIC:
            op = StepOp.REPLACE
            old.state["delete"] = True
        stays = op in (StepOp.SAME, StepOp.UPDATE)
        state["id"] = before if stays else str(uuid.uuid5(uuid.NAMESPACE_URL, f"{state['urn']}{before}"))
        state["outputs"] = state["inputs"]
        place = place_of(state["inputs"])
        take_role(self._world, place)
        self._run.places[_reference(state)] = place
        self._commit(state, old)
        self._tell(op, state, changed)

    def _custom(self, request: Request, state: State, old: Row | None) -> None:
        kind, place = kind_of(request.type), self.place(request.provider, request.type)
        before: State = old.state if old else {}
        given = ignoring(state["inputs"], before.get("inputs", {}), request.ignoreChanges)
        state["inputs"] = auto_named(kind, request.name, given, before.get("inputs", {}), str(state["urn"]).encode())
        op, changed = self._difference(request, kind, place, state, before)
        left = self._left(op, before, place)
        if op is StepOp.REPLACE and old:
            self._replace(request, kind, old, given, changed)
            renamed = f"{state['urn']}{before['id']}".encode()
            state["inputs"] = auto_named(kind, request.name, given, {}, renamed)
        kept: State = {} if op in (StepOp.CREATE, StepOp.REPLACE) else before
        state["id"], state["outputs"] = kept.get("id", ""), kept.get("outputs", {})
        if op is StepOp.SAME:
            self._commit(state, old)
        elif self._run.preview:
            tags = {"tagsAll": tags_all(place, state["inputs"])} if kind.tagged else {}
            state["outputs"] = stored({**state["outputs"], **state["inputs"], **tags})
            self._commit(state, old)
        else:
            self._trouble.before(kind.token)
            self._commit(state, old, lambda: self._make(kind, place, request.name, state))
        self._tell(op, state, changed, place.account, left)

    def _difference(
        self, request: Request, kind: Kind, place: Place, state: State, old: State
    ) -> tuple[StepOp, tuple[str, ...]]:
        """What happens to a resource, and the inputs that changed.

        Another provider replaces it only in another region: the engine (`providerChanged`) asks the new provider's DiffConfig, and the AWS
        provider says that of its region alone (pulumi/pulumi-aws#4000); another account changes nothing (pulumi/pulumi-aws#6385).
        """
        if not old:
            return StepOp.CREATE, ()
        before = self._places.get(str(old["provider"]))
        if old["provider"] != state["provider"] and (before is None or before.region != place.region):
            return StepOp.REPLACE, ("provider",)
        changed = tuple(changes(kind, place, old["inputs"], old["outputs"], state["inputs"]))
        if old.get("pendingReplacement") or (kind.replaces | set(request.replaceOnChanges)) & set(changed):
            return StepOp.REPLACE, changed
        return (StepOp.UPDATE if changed else StepOp.SAME), changed

    def _left(self, op: StepOp, old: State, place: Place | None) -> str | None:
        """The account in which an old thing stays, if what would change or delete it works in another one now."""
        before = self._places.get(str(old.get("provider", "")))
        after = place if op in (StepOp.SAME, StepOp.UPDATE) else self._place_of(old)
        if before is None or after is None or old.get("pendingReplacement"):
            return None
        return before.account if before.account != after.account else None

    def _make(self, kind: Kind, place: Place, name: str, state: State) -> None:
        """Create a thing, or change the one that the state has."""
        thing: Thing | None = None
        if state["id"]:
            thing = self._world.find(place.account, kind.place(place.region), kind.token, str(state["id"]))
            if thing is None:
                raise Refusal("ResourceNotFoundException", f"{state['id']} does not exist")
        state["id"], outputs = make(self._world, place, kind, name, state["inputs"], thing)
        state["outputs"] = stored(outputs)

    # Replacements

    def _replace(self, request: Request, kind: Kind, old: Row, inputs: Properties, changed: Sequence[str]) -> None:
        """The old thing's end: now, where two cannot have one name or the program says so, else when everything new is there."""
        if old.state.get("pendingReplacement"):
            return
        _refuse_protected(old.state, f"replaced ({', '.join(changed)})")
        same_name = (
            "provider" not in changed
            and kind.named in inputs
            and inputs[kind.named] == old.state["inputs"].get(kind.named)
            and not is_auto_named(request.name, inputs[kind.named])
        )
        if not (request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else same_name):
            old.state["delete"] = True
            return
        first = [old, *self._dependents(old)]
        for row in first:
            _refuse_protected(row.state, f"replaced with {request.name}")
        for row in reversed(first):
            self._delete_first(row)

    def _dependents(self, first: Row) -> list[Row]:
        """What goes along with a thing that goes first: until the new thing is there its id is not known, and that replaces them."""
        gone = {str(first.state["urn"])}
        found: list[Row] = []
        for row in self._run.rows:
            state = row.state
            users = {key for key, urns in state.get("propertyDependencies", {}).items() if gone & set(urns)}
            if users and not state.get("delete") and _is_thing(state) and kind_of(str(state["type"])).replaces & users:
                gone.add(str(state["urn"]))
                found.append(row)
        return found

    def _delete_first(self, row: Row) -> None:
        self._before_delete(row.state)
        with self._writing():
            self._remove(row.state)
            row.state["pendingReplacement"] = True
            self._put(row)

    # Deletes

    def _delete(self, row: Row) -> None:
        state = row.state
        replaced, gone = state.get("delete"), state.get("pendingReplacement")
        if not (replaced or gone):
            _refuse_protected(state, "deleted")
        self._before_delete(state)
        with self._writing():
            self._remove(state)
            if not self._run.preview:
                self._world.remove_row(row)
        if not gone:
            op = StepOp.DELETE_REPLACED if replaced else StepOp.DELETE
            left = None if replaced else self._left(op, state, None)
            self._tell(op, state, account=self._account(state), left=left)

    def _before_delete(self, state: State) -> None:
        if _is_thing(state) and not self._run.preview:
            self._trouble.before(str(state["type"]))

    def _remove(self, state: State) -> None:
        """Take the thing of a state out of its account, unless it stays there or is gone already."""
        place = self._place_of(state)
        if self._run.preview or place is None or state.get("retainOnDelete") or state.get("pendingReplacement"):
            return
        kind = kind_of(str(state["type"]))
        thing = self._world.find(place.account, kind.place(place.region), kind.token, str(state["id"]))
        if thing is not None:
            remove(self._world, kind, thing)

    def _place_of(self, state: State) -> Place | None:
        reference = str(state.get("provider", ""))
        return self._run.places.get(reference) or self._places.get(reference)

    def _account(self, state: State) -> str | None:
        place = self._place_of(state)
        return place.account if place else None

    # State

    def _commit(self, state: State, old: Row | None, make: Callable[[], None] | None = None) -> None:
        """Make the thing and write its row; the old row stays beside it if its thing is still to be deleted."""
        replaced = old if old and old.state.get("delete") else None
        number = old.number if old and not replaced else None
        row = Row(number=number, run=self._number, position=len(self._new), state=state)
        with self._writing():
            if make:
                make()
            if replaced:
                self._put(replaced)
            self._put(row)
        self._new[str(state["urn"])] = row
        self._kept.add(row.number)

    def _put(self, row: Row) -> None:
        if not self._run.preview:
            self._world.put_row(row)

    def _writing(self) -> AbstractContextManager[None]:
        return nullcontext() if self._run.preview else self._world.transaction()

    def _tell(
        self,
        op: StepOp,
        state: State,
        changed: tuple[str, ...] = (),
        account: str | None = None,
        left: str | None = None,
    ) -> None:
        urn = str(state["urn"])
        token, name = str(state["type"]), urn.rpartition("::")[2]
        step = Step(op=op, urn=urn, token=token, name=name, account=account, changed=changed, left=left)
        self._run.steps.append(step)
        self._report(step)


def _differences(old: Row | None, state: State) -> tuple[str, ...]:
    """Inputs of a component or provider that differ from the last run, or are not known yet."""
    if old is None:
        return ()
    return tuple(differing(old.state.get("inputs", {}), state["inputs"]))


def _op(old: Row | None, changed: tuple[str, ...]) -> StepOp:
    return StepOp.CREATE if old is None else StepOp.UPDATE if changed else StepOp.SAME


def _refuse_protected(state: State, what: str) -> None:
    if state.get("protect"):
        name = str(state["urn"]).rpartition("::")[2]
        raise Refusal(
            "protected", f"{name} is protected and would be {what}. Set mlops:protection to false and run again first"
        )


def ignoring(inputs: Properties, old: Properties, paths: Iterable[str]) -> Properties:
    """Inputs whose ignored properties (`tags`, `settings.mode`) are as in the last run, if there was one."""
    kept = dict(inputs)
    for path in paths if old else ():
        key, _, rest = path.partition(".")
        before, after = old.get(key), kept.get(key)
        if rest and isinstance(before, dict) and isinstance(after, dict):
            kept[key] = ignoring(cast("Properties", after), cast("Properties", before), [rest])
        elif before is None:
            kept.pop(key, None)
        else:
            kept[key] = before
    return kept


def _state(urn: str, request: Request, inputs: Properties, old: State | None) -> State:
    """A resource in the deployment format, as far as the program's registration says it."""
    state: State = {"urn": urn, "custom": request.custom, "type": request.type, "inputs": inputs}
    if request.type.startswith(PROVIDER) and request.version:
        state["inputs"] = {"version": request.version, **inputs}
    properties = {key: sorted(value.urns) for key, value in request.propertyDependencies.items() if value.urns}
    options = {
        "parent": request.parent,
        "provider": request.provider,
        "dependencies": sorted(request.dependencies),
        "propertyDependencies": properties,
        "protect": request.protect,
        "retainOnDelete": request.retainOnDelete,
        "ignoreChanges": list(request.ignoreChanges),
    }
    state.update({key: value for key, value in options.items() if value})
    state["created"] = old["created"] if old and "created" in old else now()
    state["modified"] = old["modified"] if old and old["inputs"] == state["inputs"] and "modified" in old else now()
    return state


def _renamed(state: State, old: str, new: str) -> State:
    """A state that refers to a resource by its new URN."""

    def urns(found: Iterable[str]) -> list[str]:
        return [new if urn == old else urn for urn in found]

    changed = dict(state)
    if state.get("parent") == old:
        changed["parent"] = new
    if str(state.get("provider", "")).startswith(f"{old}::"):
        changed["provider"] = new + str(state["provider"]).removeprefix(old)
    if "dependencies" in state:
        changed["dependencies"] = urns(state["dependencies"])
    if "propertyDependencies" in state:
        changed["propertyDependencies"] = {key: urns(found) for key, found in state["propertyDependencies"].items()}
    return changed


def _is_thing(state: State) -> bool:
    return bool(state["custom"]) and not str(state["type"]).startswith("pulumi:")


def _reference(state: State) -> str:
    """How resources refer to a provider."""
    return f"{state['urn']}::{state['id']}"
