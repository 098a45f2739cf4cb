"""What Pulumi's engine tells of a run: its JSON events, one a line, as the sandbox's steps, failures and violations.

Source: `sdk/go/common/apitype/events.go` (EngineEvent) of pulumi/pulumi.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from components.mistakes import NAMESPACE
from sandbox.engine import Failure, Step, StepOp
from sandbox.faults import BROKEN_OFF
from sandbox.places import PROVIDER, place_of

_OPS = {
    "create": StepOp.CREATE,
    "import": StepOp.CREATE,
    "same": StepOp.SAME,
    "update": StepOp.UPDATE,
    "replace": StepOp.REPLACE,
    "import-replacement": StepOp.REPLACE,
    "delete": StepOp.DELETE,
}
"""The other operations are parts of these: a replacement's own create and delete, and reads."""

_PROGRAM = "Program failed with an unhandled exception"
_MISTAKE = f"{NAMESPACE}:"
_GONE = ("exited prematurely", "could not read plugin", "error reading from server", "connection refused", "transport")

_STOPPED = "context canceled"
_BROKEN_OFF = BROKEN_OFF.partition("{}")[0]

_OUTPUT = "STDERR streams of the plugin:"
_PROTECTED = {"cannot be deleted": "deleted", "unable to replace resource": "replaced"}


@dataclass(frozen=True, kw_only=True)
class Violation:
    """What the policy pack said of a resource."""

    rule: str
    mandatory: bool
    urn: str
    message: str


