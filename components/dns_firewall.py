"""DNS of a network without internet: names still resolve outside, and data can leave in them; so only listed domains are answered."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import route53

from components.names import Names

_ASSOCIATION_PRIORITY = 101  # AWS keeps 100 and below, 9000 and above (Route 53 API, AssociateFirewallRuleGroup)


@dataclass(frozen=True, kw_only=True)
class DnsFirewallArgs:
    """What the firewall needs.

    Attributes:
        names: The environment's names.
        vpc_id: The VPC.
        mode: `block`, or `alert` to let other names through and log them.
        allow: More domains that may be resolved.
    """

    names: Names
    vpc_id: pulumi.Input[str]
    mode: str
    allow: Sequence[str]


class DnsFirewall(pulumi.ComponentResource):
    """Route 53 Resolver DNS Firewall on one VPC: an allow-list, then everything else blocked; fails closed.

    Creates two domain lists, a rule group with two rules, its association with the VPC, and the VPC's firewall configuration.
    """

    def __init__(self, name: str, args: DnsFirewallArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:DnsFirewall", name, None, opts)
        child = ResourceOptions(parent=self)
        prefix = args.names.prefix
        allowed = route53.ResolverFirewallDomainList(
            f"{name}-allowed", name=f"{prefix}-allowed", domains=allowed_domains(args.names, args.allow), opts=child
        )
        everything = route53.ResolverFirewallDomainList(
            f"{name}-everything", name=f"{prefix}-everything", domains=["*"], opts=child
        )
        group = route53.ResolverFirewallRuleGroup(f"{name}-rules", name=prefix, opts=child)
        route53.ResolverFirewallRule(
            f"{name}-allow",
            name="allow",
            action="ALLOW",
            priority=100,
            firewall_rule_group_id=group.id,
            firewall_domain_list_id=allowed.id,
            # An allowed name may be an alias of another one (a CNAME chain): the first name decides.
            firewall_domain_redirection_action="TRUST_REDIRECTION_DOMAIN",
            opts=child,
        )
        route53.ResolverFirewallRule(
            f"{name}-rest",
            name="rest",
            action="BLOCK" if args.mode == "block" else "ALERT",
            block_response="NXDOMAIN" if args.mode == "block" else None,
            priority=200,
            firewall_rule_group_id=group.id,
            firewall_domain_list_id=everything.id,
            opts=child,
        )
        route53.ResolverFirewallRuleGroupAssociation(
            f"{name}-association",
            name=prefix,
            firewall_rule_group_id=group.id,
            vpc_id=args.vpc_id,
            priority=_ASSOCIATION_PRIORITY,
            opts=child,
        )
        route53.ResolverFirewallConfig(
            f"{name}-config", resource_id=args.vpc_id, firewall_fail_open="DISABLED", opts=child
        )
        self.register_outputs({"ruleGroupId": group.id})


def allowed_domains(names: Names, more: Sequence[str]) -> list[str]:
    """Domains that workloads resolve: AWS's service endpoints, Studio, the VPC's own names and reverse names."""
    internal = "ec2.internal" if names.region == "us-east-1" else f"{names.region}.compute.internal"
    domains = [
        f"*.{names.dns_suffix}",
        "*.api.aws",
        "*.on.aws",
        "*.sagemaker.aws",
        f"*.{internal}",
        "*.in-addr.arpa",
        *more,
    ]
    return list(dict.fromkeys(domains))
