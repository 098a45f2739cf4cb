"""The rules as CrossGuard policies: what `policy/__main__.py` puts in its pack.

A rule is one policy with the rule's level in this type of stack. What is judged otherwise is reported by policies of the adapter's own, because
a policy has one level: values that a preview does not know and exceptions that count are advice; an expired exception stops.
"""

from collections.abc import Callable, Iterable, Mapping
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

Report = Callable[[Resource, Verdict], None]

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

    def policies(self) -> list[Policy]:
        """A policy for every rule, and those for what is judged otherwise."""
        resource_rules = [rule for rule in RULES if isinstance(rule, ResourceRule)]
        stack_rules = [rule for rule in RULES if isinstance(rule, StackRule)]
        found: list[Policy] = [self._resource_policy(rule) for rule in resource_rules]
        found += [self._stack_policy(rule) for rule in stack_rules]
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
                    validate=others.of_resource(resource_rules),
                )
            )
            found.append(
                StackValidationPolicy(
                    name=f"{name}-of-the-stack",
                    description=text,
                    enforcement_level=_LEVELS[level],
                    validate=others.of_stack(stack_rules),
                )
            )
        return found

    def level(self, rule: Rule) -> Level:
        """The level of a rule in this stack."""
        return self._configuration.level(rule, self._context.stack_type)

    def judged(self, rules: Iterable[Rule], resource: Resource) -> Iterable[Verdict]:
        """The verdicts of resource rules on one resource."""
        for rule in rules:
            if isinstance(rule, ResourceRule) and self.level(rule) is not Level.DISABLED:
                for outcome in check_resource(rule, resource, self._context):
                    yield judge(rule, outcome, self._context, self._configuration)

    def judged_stack(self, rules: Iterable[Rule], args: StackValidationArgs) -> Iterable[Verdict]:
        """The verdicts of stack rules."""
        return run(tuple(rules), Stack(map(self.joined, args.resources)), self._context, self._configuration)

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
            for verdict in self.judged((rule,), self.resource(args)):
                if verdict.level is self.level(rule):
                    report(verdict.message, args.urn)

        return ResourceValidationPolicy(validate=validate, **self._metadata(rule))

    def _stack_policy(self, rule: StackRule) -> Policy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            for verdict in self.judged_stack((rule,), args):
                if verdict.level is self.level(rule):
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

    def of_resource(self, rules: list[ResourceRule]) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            self._report(self._pack.judged(rules, self._pack.resource(args)), report)

        return validate

    def of_stack(self, rules: list[StackRule]) -> Callable[[StackValidationArgs, ReportViolation], None]:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            self._report(self._pack.judged_stack(rules, args), report)

        return validate

    def _report(self, verdicts: Iterable[Verdict], report: ReportViolation) -> None:
        for verdict in verdicts:
            if verdict.level is self._level and verdict.level is not self._pack.level(verdict.rule):
                report(f"{verdict.rule.id}: {verdict.message}", verdict.resource.urn)


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
