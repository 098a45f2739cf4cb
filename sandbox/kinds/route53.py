"""Resolver: DNS firewall and query logs."""

from collections.abc import Callable

from sandbox.kinds.base import Call, Kind, Made, limit_name, replaces, used_by
from sandbox.kinds.ec2 import VPC
from sandbox.refusal import Refusal

DOMAINS = "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList"
GROUP = "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup"
RULE = "aws:route53/resolverFirewallRule:ResolverFirewallRule"
ASSOCIATION = "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation"
QUERY_LOG = "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig"
QUERY_LOG_ASSOCIATION = "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation"

_FIRST, _LAST = 101, 8999


def _identified(prefix: str, resource: str) -> Callable[[Call], Made]:
    """Answers with an id such as `rslvr-frg-0123456789abcdef` and its ARN."""

    def make(call: Call) -> Made:
        thing = call.fresh(f"{prefix}-", 16)
        return Made(id=thing, outputs={"arn": call.arn("route53resolver", f"{resource}/{thing}")})

    return make


def _check_named(call: Call) -> None:
    limit_name(call, "name", 64)


def _check_rule(call: Call) -> None:
    call.require(GROUP, call.inputs["firewallRuleGroupId"], "ResourceNotFoundException", "firewall rule group")
    call.require(DOMAINS, call.inputs["firewallDomainListId"], "ResourceNotFoundException", "firewall domain list")
    if call.inputs["action"] == "BLOCK" and not call.inputs.get("blockResponse"):
        raise Refusal("ValidationException", "BlockResponse must be set when Action is BLOCK")
    for other in call.others():
        same = other.inputs["firewallRuleGroupId"] == call.inputs["firewallRuleGroupId"]
        if same and other.inputs["priority"] == call.inputs["priority"]:
            raise Refusal(
                "ValidationException", f"Priority {call.inputs['priority']} is already used in the rule group"
            )


def _check_association(call: Call) -> None:
    call.require(GROUP, call.inputs["firewallRuleGroupId"], "ResourceNotFoundException", "firewall rule group")
    call.require(VPC, call.inputs["vpcId"], "ResourceNotFoundException", "VPC")
    if not _FIRST <= call.inputs["priority"] <= _LAST:
        raise Refusal(
            "ValidationException",
            f"Priority must be greater than 100 and less than 9000, not {call.inputs['priority']}",
        )


def _check_query_log(call: Call) -> None:
    limit_name(call, "name", 64)
    if not str(call.inputs["destinationArn"]).startswith("arn:"):
        raise Refusal("InvalidParameterException", f"The destination {call.inputs['destinationArn']} is no ARN")


def _check_query_log_association(call: Call) -> None:
    call.require(
        QUERY_LOG, call.inputs["resolverQueryLogConfigId"], "ResourceNotFoundException", "query log configuration"
    )
    call.require(VPC, call.inputs["resourceId"], "ResourceNotFoundException", "VPC")


def _check_config(call: Call) -> None:
    call.require(VPC, call.inputs["resourceId"], "ResourceNotFoundException", "VPC")


def _rule(call: Call) -> Made:
    return Made(id=f"{call.inputs['firewallRuleGroupId']}:{call.inputs['firewallDomainListId']}")


KINDS = (
    Kind(
        token=DOMAINS,
        make=_identified("rslvr-fdl", "firewall-domain-list"),
        check=_check_named,
        replaces=replaces("name"),
        in_use=used_by((RULE, "firewallDomainListId")),
        named="name",
    ),
    Kind(
        token=GROUP,
        make=_identified("rslvr-frg", "firewall-rule-group"),
        check=_check_named,
        replaces=replaces("name"),
        in_use=used_by((ASSOCIATION, "firewallRuleGroupId"), (RULE, "firewallRuleGroupId")),
        named="name",
    ),
    Kind(
        token=RULE,
        make=_rule,
        check=_check_rule,
        replaces=replaces("firewallRuleGroupId", "firewallDomainListId"),
        named="name",
        tagged=False,
    ),
    Kind(
        token=ASSOCIATION,
        make=_identified("rslvr-frgassoc", "firewall-rule-group-association"),
        check=_check_association,
        replaces=replaces("firewallRuleGroupId", "vpcId"),
        named="name",
    ),
    Kind(
        token="aws:route53/resolverFirewallConfig:ResolverFirewallConfig",  # noqa: S106 - a type token
        make=lambda call: Made(id=call.fresh("rslvr-fc-", 16), outputs={"ownerId": call.account}),
        check=_check_config,
        replaces=replaces("resourceId"),
        tagged=False,
    ),
    Kind(
        token=QUERY_LOG,
        make=_identified("rqlc", "resolver-query-log-config"),
        check=_check_query_log,
        replaces=replaces("name", "destinationArn"),
        in_use=used_by((QUERY_LOG_ASSOCIATION, "resolverQueryLogConfigId")),
        named="name",
    ),
    Kind(
        token=QUERY_LOG_ASSOCIATION,
        make=lambda call: Made(id=call.fresh("rqlca-", 16)),
        check=_check_query_log_association,
        replaces=replaces("resolverQueryLogConfigId", "resourceId"),
        tagged=False,
    ),
)
