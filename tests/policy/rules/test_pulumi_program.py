import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pulumi_aws
import pytest

from components.registries import REPOSITORIES
from policy.model import UNKNOWN, Provider, Resource
from policy.registries import AWS_REGISTRIES
from policy.rules.pulumi_program import NATIVE_PROVIDER, PROVIDER, TAGGABLE
from tests.policy.cases import CONTEXT, DEVELOPMENT, FOREIGN, PRODUCTION, REGION, STAGING, Case, resource, verify

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:iam/policy:Policy"
DEPLOYER = f"arn:aws:iam::{DEVELOPMENT}:role/{CONTEXT.deployer}"
PINNED: Mapping[str, object] = {
    "region": REGION,
    "allowedAccountIds": [DEVELOPMENT],
    "assumeRoles": [{"roleArn": DEPLOYER, "externalId": "x"}],
    "skipRegionValidation": "true",
    "skipCredentialsValidation": "false",
}
TAGS = {"mlops:environment": "sm-mlops-prod-eu-west-1"}
TAGGED = Provider(name="development", properties={"defaultTags": {"tags": TAGS}})
WITH_COST_CENTRE = dataclasses.replace(CONTEXT, tags=("mlops:environment", "cost-centre"))


def provider(name: str = "thing", **changes: object) -> Resource:
    """A pinned provider, changed."""
    return resource(PROVIDER, {**PINNED, **changes}, name=name, provider=None)


def without(*names: str) -> Resource:
    """A pinned provider that lacks some of its settings."""
    return resource(PROVIDER, {key: value for key, value in PINNED.items() if key not in names}, provider=None)


def in_region(region: object) -> Provider:
    """A provider of a region."""
    return Provider(name="other", properties={"region": region})


def naming(*values: object, name: str = "thing") -> Resource:
    """A policy that names ARNs or accounts."""
    return resource(POLICY, {"policy": json.dumps({"Statement": [{"Resource": values}]})}, name=name)


