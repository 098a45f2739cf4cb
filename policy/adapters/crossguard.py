"""The rules as CrossGuard policies: what `policy/__main__.py` puts in its pack.

A rule is one policy with the rule's level in this type of stack. What is judged otherwise is reported by policies of the adapter's own, because
a policy has one level: values that a preview does not know and exceptions that count are advice; an expired exception stops.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, cast

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyProviderResource,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import Severity as PackSeverity
from pulumi_policy.proxy import (
    UNKNOWN_ARCHIVE_VALUE,
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_ASSET_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
)

from policy.adapters.deployment import IDENTITIES, PROVIDER, renamed, settings
from policy.check import Verdict, check_resource, judge, run
from policy.configuration import PolicyConfiguration, read
from policy.context import Context
from policy.model import UNKNOWN, Provider, Resource, Stack, items, mapping
from policy.rule import Level, ResourceRule, Rule, StackRule
from policy.rules import RULES

_UNKNOWNS = frozenset(
    (
        UNKNOWN_ARCHIVE_VALUE,
        UNKNOWN_ARRAY_VALUE,
        UNKNOWN_ASSET_VALUE,
        UNKNOWN_BOOLEAN_VALUE,
        UNKNOWN_NUMBER_VALUE,
        UNKNOWN_OBJECT_VALUE,
        UNKNOWN_STRING_VALUE,
    )
)
_LEVELS = {
    Level.MANDATORY: EnforcementLevel.MANDATORY,
    Level.ADVISORY: EnforcementLevel.ADVISORY,
    Level.DISABLED: EnforcementLevel.DISABLED,
}


class Pack:
    """The policies of one run.

    Args:
        config: The stack's configuration, `namespace:key` -> text.

    Raises:
        PolicyConfigurationError: The stack's policy configuration is wrong.
    """

    def __init__(self, config: Mapping[str, str]) -> None:
        self._config = config
        self._configuration: PolicyConfiguration = read(config)
        # An organisational unit's accounts are in no configuration; the providers, which come before what they make, name them.
        self._accounts: dict[str, None] = {}
        self._context = Context.of(config)
        self._last = threading.local()

    def policies(self) -> list[Policy]:
        """A policy for every rule, and those for what is judged otherwise."""
        found: list[Policy] = [self._resource_policy(rule) for rule in RULES if isinstance(rule, ResourceRule)]
        found += [self._stack_policy(rule) for rule in RULES if isinstance(rule, StackRule)]
        for name, level, text in (
            ("advice", Level.ADVISORY, "What this preview cannot decide, and exceptions that count."),
            ("expired-exceptions", Level.MANDATORY, "An expired exception covers nothing."),
        ):
            others = _Others(level=level, pack=self)
            found.append(
                ResourceValidationPolicy(
                    name=name,
                    description=text,
                    enforcement_level=_LEVELS[level],
                    validate=others.of_resource,
                )
            )
            found.append(
                StackValidationPolicy(
                    name=f"{name}-of-the-stack",
                    description=text,
                    enforcement_level=_LEVELS[level],
                    validate=others.of_stack,
                )
            )
        return found

    def level(self, rule: Rule) -> Level:
        """The level of a rule in this stack."""
        return self._configuration.level(rule, self._context.stack_type)

    def judged(self, args: ResourceValidationArgs) -> Sequence[Verdict]:
        """The verdicts of all resource rules on one resource, worked out once: the engine asks each policy in turn, in one thread."""
        resource = self.resource(args)
        if not _are_same(getattr(self._last, "resources", None), (resource,)):
            self._last.verdicts = [
                judge(rule, outcome, self._context, self._configuration)
                for rule in RULES
                if isinstance(rule, ResourceRule) and self.level(rule) is not Level.DISABLED
                for outcome in check_resource(rule, resource, self._context)
            ]
            self._last.resources = (resource,)
        return self._last.verdicts

    def judged_stack(self, args: StackValidationArgs) -> Sequence[Verdict]:
        """The verdicts of all stack rules, worked out once in the same way."""
        stack = Stack(map(self.joined, args.resources))
        if not _are_same(getattr(self._last, "stack", None), stack.resources):
            rules = [rule for rule in RULES if isinstance(rule, StackRule)]
            self._last.stack_verdicts = run(rules, stack, self._context, self._configuration)
            self._last.stack = stack.resources
        return self._last.stack_verdicts

    def resource(self, args: ResourceValidationArgs) -> Resource:
        """One resource as the engine is about to make it."""
        made = _resource(args.resource_type, args.name, args.urn, args.props, args.provider, protect=args.opts.protect)
        self._meet(made)
        return made

    def joined(self, resource: PolicyResource) -> Resource:
        """One resource of the whole stack, with where its values come from."""
        references = {
            key: tuple(other.urn for other in others) for key, others in resource.property_dependencies.items()
        }
        made = _resource(
            resource.resource_type,
            resource.name,
            resource.urn,
            resource.props,
            resource.provider,
            protect=resource.opts.protect,
            references=references,
        )
        self._meet(made)
        return made

    def _meet(self, resource: Resource) -> None:
        if resource.token.startswith(PROVIDER):
            accounts = (text for text in items(resource.properties.get("allowedAccountIds")) if isinstance(text, str))
            self._accounts.update(dict.fromkeys(accounts))
            self._context = Context.of(self._config, tuple(self._accounts))

    def _resource_policy(self, rule: ResourceRule) -> Policy:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            for verdict in self.judged(args):
                if verdict.rule is rule and verdict.level is self.level(rule):
                    report(verdict.message, args.urn)

        return ResourceValidationPolicy(validate=validate, **self._metadata(rule))

    def _stack_policy(self, rule: StackRule) -> Policy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            for verdict in self.judged_stack(args):
                if verdict.rule is rule and verdict.level is self.level(rule):
                    report(verdict.message, verdict.resource.urn)

        return StackValidationPolicy(validate=validate, **self._metadata(rule))

    def _metadata(self, rule: Rule) -> dict[str, Any]:
        first = next(iter(rule.frameworks.items()), None)
        framework = (
            PolicyComplianceFramework(name=first[0], version=None, reference=", ".join(first[1]), specification=None)
            if first
            else None
        )
        return {
            "name": rule.policy_name,
            "display_name": rule.id,
            "description": rule.title,
            "enforcement_level": _LEVELS[self.level(rule)],
            "severity": PackSeverity(rule.severity.value),
            "framework": framework,
            "remediation_steps": rule.remediation,
        }


class _Others:
    """Verdicts whose level is not their rule's."""

    def __init__(self, *, level: Level, pack: Pack) -> None:
        self._level = level
        self._pack = pack

    def of_resource(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        """What the resource rules say of one resource."""
        self._report(self._pack.judged(args), report)

    def of_stack(self, args: StackValidationArgs, report: ReportViolation) -> None:
        """What the stack rules say."""
        self._report(self._pack.judged_stack(args), report)

    def _report(self, verdicts: Iterable[Verdict], report: ReportViolation) -> None:
        for verdict in verdicts:
            if verdict.level is self._level and verdict.level is not self._pack.level(verdict.rule):
                report(f"{verdict.rule.id}: {verdict.message}", verdict.resource.urn)


def _are_same(some: Sequence[Resource] | None, others: Sequence[Resource]) -> bool:
    """Whether resources have the same values; a resource itself is equal to none but itself."""
    return (
        some is not None
        and len(some) == len(others)
        and all(
            getattr(one, field.name) == getattr(other, field.name)
            for one, other in zip(some, others, strict=True)
            for field in fields(Resource)
        )
    )


def _resource(
    token: str,
    name: str,
    urn: str,
    props: Mapping[str, object],
    provider: PolicyProviderResource | None,
    *,
    protect: bool,
    references: Mapping[str, tuple[str, ...]] | None = None,
) -> Resource:
    properties = mapping(plain(props))
    known = (properties.get(key) for key in IDENTITIES)
    return Resource(
        token=renamed(token),
        name=name,
        urn=urn,
        properties=settings(properties) if token.startswith(PROVIDER) else properties,
        provider=_provider(provider),
        references=references or {},
        identity=frozenset(value for value in known if isinstance(value, str) and value),
        protect=protect,
    )


def _provider(provider: PolicyProviderResource | None) -> Provider | None:
    if provider is None:
        return None
    return Provider(name=provider.name, properties=settings(mapping(plain(provider.props))))


def plain(value: object) -> object:
    """A value without the SDK's proxies, which raise on every access to what is not known; that is `UNKNOWN` here."""
    match value:
        case str():
            return UNKNOWN if value in _UNKNOWNS else value
        case Mapping():
            target = _target(cast("Mapping[str, object]", value))
            return {key: plain(item) for key, item in mapping(target).items()}
        case None | bool() | int() | float():
            return value
        case _ if hasattr(value, "__getitem__") and hasattr(value, "__len__"):
            return [plain(item) for item in cast("list[object]", _target(value))]
        case _:
            return {}  # an asset or an archive


def _target(value: object) -> object:
    """What a proxy stands for; a plain container is itself."""
    if isinstance(value, dict | list | tuple):
        return cast("object", value)
    return cast("Mapping[str, object]", value)["__target"]
