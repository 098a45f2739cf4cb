"""The VPC and all in it, and its DNS firewall."""

from collections.abc import Sequence

from components.config import Settings
from components.documents import Conditions, Document, Statement, allow, document
from components.environment import Environment
from components.names import ENVIRONMENT_TAG

_MADE = (
    "elastic-ip",
    "internet-gateway",
    "natgateway",
    "route-table",
    "security-group",
    "security-group-rule",
    "subnet",
    "vpc",
    "vpc-endpoint",
    "vpc-flow-log",
)


def network(settings: Settings, environment: Environment, account: str) -> Document:
    """The VPC and all in it: made with the environment's tag, and afterwards only what carries it."""
    ours: Conditions = {"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": environment.names.prefix}}
    tagged: Conditions = {"StringEquals": {f"aws:RequestTag/{ENVIRONMENT_TAG}": environment.names.prefix}}

    def ec2(*whats: str) -> list[str]:
        return [environment.names.arn("ec2", f"{what}/*", account=account) for what in whats]

    makes = [
        f"ec2:{action}"
        for action in (
            "AllocateAddress",
            "CreateFlowLogs",
            "CreateInternetGateway",
            "CreateNatGateway",
            "CreateRouteTable",
            "CreateSecurityGroup",
            "CreateSubnet",
            "CreateVpc",
            "CreateVpcEndpoint",
        )
    ]
    rules = ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"]
    return document(
        allow("See", "ec2:Describe*", "*"),  # reads; EC2's take no resource
        allow(
            "Make",
            [*makes, *rules],
            ec2(*_MADE),
            when=tagged,
        ),
        allow(
            "WithinOurs",
            [*makes, *rules],
            ec2("elastic-ip", "route-table", "security-group", "subnet", "vpc"),
            when=ours,
        ),
        allow(
            "ChangeOurs",
            [
                f"ec2:{action}"
                for action in (
                    "AssociateRouteTable",
                    "AttachInternetGateway",
                    "CreateRoute",
                    "CreateTags",
                    "DeleteFlowLogs",
                    "DeleteInternetGateway",
                    "DeleteNatGateway",
                    "DeleteRoute",
                    "DeleteRouteTable",
                    "DeleteSecurityGroup",
                    "DeleteSubnet",
                    "DeleteTags",
                    "DeleteVpc",
                    "DeleteVpcEndpoints",
                    "DetachInternetGateway",
                    "DisassociateAddress",
                    "DisassociateRouteTable",
                    "ModifySecurityGroupRules",
                    "ModifySubnetAttribute",
                    "ModifyVpcAttribute",
                    "ModifyVpcEndpoint",
                    "ReleaseAddress",
                    "ReplaceRoute",
                    "ReplaceRouteTableAssociation",
                )
            ],
            environment.names.arn("ec2", "*", account=account),  # whatever carries our tag
            when=ours,
        ),
        allow(
            "TagWhatIsMade",
            "ec2:CreateTags",
            environment.names.arn("ec2", "*", account=account),  # whatever is being made
            when={
                "StringEquals": {
                    "ec2:CreateAction": [
                        *(action.removeprefix("ec2:") for action in (*makes, *rules)),
                    ]
                }
            },
        ),
        # A VPC's default group comes without our tag: it is tagged, and its rules are taken away. Revoking only ever closes.
        allow(
            "AdoptDefaultGroup",
            "ec2:CreateTags",
            ec2("security-group"),
            when={**tagged, "Null": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": "true"}},
        ),
        allow(
            "CloseGroups",
            ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
            ec2("security-group", "security-group-rule"),
        ),
        *_existing_networks(settings, environment, account, [*makes, *rules]),
        _dns_firewall(account),
    )


def _dns_firewall(account: str) -> Statement:
    return allow(
        "DnsFirewall",
        # Their ids are AWS's, and most of these actions take no tag condition; they are the account's own.
        [
            f"route53resolver:{action}"
            for action in (
                "AssociateFirewallRuleGroup",
                "AssociateResolverQueryLogConfig",
                "CreateFirewallDomainList",
                "CreateFirewallRule",
                "CreateFirewallRuleGroup",
                "CreateResolverQueryLogConfig",
                "DeleteFirewallDomainList",
                "DeleteFirewallRule",
                "DeleteFirewallRuleGroup",
                "DeleteResolverQueryLogConfig",
                "DisassociateFirewallRuleGroup",
                "DisassociateResolverQueryLogConfig",
                "Get*",
                "ImportFirewallDomains",
                "List*",
                "TagResource",
                "UntagResource",
                "UpdateFirewallConfig",
                "UpdateFirewallDomains",
                "UpdateFirewallRule",
                "UpdateFirewallRuleGroupAssociation",
            )
        ],
        "*",
        when={"StringEquals": {"aws:ResourceAccount": account}},
    )


def _existing_networks(
    settings: Settings, environment: Environment, account: str, actions: Sequence[str]
) -> list[Statement]:
    """Endpoints, groups and rules in networks that the program does not make; ids are unique, so one list serves all accounts."""
    found = settings.network.existing.values()
    resources = sorted(
        {
            f"{what}/{identity}"
            for network in found
            for what, identities in (
                ("vpc", [network.vpc]),
                ("subnet", network.subnets),
                ("security-group", [network.workload_security_group, network.endpoint_security_group]),
            )
            for identity in identities
        }
    )
    if not resources:
        return []
    return [
        allow(
            "WithinExisting",
            actions,
            [environment.names.arn("ec2", resource, account=account) for resource in resources],
        )
    ]
