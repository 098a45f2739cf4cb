"""Runs rules over resources: the same for every front."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policy.configuration import PolicyConfiguration, PolicyException
from policy.context import Context
from policy.model import Resource, Stack, UndecidedError
from policy.rule import Level, Outcome, ResourceRule, Rule, StackRule, Undecided


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One thing that a rule found, judged.

    Attributes:
        rule: The rule.
        level: Its level here; what is undecided or excepted is advisory at most.
        resource: The resource.
        message: What is wrong, or what cannot be decided.
        undecided: Whether it is no violation, but a value that is not known.
        exception: The exception that covers it, if one does.
    """

    rule: Rule
    level: Level
    resource: Resource
    message: str
    undecided: bool = False
    exception: PolicyException | None = None

    @property
    def stops(self) -> bool:
        """Whether it stops the deployment."""
        return self.level is Level.MANDATORY


def check_resource(rule: ResourceRule, resource: Resource, context: Context) -> Iterator[Outcome]:
    """What a rule says of one resource; what is not its business, it says nothing of."""
    if (resource.token not in rule.types) if rule.types else not resource.is_custom:
        return
    try:
        yield from rule.check(resource, context)
    except UndecidedError as unknown:
        yield Undecided(path=unknown.path, resource=resource)


def undecided_of(resource: Resource, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """What a stack rule says of one resource, an unknown value as one undecided outcome."""
    try:
        yield from outcomes
    except UndecidedError as unknown:
        yield Undecided(path=unknown.path, resource=resource)


def outcomes(rule: Rule, stack: Stack, context: Context) -> Iterator[Outcome]:
    """What a rule says of a whole stack."""
    match rule:
        case ResourceRule():
            candidates = stack.of(*rule.types) if rule.types else stack.resources
            for resource in candidates:
                yield from check_resource(rule, resource, context)
        case StackRule():
            yield from rule.check(stack, context)
        case _:
            raise TypeError(f"{rule.id} is neither a ResourceRule nor a StackRule")


def judge(rule: Rule, outcome: Outcome, context: Context, configuration: PolicyConfiguration) -> Verdict:
    """The verdict on an outcome: the rule's level, an exception that counts, or one that has expired."""
    level = configuration.level(rule, context.stack_type)
    weak = Level.ADVISORY if level is Level.MANDATORY else level
    if isinstance(outcome, Undecided):
        return Verdict(rule=rule, level=weak, resource=outcome.resource, message=outcome.message, undecided=True)
    exception = configuration.exception(rule, outcome.resource)
    if exception is None:
        return Verdict(rule=rule, level=level, resource=outcome.resource, message=outcome.message)
    if exception.expires < context.today:
        text = f"{outcome.message} (its exception expired on {exception.expires}: {exception.reason})"
        return Verdict(rule=rule, level=Level.MANDATORY, resource=outcome.resource, message=text)
    text = f"{outcome.message} (excepted until {exception.expires}: {exception.reason})"
    return Verdict(rule=rule, level=weak, resource=outcome.resource, message=text, exception=exception)


def run(rules: Sequence[Rule], stack: Stack, context: Context, configuration: PolicyConfiguration) -> list[Verdict]:
    """Every verdict of the rules that are not disabled, in the order of the rules.

    Args:
        rules: The rules.
        stack: The resources.
        context: The environment.
        configuration: Levels and exceptions of the stack.
    """
    return [
        judge(rule, outcome, context, configuration)
        for rule in rules
        if configuration.level(rule, context.stack_type) is not Level.DISABLED
        for outcome in outcomes(rule, stack, context)
    ]