CASES: dict[tuple[str, str], Case] = {
    ("PUL-01", "violating"): Case(
        resources=(
            resource(BUCKET, {}, provider=Provider(name="default_7_51_1", properties={}), name="engine"),
            resource(BUCKET, {}, provider=Provider(name="default", properties={}), name="old-engine"),
            resource("aws-native:s3:Bucket", {}, provider=None, name="none"),
        ),
        violated=("engine", "old-engine", "none"),
        says="default provider",
    ),
    ("PUL-01", "passing"): Case(
        resources=(resource(BUCKET, {}), resource(BUCKET, {}, provider=Provider(name="defaults", properties={})))
    ),
    ("PUL-01", "not applicable"): Case(
        resources=(
            resource("random:index/randomId:RandomId", {}, provider=None),
            resource("mlops:network:Network", {}, provider=None),
            resource(PROVIDER, {}, provider=None),
        )
    ),
    ("PUL-01", "unknown"): Case(
        resources=(
            resource(
                BUCKET, {"bucket": UNKNOWN}, provider=Provider(name="development", properties={"region": UNKNOWN})
            ),
        )
    ),
    ("PUL-02", "violating"): Case(resources=(without("region"),), violated=("thing",), says="region is not set"),
    ("PUL-02", "violating: any account"): Case(
        resources=(provider(allowedAccountIds=[]),), violated=("thing",), says="allowedAccountIds is not set"
    ),
    ("PUL-02", "violating: a foreign account"): Case(
        resources=(provider(allowedAccountIds=[DEVELOPMENT, FOREIGN]),), violated=("thing",), says=FOREIGN
    ),
    ("PUL-02", "violating: no role"): Case(
        resources=(without("assumeRoles"),), violated=("thing",), says="assumeRoles is not set"
    ),
    ("PUL-02", "violating: a role that is ignored"): Case(
        resources=(provider(assumeRoles=[{"role_arn": DEPLOYER}]),), violated=("thing",), says="no role_arn"
    ),
    ("PUL-02", "violating: a role elsewhere"): Case(
        resources=(provider(assumeRoles=[{"roleArn": f"arn:aws:iam::{STAGING}:role/x"}]),),
        violated=("thing",),
        says="another account",
    ),
    ("PUL-02", "violating: credentials"): Case(
        resources=(
            provider("access", accessKey="AKIA"),
            provider("secret", secretKey="x"),
            provider("profile", profile="admin"),
        ),
        violated=("access", "secret", "profile"),
        says="credentials are chosen by the environment",
    ),
    ("PUL-02", "violating: loosened"): Case(
        resources=(
            provider("validation", skipCredentialsValidation="true"),
            provider("account", skipRequestingAccountId=True),
            provider("elsewhere", endpoints=[{"s3": "https://example.com"}]),
        ),
        violated=("validation", "account", "elsewhere"),
        says="loosens",
    ),
    ("PUL-02", "violating: aws-native"): Case(
        resources=(resource(NATIVE_PROVIDER, {**PINNED, "assumeRole": {}}, provider=None),),
        violated=("thing",),
        says="assumeRole: has no role_arn",
    ),
    ("PUL-02", "passing"): Case(
        resources=(
            provider(),
            resource(NATIVE_PROVIDER, {**PINNED, "assumeRole": {"roleArn": DEPLOYER}}, provider=None),
        )
    ),
    ("PUL-02", "not applicable"): Case(resources=(resource(BUCKET, {}), resource("pulumi:providers:random", {}))),
    ("PUL-02", "unknown"): Case(
        resources=(
            provider(region=UNKNOWN),
            provider(allowedAccountIds=UNKNOWN),
            provider(assumeRoles=UNKNOWN),
            provider(endpoints=UNKNOWN),
            provider(profile=UNKNOWN),
        ),
        undecided=("region", "allowedAccountIds", "assumeRoles", "endpoints", "profile"),
    ),
    ("PUL-02", "unknown: beside a violation"): Case(
        resources=(provider(assumeRoles=[{"roleArn": UNKNOWN}], profile="admin"),),
        violated=("thing",),
        undecided=("assumeRoles.roleArn",),
    ),
    ("PUL-03", "violating"): Case(
        resources=(provider(region="us-west-2"),), violated=("thing",), says="region is not eu-west-1, us-east-1"
    ),
    ("PUL-03", "violating: the resource's own region"): Case(
        resources=(resource(BUCKET, {"region": "eu-central-1"}),), violated=("thing",), says="region is not eu-west-1"
    ),
    ("PUL-03", "violating: data in IAM's region"): Case(
        resources=(
            resource(BUCKET, {}, provider=in_region("us-east-1"), name="provider"),
            resource(BUCKET, {"region": "us-east-1"}, name="own"),
        ),
        violated=("provider", "own"),
    ),
    ("PUL-03", "violating: a zone elsewhere"): Case(
        resources=(
            resource("aws:ec2/subnet:Subnet", {"availabilityZone": "eu-west-2a"}, name="one"),
            resource("aws:ec2/defaultSubnet:DefaultSubnet", {"availabilityZone": "eu-west-11a"}, name="longer"),
            resource("aws:autoscaling/group:Group", {"availabilityZones": ["eu-west-1a", "eu-west-3a"]}, name="list"),
        ),
        violated=("one", "longer", "list"),
        says="another region",
    ),
    ("PUL-03", "passing"): Case(
        resources=(
            provider(),
            provider(region="us-east-1"),
            resource(BUCKET, {"region": REGION}),
            resource(BUCKET, {"region": REGION}, provider=in_region("us-east-1")),
            resource("aws:ec2/subnet:Subnet", {"availabilityZone": "eu-west-1a"}),
            resource("aws:ec2/subnet:Subnet", {"availabilityZone": "eu-west-1-lon-1a"}),
            resource("aws:cloudwatch/eventRule:EventRule", {}, provider=in_region("us-east-1")),
            resource("aws:cloudwatch/eventTarget:EventTarget", {"region": "us-east-1"}),
        )
    ),
    ("PUL-03", "not applicable"): Case(
        resources=(resource("mlops:network:Network", {"region": "us-west-2"}, provider=None),)
    ),
    ("PUL-03", "unknown"): Case(
        resources=(
            resource(BUCKET, {"region": UNKNOWN}),
            resource("aws:ec2/subnet:Subnet", {"availabilityZone": UNKNOWN}),
            provider(name="provider", region="us-west-2"),
        ),
        violated=("provider",),
        undecided=("region", "availabilityZone"),
    ),
    ("PUL-04", "violating"): Case(resources=(resource(BUCKET, {}),), violated=("thing",), says="mlops:environment"),
    ("PUL-04", "violating: one of two"): Case(
        resources=(resource(BUCKET, {"tags": TAGS}),),
        violated=("thing",),
        says="has no tag cost-centre",
        context=WITH_COST_CENTRE,
    ),
    ("PUL-04", "violating: emptied on the resource"): Case(
        resources=(resource(BUCKET, {"tags": {"mlops:environment": ""}}, provider=TAGGED),), violated=("thing",)
    ),
    ("PUL-04", "passing"): Case(
        resources=(
            resource(BUCKET, {}, provider=TAGGED),
            resource(BUCKET, {"tags": TAGS}),
            resource(BUCKET, {"tagsAll": TAGS}, provider=None),
            resource(BUCKET, {"tags": {"mlops:environment": UNKNOWN}}),
        )
    ),
    ("PUL-04", "passing: one from each"): Case(
        resources=(resource(BUCKET, {"tags": {"cost-centre": "x"}}, provider=TAGGED),), context=WITH_COST_CENTRE
    ),
    ("PUL-04", "passing: whatever is not known"): Case(
        resources=(resource(BUCKET, {"tags": UNKNOWN}, provider=TAGGED),)
    ),
    ("PUL-04", "not applicable"): Case(resources=(resource("aws:s3/bucketPolicy:BucketPolicy", {}),)),
    ("PUL-04", "unknown"): Case(
        resources=(
            resource(BUCKET, {"tags": UNKNOWN}),
            resource(BUCKET, {}, provider=Provider(name="p", properties={"defaultTags": UNKNOWN})),
        ),
        undecided=("tags", "provider.defaultTags"),
    ),
    ("PUL-05", "violating"): Case(
        resources=(
            resource("aws:cloudformation/stack:Stack", {}, name="stack"),
            resource("aws:cloudformation/stackSet:StackSet", {}, name="stack-set"),
            resource("aws:cloudcontrol/resource:Resource", {}, name="cloud-control"),
            resource("aws:servicecatalog/provisionedProduct:ProvisionedProduct", {}, name="product"),
            resource("command:local:Command", {}, name="command"),
            resource("pulumi-python:dynamic:Resource", {}, name="dynamic"),
            resource("pulumi-nodejs:dynamic:Resource", {}, name="node"),
            resource("aws-native:iam:Role", {}, name="native"),
            resource("aws-native:s3:HookVersion", {}, name="another-service"),
        ),
        violated=(
            "stack",
            "stack-set",
            "cloud-control",
            "product",
            "command",
            "dynamic",
            "node",
            "native",
            "another-service",
        ),
        says="no rule sees",
    ),
    ("PUL-05", "passing"): Case(
        resources=(resource("aws-native:cloudformation:HookVersion", {}), resource(BUCKET, {}))
    ),
    ("PUL-05", "not applicable"): Case(resources=(resource("mlops:network:Network", {}), provider())),
    ("PUL-05", "unknown"): Case(
        resources=(resource("aws:cloudformation/stack:Stack", {"templateBody": UNKNOWN}),), violated=("thing",)
    ),
    ("PUL-08", "violating"): Case(
        resources=(naming(f"arn:aws:iam::{FOREIGN}:role/reader"),), violated=("thing",), says=f"account {FOREIGN}"
    ),
    ("PUL-08", "violating: an account by its number"): Case(
        resources=(naming(FOREIGN),), violated=("thing",), says=f"policy names account {FOREIGN}"
    ),
    ("PUL-08", "violating: a part of an account"): Case(
        resources=(naming("arn:aws:iam::9999*:role/reader"),), violated=("thing",)
    ),
    ("PUL-08", "violating: another region or partition"): Case(
        resources=(
            naming(f"arn:aws:kms:us-west-2:{DEVELOPMENT}:key/1", name="region"),
            naming("arn:aws-cn:s3:::bucket", name="partition"),
        ),
        violated=("region", "partition"),
    ),
    ("PUL-08", "violating: outside documents"): Case(
        resources=(
            resource(
                "aws:cloudwatch/eventTarget:EventTarget", {"arn": f"arn:aws:events:{REGION}:{FOREIGN}:event-bus/x"}
            ),
        ),
        violated=("thing",),
        says="arn names",
    ),
    ("PUL-08", "violating: deep, beside an unknown one"): Case(
        resources=(
            resource(
                "aws:iam/role:Role",
                {"inlinePolicies": [{"policy": UNKNOWN}, {"policy": f"arn:aws:s3:{REGION}:{FOREIGN}:accesspoint/x"}]},
            ),
        ),
        violated=("thing",),
        undecided=("inlinePolicies[0].policy",),
        says="inlinePolicies[1].policy",
    ),
    ("PUL-08", "violating: no image of AWS's"): Case(
        resources=(
            naming(f"arn:aws:ecr:{REGION}:{FOREIGN}:repository/x", name="foreign"),
            naming(f"arn:aws:sqs:{REGION}:141502667606:queue", name="no-image"),
            naming(f"arn:aws:codecommit:{REGION}:141502667606:repository/x", name="no-registry"),
            naming(f"arn:aws:ecr:{REGION}:141502667606:pull-through/x", name="no-repository"),
        ),
        violated=("foreign", "no-image", "no-registry", "no-repository"),
    ),
    ("PUL-08", "passing"): Case(
        resources=(
            naming(DEPLOYER, f"arn:aws:iam::{PRODUCTION}:root", STAGING),
            naming(
                "arn:aws:s3:::bucket/*", "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", "arn:*:iam::*:role/x"
            ),
            naming("arn:aws:s3:::home/${aws:PrincipalAccount}", "arn:aws:iam::${aws:PrincipalAccount}:role/x"),
            naming(f"arn:aws:ecr:{REGION}:141502667606:repository/sagemaker-xgboost"),
            naming(f"arn:aws:events:us-east-1:{DEVELOPMENT}:rule/iam", f"arn:aws:logs:*:{DEVELOPMENT}:*"),
            resource(POLICY, {"policy": "{not JSON", "description": ""}),
        )
    ),
    ("PUL-08", "passing: named by the configuration"): Case(
        resources=(naming(f"arn:aws:iam::{FOREIGN}:role/producer"),),
        context=dataclasses.replace(CONTEXT, producers=(f"arn:aws:iam::{FOREIGN}:role/producer",)),
    ),
    ("PUL-08", "not applicable"): Case(
        resources=(resource("mlops:network:Network", {"role": f"arn:aws:iam::{FOREIGN}:root"}, provider=None),)
    ),
    ("PUL-08", "unknown"): Case(
        resources=(resource(POLICY, {"policy": UNKNOWN}), resource(BUCKET, {"bucket": UNKNOWN})), undecided=("policy",)
    ),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])


def test_a_taggable_type_takes_tags() -> None:
    """Read as text: importing a whole service of the SDK warns of what is deprecated in it."""
    services = {token.removeprefix("aws:").partition("/")[0] for token in TAGGABLE}
    sdk = Path(str(pulumi_aws.__file__)).parent
    sources = [
        path.read_text(encoding="utf-8")
        for service in services
        for path in (sdk / {"lambda": "lambda_"}.get(service, service)).glob("*.py")
    ]
    known = {
        token
        for source in sources
        for token in re.findall(r'^@pulumi\.type_token\("(.+)"\)$', source, re.MULTILINE)
        if "def tags_all(self) -> pulumi.Output" in source
    }
    assert known >= set(TAGGABLE)


def test_registries_are_those_of_the_images() -> None:
    assert {account for accounts, _ in REPOSITORIES.values() for account in accounts.values()} == AWS_REGISTRIES
