import dataclasses
import json
from collections.abc import Mapping

import pytest

from policy.model import UNKNOWN, Resource
from policy.rules.iam import (
    ATTACHMENT,
    GROUP_POLICY,
    POLICY,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_ATTACHMENTS,
    ROLE_POLICY,
    USER_POLICY,
)
from tests.policy.cases import CONTEXT, DEVELOPMENT, FOREIGN, STAGING, Case, resource, verify

JOB_ROLE = f"arn:aws:iam::{DEVELOPMENT}:role/{CONTEXT.prefix}-JobRole"
ROOT = f"arn:aws:iam::{DEVELOPMENT}:root"
BOUNDARY = f"arn:aws:iam::{DEVELOPMENT}:policy/{CONTEXT.prefix}-boundary"
TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
SSO = f"arn:aws:iam::{FOREIGN}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Scientist_*"
APPROVER = f"arn:aws:iam::{FOREIGN}:role/Approver"
PEOPLE = dataclasses.replace(
    CONTEXT, personas=(SSO, APPROVER, f"arn:aws:iam::{FOREIGN}:saml-provider/login", f"arn:aws:iam::{STAGING}:root")
)
DEV = dataclasses.replace(CONTEXT, stack_type="dev")
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
OURS = {"StringEquals": {"aws:SourceAccount": DEVELOPMENT}}
STATUS = "sagemaker:ModelApprovalStatus"
DECIDING = {"Effect": "Allow", "Action": "sagemaker:UpdateModelPackage", "Resource": "*"}
OLD, NEW, TYPES = "sagemaker:VolumeKmsKey", "sagemaker:VolumeKmsKeyArn", "sagemaker:InstanceTypes"


def document(*statements: object) -> object:
    """A document: text, or an object where a part is not known."""
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    try:
        return json.dumps(value)
    except TypeError:
        return value


def may(name: str = "thing", /, **elements: object) -> Resource:
    """A role's policy of one Allow statement."""
    return resource(ROLE_POLICY, {"policy": document({"Effect": "Allow", **elements})}, name=name)


def passing(name: str = "thing", /, **changes: object) -> Resource:
    """A policy that passes one role to SageMaker, changed."""
    given = {"Action": "iam:PassRole", "Resource": JOB_ROLE, "Condition": TO_SAGEMAKER, **changes}
    return may(name, **{key: value for key, value in given.items() if value is not None})


def trusting(
    name: str = "thing", /, *, principal: object, when: Mapping[str, object] | None = None, effect: object = "Allow"
) -> Resource:
    """A role with a trust of one statement."""
    statement = {
        "Effect": effect,
        "Principal": principal,
        "Action": "sts:AssumeRole",
        "Condition": when or dict[str, object](),
    }
    return resource(ROLE, {"assumeRolePolicy": document(statement)}, name=name)


def denying(name: str = "thing", /, **condition: Mapping[str, object]) -> Resource:
    """A policy that denies creating training jobs under a condition."""
    statement = {"Effect": "Deny", "Action": "sagemaker:CreateTrainingJob", "Resource": "*", "Condition": condition}
    return resource(POLICY, {"policy": document(statement)}, name=name)


def attaching(name: str, policy: str, token: str = ROLE_ATTACHMENT, path: str = "policyArn") -> Resource:
    """A policy of AWS's, attached."""
    arn = f"arn:aws:iam::aws:policy/{policy}"
    return resource(token, {path: [arn] if path.endswith("s") else arn}, name=name)


def inline(policy: object) -> Resource:
    """A role with an inline policy."""
    return resource(ROLE, {"inlinePolicies": [{"name": "own", "policy": policy}]})


ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}

