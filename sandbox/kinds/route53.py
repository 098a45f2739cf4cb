"""Resolver: DNS firewall and query logs."""

import re
from collections.abc import Callable

from sandbox.kinds.base import Call, Form, Kind, Made, one_of, replaces, used_by
from sandbox.kinds.ec2 import LOG_GROUP, VPC
from sandbox.refusal import Refusal
from sandbox.world import Thing, World

DOMAINS = "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList"
GROUP = "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup"
RULE = "aws:route53/resolverFirewallRule:ResolverFirewallRule"
ASSOCIATION = "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation"
QUERY_LOG = "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig"
QUERY_LOG_ASSOCIATION = "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation"

_NAME = Form(pattern=r"(?!^[0-9]+$)[a-zA-Z0-9\-_' ]+", most=64)
_DOMAIN = re.compile(r"\*|(\*\.)?[a-z0-9_*-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)


def _identified(prefix: str, resource: str) -> Callable[[Call], Made]:
    """Answers with an id such as `rslvr-frg-0123456789abcdef` and its ARN."""

    def make(call: Call) -> Made:
        thing = call.fresh(f"{prefix}-", 16)
        return Made(id=thing, outputs={"arn": call.arn("route53resolver", f"{resource}/{thing}")})

    return make


def _check_domains(call: Call) -> None:
    domains: list[str] = call.inputs.get("domains") or []
    for domain in domains:
        if len(domain) > 255 or not _DOMAIN.fullmatch(domain):  # noqa: PLR2004 - UpdateFirewallDomains, Route 53 Resolver API
            raise Refusal("ValidationException", f"The domain {domain} is not valid")


def _check_rule(call: Call) -> None:
    call.require(GROUP, call.inputs["firewallRuleGroupId"], "ResourceNotFoundException", "firewall rule group")
    call.require(DOMAINS, call.inputs["firewallDomainListId"], "ResourceNotFoundException", "firewall domain list")
    if (call.inputs["action"] == "BLOCK") != bool(call.inputs.get("blockResponse")):
        raise Refusal("ValidationException", "BlockResponse must be set when Action is BLOCK, and only then")
    if call.inputs.get("blockResponse") == "OVERRIDE" and not call.inputs.get("blockOverrideDomain"):
        raise Refusal("ValidationException", "BlockOverrideDomain must be set when BlockResponse is OVERRIDE")
    for other in call.others():
        if other.inputs["firewallRuleGroupId"] != call.inputs["firewallRuleGroupId"]:
            continue
        if other.inputs["firewallDomainListId"] == call.inputs["firewallDomainListId"]:
            raise Refusal("ConflictException", "The rule group has a rule for this domain list already")
        if other.inputs["priority"] == call.inputs["priority"]:
            raise Refusal(
                "ValidationException", f"Priority {call.inputs['priority']} is already used in the rule group"
            )


def _check_association(call: Call) -> None:
    call.require(GROUP, call.inputs["firewallRuleGroupId"], "ResourceNotFoundException", "firewall rule group")
    call.require(VPC, call.inputs["vpcId"], "ResourceNotFoundException", "VPC")
    for other in call.others():
        if other.inputs["vpcId"] != call.inputs["vpcId"]:
            continue
        if other.inputs["firewallRuleGroupId"] == call.inputs["firewallRuleGroupId"]:
            raise Refusal("ConflictException", "The rule group is associated with the VPC already")
        if other.inputs["priority"] == call.inputs["priority"]:
            raise Refusal("ConflictException", f"Priority {call.inputs['priority']} is already used in the VPC")


def _association_protected(_: World, association: Thing) -> str | None:
    if association.inputs.get("mutationProtection") == "ENABLED":
        return f"ConflictException: {association.id} has mutation protection"
    return None


def _check_query_log(call: Call) -> None:
    arn = str(call.inputs["destinationArn"])
    if not arn.startswith("arn:"):
        raise Refusal("InvalidParameterException", f"The destination {arn} is no ARN")
    groups = call.world.things(call.account, call.region, LOG_GROUP)
    if ":logs:" in arn and not any(group.outputs["arn"] == arn.removesuffix(":*") for group in groups):
        raise Refusal("InvalidRequestException", f"The log group {arn} does not exist")
    if ":s3:::" in arn and call.world.bucket(arn.partition(":::")[2].partition("/")[0]) is None:
        raise Refusal("InvalidRequestException", f"The bucket {arn} does not exist")


def _check_query_log_association(call: Call) -> None:
    call.require(
        QUERY_LOG, call.inputs["resolverQueryLogConfigId"], "ResourceNotFoundException", "query log configuration"
    )
    call.require(VPC, call.inputs["resourceId"], "ResourceNotFoundException", "VPC")
    same = ("resolverQueryLogConfigId", "resourceId")
    if any(all(other.inputs[key] == call.inputs[key] for key in same) for other in call.others()):
        raise Refusal("ResourceExistsException", f"{call.inputs['resourceId']} is associated with it already")


def _check_config(call: Call) -> None:
    call.require(VPC, call.inputs["resourceId"], "ResourceNotFoundException", "VPC")


def _rule(call: Call) -> Made:
    return Made(id=f"{call.inputs['firewallRuleGroupId']}:{call.inputs['firewallDomainListId']}")


KINDS = (
    Kind(
        token=DOMAINS,
        make=_identified("rslvr-fdl", "firewall-domain-list"),
        check=_check_domains,
        replaces=replaces("name"),
        in_use=used_by((RULE, "firewallDomainListId")),
        named="name",
        forms={"name": _NAME},
    ),
    Kind(
        token=GROUP,
        make=_identified("rslvr-frg", "firewall-rule-group"),
        replaces=replaces("name"),
        in_use=used_by((ASSOCIATION, "firewallRuleGroupId"), (RULE, "firewallRuleGroupId")),
        named="name",
        forms={"name": _NAME},
    ),
    Kind(
        token=RULE,
        make=_rule,
        check=_check_rule,
        replaces=replaces("firewallRuleGroupId", "firewallDomainListId"),
        named="name",
        tagged=False,
        forms={
            "name": _NAME,
            "action": one_of("ALLOW", "BLOCK", "ALERT"),
            "blockResponse": one_of("NODATA", "NXDOMAIN", "OVERRIDE"),
            "firewallDomainRedirectionAction": one_of("INSPECT_REDIRECTION_DOMAIN", "TRUST_REDIRECTION_DOMAIN"),
        },
    ),
    Kind(
        token=ASSOCIATION,
        make=_identified("rslvr-frgassoc", "firewall-rule-group-association"),
        check=_check_association,
        replaces=replaces("firewallRuleGroupId", "vpcId"),
        in_use=_association_protected,
        named="name",
        # AssociateFirewallRuleGroup: "between 100 and 9900", both left out.
        forms={
            "name": _NAME,
            "priority": Form(least=101, most=9_899),
            "mutationProtection": one_of("ENABLED", "DISABLED"),
        },
    ),
    Kind(
        token="aws:route53/resolverFirewallConfig:ResolverFirewallConfig",  # noqa: S106 - a type token
        make=lambda call: Made(id=call.fresh("rslvr-fc-", 16), outputs={"ownerId": call.account}),
        check=_check_config,
        replaces=replaces("resourceId"),
        tagged=False,
        forms={"firewallFailOpen": one_of("ENABLED", "DISABLED", "USE_LOCAL_RESOURCE_SETTING")},
    ),
    Kind(
        token=QUERY_LOG,
        make=_identified("rqlc", "resolver-query-log-config"),
        check=_check_query_log,
        replaces=replaces("name", "destinationArn"),
        in_use=used_by((QUERY_LOG_ASSOCIATION, "resolverQueryLogConfigId")),
        named="name",
        forms={"name": _NAME},
    ),
    Kind(
        token=QUERY_LOG_ASSOCIATION,
        make=lambda call: Made(id=call.fresh("rqlca-", 16)),
        check=_check_query_log_association,
        replaces=replaces("resolverQueryLogConfigId", "resourceId"),
        tagged=False,
    ),
)