@dataclass(kw_only=True)
class Events:
    """The events of one run.

    Attributes:
        on_step: Called for every step.
        violations: What the policy pack said.
        outputs: The stack's outputs.
    """

    on_step: Callable[[Step], None]
    violations: list[Violation] = field(default_factory=list[Violation])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    _steps: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict[tuple[str, str], Mapping[str, Any]])
    _started: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    _errors: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    _accounts: dict[str, str] = field(default_factory=dict[str, str])
    _accounts_before: dict[str, str] = field(default_factory=dict[str, str])
    _ended: set[str] = field(default_factory=set[str])

    def add(self, line: str) -> None:
        """Take in one line; what is no event is none of ours."""
        try:
            event = json.loads(line)
        except ValueError:
            return
        if "resourcePreEvent" in event:
            self._start(event["resourcePreEvent"]["metadata"])
        elif "resOutputsEvent" in event:
            self._step(event["resOutputsEvent"]["metadata"])
        elif "resOpFailedEvent" in event:
            self._failed(event["resOpFailedEvent"]["metadata"])
        elif "diagnosticEvent" in event:
            self._diagnostic(event["diagnosticEvent"])
        elif "policyEvent" in event:
            self._policy(event["policyEvent"])

    def steps(self) -> tuple[Step, ...]:
        """What was done, or is planned."""
        return tuple(self._as_step(metadata) for metadata in self._steps.values())

    def failures(self) -> tuple[Failure, ...]:
        """What was refused: by AWS, by the engine, or by a mandatory rule."""
        said = [(found.urn, f"{found.rule}: {found.message}") for found in self.violations if found.mandatory]
        return tuple(
            Failure(urn=urn, account=self._account_of(urn), message=message)
            for urn, message in (*self._refused().items(), *said)
        )

    def mistake(self) -> str | None:
        """The text of a configuration mistake that only the program itself could find."""
        return next((text for _, text in self._errors if text.startswith(_MISTAKE)), None)

    def program_failure(self) -> str | None:
        """What the program itself raised, with its traceback."""
        return next((text for _, text in self._errors if _PROGRAM in text), None)

    def plugin_failure(self) -> str | None:
        """What the engine says of a plugin that ended by itself."""
        found = next((text for _, text in self._errors if any(sign in text for sign in _GONE)), None)
        # What the plugin itself said, without the engine's advice to report a bug.
        return found and found.rpartition(_OUTPUT)[2]

    def broken_off(self) -> str | None:
        """What a plugin says that the faults ended (`sandbox.faults`)."""
        return next((text for _, text in self._errors if _BROKEN_OFF in text), None)

    def other_error(self) -> str | None:
        """An error that is about no resource."""
        return next((text for urn, text in self._errors if not urn), None)

    def _start(self, metadata: Mapping[str, Any]) -> None:
        self._started[str(metadata["urn"])] = metadata
        if str(metadata["type"]).startswith(PROVIDER):
            self._provider(metadata)

    def _provider(self, metadata: Mapping[str, Any]) -> None:
        """The account of a provider, by URN, and of the one that was there before, by reference: replaced or deleted, it works where it did."""
        urn, op = str(metadata["urn"]), metadata["op"]
        new, old = metadata.get("new"), metadata.get("old")
        if new:
            self._accounts[urn] = place_of(new.get("inputs") or {}).account
        if old:
            reference = f"{urn}::{old.get('id')}"
            self._accounts_before[reference] = place_of(old.get("inputs") or {}).account
            if op not in ("same", "update"):
                self._ended.add(reference)

    def _step(self, metadata: Mapping[str, Any]) -> None:
        urn = str(metadata["urn"])
        if metadata["type"] == "pulumi:pulumi:Stack":
            self.outputs = _state(metadata).get("outputs") or {}
        if metadata["op"] in _OPS:
            # A component's is told again when it registers its outputs.
            self._steps.setdefault((urn, str(metadata["op"])), metadata)
            self.on_step(self._as_step(metadata))

    def _failed(self, metadata: Mapping[str, Any]) -> None:
        """A replacement whose new thing was refused is none, although the engine may have told of it before."""
        if metadata["op"] == "create-replacement":
            self._steps.pop((str(metadata["urn"]), "replace"), None)

    def _diagnostic(self, event: Mapping[str, Any]) -> None:
        if event.get("severity") == "error":
            self._errors.append((str(event.get("urn", "")), str(event["message"]).strip()))

    def _policy(self, event: Mapping[str, Any]) -> None:
        self.violations.append(
            Violation(
                rule=str(event["policyName"]),
                mandatory=event["enforcementLevel"] == "mandatory",
                urn=str(event.get("resourceUrn", "")),
                message=" ".join(str(event["message"]).split()),
            )
        )

    def _refused(self) -> Mapping[str, str]:
        """Resource -> the first error about it; the stack's own errors are the program's, and what was under way when another failed is none."""
        refused: dict[str, str] = {}
        for urn, text in self._errors:
            if urn and _PROGRAM not in text and _STOPPED not in text and "pulumi:pulumi:Stack::" not in urn:
                refused.setdefault(urn, _protected(urn, text) or " ".join(text.split()))
        return refused

    def _as_step(self, metadata: Mapping[str, Any]) -> Step:
        urn, op = str(metadata["urn"]), _OPS[str(metadata["op"])]
        # Another provider is no input: the engine tells it as what replaces only.
        differs = cast("list[str]", metadata.get("diffs") or metadata.get("keys") or [])
        changed = differs if op in (StepOp.UPDATE, StepOp.REPLACE) else []
        return Step(
            op=op,
            urn=urn,
            token=str(metadata["type"]),
            name=urn.rpartition("::")[2],
            account=self._account(metadata),
            changed=tuple(changed),
            left=self._left(op, metadata),
        )

    def _account(self, metadata: Mapping[str, Any]) -> str | None:
        """A resource's account: that of its provider."""
        return self._works_in(_state(metadata))

    def _works_in(self, state: Mapping[str, Any]) -> str | None:
        """The account in which a resource's provider, `urn::id`, works in this run."""
        reference = str(state.get("provider", ""))
        if reference in self._ended:
            return self._accounts_before[reference]
        return self._accounts.get(reference.rpartition("::")[0])

    def _left(self, op: StepOp, metadata: Mapping[str, Any]) -> str | None:
        """The account in which an old thing stays, if what would change or delete it works in another one now."""
        old = cast("dict[str, Any]", metadata.get("old") or {})
        before = self._accounts_before.get(str(old.get("provider", "")))
        after = self._works_in(_state(metadata) if op in (StepOp.SAME, StepOp.UPDATE) else old)
        return before if before and after and before != after else None

    def _account_of(self, urn: str) -> str | None:
        """The account of a resource that failed, if the engine got as far as it."""
        return self._account(self._started[urn]) if urn in self._started else None


def _state(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A step's new state, or the old one of what goes."""
    return cast("dict[str, Any]", metadata.get("new") or metadata.get("old") or {})


def _protected(urn: str, text: str) -> str | None:
    """The engine's refusal to touch what is protected, with what lifts it here."""
    done = next((done for sign, done in _PROTECTED.items() if sign in text), None)
    name = urn.rpartition("::")[2]
    return (
        f"{name} is protected and would be {done}. Set mlops:protection to false and run again first" if done else None
    )