CASES: dict[tuple[str, str], Case] = {
    ("IAM-01", "violating"): Case(
        resources=(may(Action="*", Resource="*"),), violated=("thing",), says="everything on everything"
    ),
    ("IAM-01", "violating: in other words"): Case(
        resources=(
            may("list", Action=["s3:GetObject", "*:*"], Resource=["arn:aws:s3:::x", "*"]),
            may("stars", Action="**", Resource="arn:aws:*"),
            may("not-action", NotAction="iam:*", Resource="*"),
            may("not-resource", Action="*", NotResource="arn:aws:s3:::x"),
            may("condition", Action="*", Resource="*", Condition=MFA),
        ),
        violated=("list", "stars", "not-action", "not-resource", "condition"),
    ),
    ("IAM-01", "violating: everywhere that holds a policy"): Case(
        resources=(
            *(
                resource(token, {"policy": document(ALL)}, name=token)
                for token in (POLICY, ROLE_POLICY, USER_POLICY, GROUP_POLICY)
            ),
            inline(document(ALL)),
            resource(ROLE_POLICY, {"policy": json.dumps({"Statement": ALL})}, name="no-list"),
        ),
        violated=("thing", POLICY, ROLE_POLICY, USER_POLICY, GROUP_POLICY, "no-list"),
    ),
    ("IAM-01", "violating: attached"): Case(
        resources=(
            attaching("role", "AdministratorAccess"),
            attaching("managed", "AdministratorAccess", ROLE, "managedPolicyArns"),
            attaching("all", "AdministratorAccess", ATTACHMENT),
            attaching("exclusive", "AdministratorAccess", ROLE_ATTACHMENTS, "policyArns"),
        ),
        violated=("role", "managed", "all", "exclusive"),
        says="AdministratorAccess",
    ),
    ("IAM-01", "violating: malformed"): Case(
        resources=(resource(POLICY, {"policy": "{"}), resource(POLICY, {"policy": "{}"}, name="empty"), inline("[]")),
        violated=("thing", "empty"),
        says="no policy document",
    ),
    ("IAM-01", "violating: beside what is not known"): Case(
        resources=(resource(POLICY, {"policy": {"Statement": [UNKNOWN, {**ALL, "Action": [UNKNOWN, "*"]}]}}),),
        violated=("thing",),
        undecided=("policy.Statement[0].Effect",),
    ),
    ("IAM-01", "passing"): Case(
        resources=(
            may(Action="*", Resource="arn:aws:s3:::x"),
            may(Action="s3:*", Resource="*"),
            may(Action="s3:GetObject", Resource=UNKNOWN),
            resource(POLICY, {"policy": document({**ALL, "Effect": "Deny"})}),
            resource(POLICY, {"policy": ""}),
            resource(ROLE, {}),
            resource(ROLE_ATTACHMENT, {"policyArn": f"arn:aws:iam::{DEVELOPMENT}:policy/AdministratorAccess"}),
        )
    ),
    ("IAM-01", "not applicable"): Case(
        resources=(resource("aws:s3/bucketPolicy:BucketPolicy", {"policy": document(ALL)}),)
    ),
    ("IAM-01", "unknown"): Case(
        resources=(
            resource(POLICY, {"policy": UNKNOWN}),
            inline(UNKNOWN),
            resource(ROLE, {"inlinePolicies": UNKNOWN, "managedPolicyArns": UNKNOWN}),
            resource(ROLE_ATTACHMENT, {"policyArn": UNKNOWN}),
            may(Action=UNKNOWN, Resource="*"),
            may(Action="*", Resource=[UNKNOWN]),
            may(NotAction="iam:*", Resource=UNKNOWN),
        ),
        undecided=(
            "inlinePolicies[0].policy",
            "managedPolicyArns",
            "policy",
            "policy.Statement[0].Action",
            "policy.Statement[0].Resource",
            "policyArn",
        ),
    ),
    ("IAM-03", "violating"): Case(
        resources=tuple(
            attaching(name, name)
            for name in (
                "AmazonSageMakerFullAccess",
                "AmazonSNSFullAccessV2",
                "PowerUserAccess",
                "IAMFullAccess",
                "AWSCloudShellFullAccess",
                "job-function/DataScientist",
                "AdministratorAccess-Amplify",
                "service-role/AmazonSageMakerServiceCatalogProductsFullAccess",
            )
        ),
        violated=(
            "AmazonSageMakerFullAccess",
            "AmazonSNSFullAccessV2",
            "PowerUserAccess",
            "IAMFullAccess",
            "AWSCloudShellFullAccess",
            "job-function/DataScientist",
            "AdministratorAccess-Amplify",
            "service-role/AmazonSageMakerServiceCatalogProductsFullAccess",
        ),
        says="whole service",
    ),
    ("IAM-03", "violating: on the role"): Case(
        resources=(resource(ROLE, {"managedPolicyArns": [UNKNOWN, "arn:aws-cn:iam::aws:policy/AmazonS3FullAccess"]}),),
        violated=("thing",),
        undecided=("managedPolicyArns",),
    ),
    ("IAM-03", "passing"): Case(
        resources=(
            attaching("read", "ReadOnlyAccess"),
            attaching("audit", "SecurityAudit"),
            resource(ROLE_ATTACHMENT, {"policyArn": f"arn:aws:iam::{DEVELOPMENT}:policy/OurFullAccess"}),
            resource(ROLE_ATTACHMENT, {"policyArn": "AmazonS3FullAccess"}),
        )
    ),
    ("IAM-03", "not applicable"): Case(resources=(resource(POLICY, {"policy": document(ALL)}),)),
    ("IAM-03", "unknown"): Case(
        resources=(resource(ROLE_ATTACHMENT, {"policyArn": UNKNOWN}),), undecided=("policyArn",)
    ),
    ("IAM-04", "violating"): Case(resources=(passing(Resource="*"),), violated=("thing",), says="passes any role"),
    ("IAM-04", "violating: to any service"): Case(
        resources=(
            passing("none", Condition=None),
            passing("unrelated", Condition=MFA),
            passing("negated", Condition={"StringNotEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
            passing(
                "if-exists", Condition={"StringEqualsIfExists": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
            ),
            passing("for-all", Condition={"ForAllValues:StringEquals": {"iam:PassedToService": "x.amazonaws.com"}}),
            passing("wildcard", Condition={"StringLike": {"iam:PassedToService": "*.amazonaws.com"}}),
            passing("another-key", Condition={"StringEquals": {"iam:AssociatedResourceArn": "x"}}),
        ),
        violated=("none", "unrelated", "negated", "if-exists", "for-all", "wildcard", "another-key"),
        says="to any service",
    ),
    ("IAM-04", "violating: by a wider action"): Case(
        resources=(
            passing("iam", Action="iam:*", Resource="*"),
            passing("pass", Action="iam:Pass*", Resource="*"),
            passing("cases", Action="IAM:passrole", Resource="*"),
            passing("one", Action=["s3:GetObject", "iam:Pass?ole"], Resource="*"),
            passing("all", Action="*", Resource="*"),
            passing("not", Action=None, NotAction="s3:*", Resource="*"),
        ),
        violated=("iam", "pass", "cases", "one", "all", "not"),
    ),
    ("IAM-04", "violating: roles that are not named"): Case(
        resources=(
            passing("any", Resource=f"arn:aws:iam::{DEVELOPMENT}:role/*"),
            passing("ends", Resource=f"arn:aws:iam::{DEVELOPMENT}:role/*-Deployer"),
            passing("account", Resource=f"arn:aws:iam::{DEVELOPMENT}:*"),
            passing("list", Resource=[JOB_ROLE, "*"]),
            passing("not", Resource=None, NotResource=JOB_ROLE),
            resource(
                POLICY,
                {
                    "policy": {
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": "iam:PassRole",
                                "Resource": [UNKNOWN, "*"],
                                "Condition": TO_SAGEMAKER,
                            }
                        ]
                    }
                },
                name="beside",
            ),
        ),
        violated=("any", "ends", "account", "list", "not", "beside"),
        undecided=("policy.Statement[0].Resource",),
        says="passes any role",
    ),
    ("IAM-04", "passing"): Case(
        resources=(
            passing(),
            passing(Resource=f"arn:aws:iam::*:role/{CONTEXT.prefix}-*"),
            passing(
                Condition={"StringLike": {"iam:PassedToService": ["sagemaker.amazonaws.com", "ecs*.amazonaws.com"]}}
            ),
            passing(Effect="Deny", Resource="*", Condition=None),
        )
    ),
    ("IAM-04", "not applicable"): Case(
        resources=(may(Action=["iam:GetRole", "s3:*"], Resource="*"), may(NotAction="iam:*", Resource="*"))
    ),
    ("IAM-04", "unknown"): Case(
        resources=(
            resource(ROLE_POLICY, {"policy": UNKNOWN}),
            passing(Action=UNKNOWN),
            passing(Action=None, NotAction=UNKNOWN),
            passing(Resource=UNKNOWN),
            passing(Condition=UNKNOWN),
        ),
        undecided=(
            "policy",
            "policy.Statement[0].Action",
            "policy.Statement[0].Condition",
            "policy.Statement[0].NotAction",
            "policy.Statement[0].Resource",
        ),
    ),
    ("IAM-05", "violating"): Case(
        resources=(
            trusting("star", principal="*"),
            trusting("aws", principal={"AWS": "*"}),
            trusting("list", principal={"AWS": [ROOT, "*"]}),
            trusting("condition", principal="*", when={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            trusting("roles", principal={"AWS": f"arn:aws:iam::{DEVELOPMENT}:role/*"}),
            trusting("federated", principal={"Federated": "*"}),
        ),
        violated=("star", "aws", "list", "condition", "roles", "federated"),
        says="anybody",
    ),
    ("IAM-05", "violating: beside an unknown one"): Case(
        resources=(trusting(principal={"AWS": [UNKNOWN, "*"]}),),
        violated=("thing",),
        undecided=("assumeRolePolicy.Statement[0].Principal",),
    ),
    ("IAM-05", "violating: malformed"): Case(
        resources=(resource(ROLE, {"assumeRolePolicy": "sagemaker"}),), violated=("thing",), says="no policy document"
    ),
    ("IAM-05", "passing"): Case(
        resources=(
            trusting(principal={"AWS": ROOT, "Service": "sagemaker.amazonaws.com"}),
            trusting(principal="*", effect="Deny"),
            resource(ROLE, {}),
        )
    ),
    ("IAM-05", "not applicable"): Case(resources=(resource(POLICY, {"assumeRolePolicy": document(ALL)}),)),
    ("IAM-05", "unknown"): Case(
        resources=(resource(ROLE, {"assumeRolePolicy": UNKNOWN}), trusting(principal=UNKNOWN)),
        undecided=("assumeRolePolicy", "assumeRolePolicy.Statement[0].Principal"),
    ),
    ("IAM-06", "violating"): Case(
        resources=(
            trusting("root", principal={"AWS": f"arn:aws:iam::{FOREIGN}:root"}),
            trusting("id", principal={"AWS": [ROOT, FOREIGN]}, when={"ArnEquals": {"aws:PrincipalArn": JOB_ROLE}}),
            trusting("role", principal={"AWS": f"arn:aws:iam::{FOREIGN}:role/x"}),
            trusting("external-id", principal={"AWS": FOREIGN}, when={"StringEquals": {"sts:ExternalId": "x"}}),
            trusting("dangling", principal={"AWS": "AROAEXAMPLE"}),
        ),
        violated=("root", "id", "role", "external-id", "dangling"),
        says="neither of the environment nor configured",
    ),
    ("IAM-06", "violating: a whole account"): Case(
        resources=(
            trusting("root", principal={"AWS": ROOT}),
            trusting("id", principal={"AWS": STAGING}),
            trusting("mfa", principal={"AWS": ROOT}, when=MFA),
            trusting("negated", principal={"AWS": ROOT}, when={"ArnNotLike": {"aws:PrincipalArn": JOB_ROLE}}),
            trusting("if-exists", principal={"AWS": ROOT}, when={"ArnEqualsIfExists": {"aws:PrincipalArn": JOB_ROLE}}),
        ),
        violated=("root", "id", "mfa", "negated", "if-exists"),
        says="trusts all of account",
    ),
    ("IAM-06", "violating: any role of an account"): Case(
        resources=(
            trusting("any", principal={"AWS": ROOT}, when={"ArnLike": {"aws:PrincipalArn": "*"}}),
            trusting(
                "account",
                principal={"AWS": ROOT},
                when={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{DEVELOPMENT}:role/*"}},
            ),
            trusting(
                "foreign",
                principal={"AWS": ROOT},
                when={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{FOREIGN}:role/x"}},
            ),
        ),
        violated=("any", "account", "foreign"),
        says="aws:PrincipalArn takes in",
    ),
    ("IAM-06", "violating: another role of a configured account"): Case(
        resources=(
            trusting("role", principal={"AWS": f"arn:aws:iam::{FOREIGN}:role/other"}),
            trusting(
                "narrowed",
                principal={"AWS": FOREIGN},
                when={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{FOREIGN}:role/other"}},
            ),
            trusting("root", principal={"AWS": FOREIGN}, when=MFA),
        ),
        violated=("role", "narrowed", "root"),
        context=PEOPLE,
    ),
    ("IAM-06", "violating: another identity provider"): Case(
        resources=(
            trusting("saml", principal={"Federated": f"arn:aws:iam::{FOREIGN}:saml-provider/theirs"}),
            trusting("web", principal={"Federated": "accounts.google.com"}),
        ),
        violated=("saml", "web"),
        says="identity provider",
    ),
    ("IAM-06", "violating: an account that is not configured, beside one that is"): Case(
        resources=(trusting(principal={"AWS": "888888888888"}),), violated=("thing",), context=PEOPLE
    ),
    ("IAM-06", "violating: users of a target account in dev"): Case(
        resources=(trusting(principal={"AWS": STAGING}, when=MFA),), violated=("thing",), context=DEV
    ),
    ("IAM-06", "violating: users in dev without MFA"): Case(
        resources=(trusting(principal={"AWS": ROOT}),), violated=("thing",), context=DEV
    ),
    ("IAM-06", "passing"): Case(
        resources=(
            trusting(principal={"AWS": ROOT}, when={"ArnEquals": {"aws:PrincipalArn": JOB_ROLE}}),
            trusting(principal={"AWS": JOB_ROLE}),
            trusting(principal={"Federated": f"arn:aws:iam::{DEVELOPMENT}:saml-provider/ours"}),
            trusting(principal={"AWS": FOREIGN}, effect="Deny"),
        )
    ),
    ("IAM-06", "passing: configured people"): Case(
        resources=(
            trusting(principal={"AWS": APPROVER}),
            trusting(principal={"AWS": f"arn:aws:iam::{FOREIGN}:root"}, when={"ArnLike": {"aws:PrincipalArn": SSO}}),
            trusting(principal={"Federated": f"arn:aws:iam::{FOREIGN}:saml-provider/login"}),
            trusting(principal={"AWS": f"arn:aws:iam::{STAGING}:root"}, when=MFA),
        ),
        context=PEOPLE,
    ),
    ("IAM-06", "passing: users with MFA in dev"): Case(
        resources=(trusting(principal={"AWS": ROOT}, when=MFA),), context=DEV
    ),
    ("IAM-06", "not applicable"): Case(resources=(trusting(principal={"Service": "sagemaker.amazonaws.com"}),)),
    ("IAM-06", "unknown"): Case(
        resources=(
            trusting(principal={"AWS": UNKNOWN}),
            trusting(principal={"AWS": ROOT}, when={"ArnEquals": {"aws:PrincipalArn": UNKNOWN}}),
        ),
        undecided=("assumeRolePolicy.Statement[0].Condition", "assumeRolePolicy.Statement[0].Principal"),
    ),
    ("IAM-07", "violating"): Case(
        resources=(
            trusting("none", principal={"Service": "sagemaker.amazonaws.com"}),
            trusting("one", principal={"Service": ["lambda.amazonaws.com", "events.amazonaws.com"]}),
            trusting("flow-logs", principal={"Service": "vpc-flow-logs.amazonaws.com"}, when=MFA),
        ),
        violated=("none", "one", "flow-logs"),
        says="may take the role for anybody",
    ),
    ("IAM-07", "violating: bound to nobody of ours"): Case(
        resources=tuple(
            trusting(name, principal={"Service": "events.amazonaws.com"}, when=when)
            for name, when in {
                "foreign": {"StringEquals": {"aws:SourceAccount": [DEVELOPMENT, FOREIGN]}},
                "wildcard": {"StringLike": {"aws:SourceAccount": "*"}},
                "arn": {"ArnLike": {"aws:SourceArn": "arn:aws:events:eu-west-1:*:rule/*"}},
                "if-exists": {"StringEqualsIfExists": {"aws:SourceAccount": DEVELOPMENT}},
                "negated": {"StringNotEquals": {"aws:SourceAccount": DEVELOPMENT}},
                "organization": {"StringEquals": {"aws:SourceOrgID": "o-theirs"}},
            }.items()
        ),
        violated=("foreign", "wildcard", "arn", "if-exists", "negated", "organization"),
    ),
    ("IAM-07", "passing"): Case(
        resources=(
            trusting(principal={"Service": "sagemaker.amazonaws.com"}, when=OURS),
            trusting(
                principal={"Service": "events.amazonaws.com"},
                when={"ArnLike": {"AWS:SourceArn": f"arn:aws:events:eu-west-1:{DEVELOPMENT}:rule/*"}},
            ),
            trusting(
                principal={"Service": "events.amazonaws.com"},
                when={"StringEquals": {"aws:SourceAccount": sorted(CONTEXT.accounts)}},
            ),
            trusting(
                principal={"Service": "events.amazonaws.com"},
                when={"ArnLike": {"aws:SourceArn": [f"arn:aws:events:*:{account}:*" for account in CONTEXT.accounts]}},
            ),
            trusting(principal={"Service": ["lambda.amazonaws.com", "servicecatalog.amazonaws.com"]}),
        )
    ),
    ("IAM-07", "passing: by organisation"): Case(
        resources=(
            trusting(
                principal={"Service": "events.amazonaws.com"}, when={"StringEquals": {"aws:SourceOrgID": "o-ours"}}
            ),
        ),
        context=dataclasses.replace(CONTEXT, organization="o-ours"),
    ),
    ("IAM-07", "not applicable"): Case(resources=(trusting(principal={"AWS": ROOT}),)),
    ("IAM-07", "unknown"): Case(
        resources=(
            resource(ROLE, {"assumeRolePolicy": UNKNOWN}),
            trusting(principal={"Service": UNKNOWN}),
            trusting(
                principal={"Service": "events.amazonaws.com"}, when={"StringEquals": {"aws:SourceAccount": UNKNOWN}}
            ),
        ),
        undecided=(
            "assumeRolePolicy",
            "assumeRolePolicy.Statement[0].Condition",
            "assumeRolePolicy.Statement[0].Principal",
        ),
    ),
    ("IAM-09", "violating"): Case(
        resources=(resource(ROLE, {}),), violated=("thing",), says="has no permissions boundary"
    ),
    ("IAM-09", "violating: another boundary"): Case(
        resources=(
            resource(ROLE, {"permissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}, name="aws"),
            resource(ROLE, {"permissionsBoundary": BOUNDARY.replace(DEVELOPMENT, FOREIGN)}, name="foreign"),
        ),
        violated=("aws", "foreign"),
        says="not that of the environment",
    ),
    ("IAM-09", "passing"): Case(resources=(resource(ROLE, {"permissionsBoundary": BOUNDARY}),)),
    ("IAM-09", "not applicable"): Case(resources=(resource(POLICY, {}),)),
    ("IAM-09", "unknown"): Case(
        resources=(resource(ROLE, {"permissionsBoundary": UNKNOWN}),), undecided=("permissionsBoundary",)
    ),
    ("IAM-11", "violating"): Case(
        resources=(denying(Null={"sagemaker:VpcSubnets": "true", "sagemaker:VpcSecurityGroupIds": "true"}),),
        violated=("thing",),
        says="ANDed",
    ),
    ("IAM-11", "violating: not one key under two names"): Case(
        resources=(
            denying("two", Null={OLD: "true", "sagemaker:OutputKmsKeyArn": "true"}),
            denying("three", Null={OLD: "true", NEW: "true", "sagemaker:VpcSubnets": "true"}),
            denying("present", Null={OLD: "false", NEW: "false"}),
            denying("both", Null={OLD: "true", NEW: "false"}),
            denying("types", Null={OLD: "true", TYPES: "true"}),
        ),
        violated=("two", "three", "present", "both", "types"),
    ),
    ("IAM-11", "passing"): Case(
        resources=(
            denying(Null={"sagemaker:VpcSubnets": "true"}),
            denying(Null={OLD: "true", NEW: "true"}),
            denying(Null={OLD.lower(): ["true"], NEW: "true", TYPES: "true"}),
            denying(Null={OLD: "false"}, ArnNotEquals={NEW: "arn:aws:kms:eu-west-1:1:key/1"}),
        )
    ),
    ("IAM-11", "not applicable"): Case(
        resources=(
            may(
                Action="s3:GetObject",
                Resource="*",
                Condition={"Null": {"aws:SourceVpce": "false", "aws:SourceVpc": "false"}},
            ),
        )
    ),
    ("IAM-11", "unknown"): Case(
        resources=(denying(Null=UNKNOWN), resource(POLICY, {"policy": UNKNOWN})),  # pyright: ignore[reportArgumentType] - what a preview gives
        undecided=("policy", "policy.Statement[0].Condition"),
    ),
    ("IAM-14", "violating"): Case(
        resources=(
            may("action", NotAction="iam:*", Resource="arn:aws:s3:::x"),
            may("resource", Action="s3:GetObject", NotResource="arn:aws:s3:::x"),
        ),
        violated=("action", "resource"),
        says="allows by Not",
    ),
    ("IAM-14", "violating: in a trust"): Case(
        resources=(
            resource(
                ROLE,
                {"assumeRolePolicy": document({"Effect": "Deny", "NotPrincipal": {"AWS": ROOT}, "Action": "sts:*"})},
            ),
        ),
        violated=("thing",),
        says="NotPrincipal",
    ),
    ("IAM-14", "passing"): Case(
        resources=(
            may(Action="s3:GetObject", Resource="arn:aws:s3:::x"),
            resource(POLICY, {"policy": document({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"})}),
        )
    ),
    ("IAM-14", "not applicable"): Case(
        resources=(
            resource("aws:s3/bucketPolicy:BucketPolicy", {"policy": document({"Effect": "Allow", "NotAction": "x"})}),
        )
    ),
    ("IAM-14", "unknown"): Case(
        resources=(
            resource(POLICY, {"policy": UNKNOWN}),
            may(Effect=UNKNOWN, NotAction="s3:*"),
            resource(ROLE, {"assumeRolePolicy": UNKNOWN}),
        ),
        undecided=("assumeRolePolicy", "policy", "policy.Statement[0].Effect"),
    ),
    ("IAM-21", "violating"): Case(
        resources=(may(Action="sagemaker:Update*", Resource="*"),), violated=("thing",), says="any approval status"
    ),
    ("IAM-21", "violating: both"): Case(
        resources=(
            resource(
                ROLE_POLICY,
                {
                    "policy": document(
                        {**DECIDING, "Condition": {"StringEquals": {STATUS: ["Approved"]}}},
                        {"Effect": "Allow", "Action": "sagemaker:CreateModelPackage", "Resource": "*"},
                    )
                },
            ),
        ),
        violated=("thing",),
        says="may approve them",
    ),
    ("IAM-21", "passing"): Case(
        resources=(
            may("approver", **{**DECIDING, "Condition": {"StringEquals": {STATUS: ["Approved", "Rejected"]}}}),
            may("release", **{**DECIDING, "Condition": {"Null": {STATUS: "true"}}}),
            resource(
                POLICY,
                {
                    "policy": document(
                        {"Effect": "Allow", "Action": "*", "Resource": "*"},
                        {**DECIDING, "Effect": "Deny", "Condition": {"StringEquals": {STATUS: "Approved"}}},
                    )
                },
                name="boundary",
            ),
        )
    ),
    ("IAM-21", "not applicable"): Case(
        resources=(
            may(Action="sagemaker:DescribeModelPackage", Resource="*"),
            resource(ROLE, {"name": "x"}, name="role"),
        )
    ),
    ("IAM-21", "unknown"): Case(
        resources=(
            resource(POLICY, {"policy": UNKNOWN}),
            may(**{**DECIDING, "Condition": {"StringEquals": {STATUS: [UNKNOWN]}}}),
        ),
        undecided=("policy", "policy.Statement[0].Condition"),
    ),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])
