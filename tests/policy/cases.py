"""How a rule's cases are written: one good resource, changed a little for each case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from policy.check import outcomes
from policy.context import Context
from policy.model import Provider, Resource, Stack
from policy.rule import Finding, Rule
from policy.rules import RULES

DEVELOPMENT, STAGING, PRODUCTION, FOREIGN = "111111111111", "222222222222", "333333333333", "999999999999"
REGION = "eu-west-1"
CONTEXT = Context(
    stack_type="prod",
    prefix="sm-mlops-prod-eu-west-1",
    region=REGION,
    development=DEVELOPMENT,
    accounts=frozenset((DEVELOPMENT, STAGING, PRODUCTION)),
    deployer="sm-mlops-prod-eu-west-1-Deployer",
    today=date(2026, 11, 25),
)
PROVIDER = Provider(name="development", properties={"region": REGION, "allowedAccountIds": [DEVELOPMENT]})


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of a rule.

    Attributes:
        resources: The stack.
        violated: Logical names of the resources that the rule finds fault with.
        undecided: Paths that it cannot decide.
        says: A part of each message, so that a case cannot pass for another reason.
        context: The environment.
    """

    resources: tuple[Resource, ...]
    violated: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    says: str = ""
    context: Context = CONTEXT


def rule(rule_id: str) -> Rule:
    """The rule of an id."""
    (found,) = [known for known in RULES if known.id == rule_id]
    return found


def resource(
    token: str,
    properties: Mapping[str, object],
    *,
    name: str = "thing",
    references: Mapping[str, tuple[str, ...]] | None = None,
    identity: tuple[str, ...] = (),
    provider: Provider | None = PROVIDER,
    protect: bool = False,
) -> Resource:
    """A resource of the development account; references name other resources by their logical names."""
    return Resource(
        token=token,
        name=name,
        urn=urn(name),
        properties=properties,
        provider=provider,
        references={key: tuple(urn(other) for other in others) for key, others in (references or {}).items()},
        identity=frozenset(identity),
        protect=protect,
    )


def urn(name: str) -> str:
    """The URN of a logical name; names are unique in a case."""
    return f"urn:pulumi:prod::mlops::any::{name}"


def verify(rule_id: str, case: Case) -> None:
    """Run a rule over a case's stack and compare."""
    found = list(outcomes(rule(rule_id), Stack(case.resources), case.context))
    findings = [outcome for outcome in found if isinstance(outcome, Finding)]
    assert sorted({finding.resource.name for finding in findings}) == sorted(case.violated), findings
    assert sorted({outcome.path for outcome in found if not isinstance(outcome, Finding)}) == sorted(case.undecided)
    for finding in findings:
        assert case.says in finding.message
