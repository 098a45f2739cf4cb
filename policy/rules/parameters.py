"""Rules for parameters of Systems Manager: what is secret is encrypted under a key of ours, and names are the environment's."""

from collections.abc import Iterator

from policy import nist
from policy.context import Context
from policy.model import Resource
from policy.names import is_secret_name
from policy.rule import Finding, Outcome, ResourceRule, Rule, Severity
from policy.rules.serving import own_key

PARAMETER = "aws:ssm/parameter:Parameter"


def _parameter(parameter: Resource, context: Context) -> Iterator[Outcome]:
    if parameter.get("type") == "SecureString":
        yield from own_key(parameter, "keyId")
    name = str(parameter.get("name") or "")
    if not name.startswith(f"/{context.prefix}/"):
        yield Finding(message=f"its name is not below /{context.prefix}/: {name or 'none'}", resource=parameter)
    if parameter.get("type") != "SecureString" and is_secret_name(name):
        yield Finding(message="a secret stands in it for everybody who may read parameters", resource=parameter)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="SSM-01",
        name="parameter-secrets",
        title="A parameter is below the environment's path, and a secret one is encrypted under a key of ours.",
        severity=Severity.HIGH,
        frameworks={"checkov": ("CKV2_AWS_34", "CKV_AWS_337"), "NIST 800-53r5": nist.ENCRYPTION},
        remediation="Name it /<environment>/...; give a secret the type SecureString and a key_id, or keep it in Secrets Manager.",
        types=(PARAMETER,),
        check=_parameter,
    ),
)
