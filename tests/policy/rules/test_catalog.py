"""Cases of the rules for Service Catalog."""

import json
from dataclasses import replace

import pytest

from policy.model import UNKNOWN, Resource
from policy.rules.catalog import ASSOCIATION, CONSTRAINT, PRODUCT, SHARE, VERSION
from policy.rules.iam import ROLE
from tests.policy.cases import CONTEXT, DEVELOPMENT, FOREIGN, REGION, STAGING, Case, resource, verify

LAUNCH = json.dumps({"RoleArn": f"arn:aws:iam::{DEVELOPMENT}:role/{CONTEXT.prefix}-ProductsLaunchRole"})
BUCKET = f"{CONTEXT.prefix}-{DEVELOPMENT}-artifacts"
OURS = f"https://s3.{REGION}.amazonaws.com/{BUCKET}/x.yaml"
BOTH = {"portfolioId": ("portfolio",), "productId": ("product",)}
UNMADE = {"portfolioId": UNKNOWN, "productId": UNKNOWN}


def associated(**inputs: object) -> Resource:
    """A product in a portfolio."""
    return resource(ASSOCIATION, {"portfolioId": "port-1", "productId": "prod-1", **inputs})


def launched(name: str = "constraint", /, **inputs: object) -> Resource:
    """Its launch constraint."""
    given = {"portfolioId": "port-1", "productId": "prod-1", "type": "LAUNCH", "parameters": LAUNCH, **inputs}
    return resource(CONSTRAINT, given, name=name)


def product(url: object, /, **references: tuple[str, ...]) -> Resource:
    """A product whose first version has a template."""
    return resource(PRODUCT, {"provisioningArtifactParameters": {"templateUrl": url}}, references=references)


def shared(**inputs: object) -> Resource:
    """A share of a portfolio."""
    return resource(SHARE, {"portfolioId": "port-1", **inputs})


_UNMADE = (
    resource("aws:servicecatalog/portfolio:Portfolio", {}, name="portfolio"),
    resource(PRODUCT, {"provisioningArtifactParameters": {"templateUrl": OURS}}, name="product"),
    resource(ROLE, {}, name="role"),
    resource(ASSOCIATION, UNMADE, references=BOTH),
)

CASES = {
    ("SC-01", "violating"): Case(resources=(associated(),), violated=("thing",), says="no launch constraint"),
    ("SC-01", "violating: another product's"): Case(
        resources=(associated(), launched(productId="prod-2")), violated=("thing",), says="no launch constraint"
    ),
    ("SC-01", "violating: another kind"): Case(
        resources=(associated(), launched(type="TEMPLATE")), violated=("thing",), says="no launch constraint"
    ),
    ("SC-01", "violating: no role"): Case(
        resources=(associated(), launched(parameters="{}")), violated=("constraint",), says="no role"
    ),
    ("SC-01", "violating: no JSON"): Case(
        resources=(associated(), launched(parameters="role")), violated=("constraint",), says="no role"
    ),
    ("SC-01", "passing"): Case(resources=(associated(), launched())),
    ("SC-01", "passing: a local role"): Case(
        resources=(associated(), launched(parameters=json.dumps({"LocalRoleName": "Launch"})))
    ),
    ("SC-01", "passing: still to be made"): Case(
        resources=(
            *_UNMADE,
            resource(
                CONSTRAINT,
                {**UNMADE, "type": "LAUNCH", "parameters": UNKNOWN},
                name="constraint",
                references={**BOTH, "parameters": ("role",)},
            ),
        )
    ),
    ("SC-01", "not applicable"): Case(resources=(launched(),)),
    ("SC-01", "unknown"): Case(resources=(associated(productId=UNKNOWN),), undecided=("productId",)),
    ("SC-01", "unknown: kind"): Case(resources=(associated(), launched(type=UNKNOWN)), undecided=("type",)),
    ("SC-01", "unknown: role"): Case(resources=(associated(), launched(parameters=UNKNOWN)), undecided=("parameters",)),
    ("SC-02", "violating"): Case(
        resources=(shared(type="ACCOUNT", principalId=FOREIGN),), violated=("thing",), says=FOREIGN
    ),
    ("SC-02", "passing"): Case(
        resources=(shared(type="ACCOUNT", principalId=STAGING), shared(type="ORGANIZATION", principalId="o-1"))
    ),
    ("SC-02", "not applicable"): Case(resources=(resource(ASSOCIATION, {"principalId": FOREIGN}),)),
    ("SC-02", "unknown"): Case(resources=(shared(type="ACCOUNT", principalId=UNKNOWN),), undecided=("principalId",)),
    ("SC-04", "violating"): Case(
        resources=(product(f"https://elsewhere.s3.{REGION}.amazonaws.com/x.yaml"),),
        violated=("thing",),
        says="elsewhere",
    ),
    ("SC-04", "violating: a name that only begins like ours"): Case(
        resources=(product(f"https://{BUCKET}.example.com/x.yaml"),), violated=("thing",), says="no bucket"
    ),
    ("SC-04", "violating: a host that only ends like S3"): Case(
        resources=(
            product(f"https://s3.exampleamazonaws.com/{BUCKET}/x.yaml"),
            resource(
                VERSION, {"templateUrl": f"https://{BUCKET}.s3-x.execute-api.{REGION}.amazonaws.com/x"}, name="api"
            ),
        ),
        violated=("thing", "api"),
    ),
    ("SC-04", "passing: other forms"): Case(
        resources=tuple(
            resource(VERSION, {"templateUrl": f"https://{host}/x"}, name=host)
            for host in (
                f"s3.amazonaws.com/{BUCKET}",
                f"s3-us-gov-west-1.amazonaws.com/{BUCKET}",
                f"{BUCKET}.s3.dualstack.{REGION}.amazonaws.com",
                f"{BUCKET}.s3.cn-north-1.amazonaws.com.cn",
                f"{BUCKET}.s3.eusc-de-east-1.amazonaws.eu",
            )
        )
    ),
    ("SC-04", "violating: no address"): Case(resources=(product(None),), violated=("thing",), says="no bucket"),
    ("SC-04", "violating: a version"): Case(
        resources=(resource(VERSION, {"templateUrl": "https://s3.amazonaws.com/elsewhere/x"}),),
        violated=("thing",),
        says="elsewhere",
    ),
    ("SC-04", "passing"): Case(
        resources=(
            product(OURS),
            resource(VERSION, {"templateUrl": f"https://{BUCKET}.s3.{REGION}.amazonaws.com/x"}, name="version"),
        )
    ),
    ("SC-04", "passing: an existing bucket"): Case(
        resources=(product(f"https://our-templates.s3.{REGION}.amazonaws.com/x.yaml"),),
        context=replace(CONTEXT, buckets=frozenset({"our-templates"})),
    ),
    ("SC-04", "passing: still to be made"): Case(
        resources=(
            resource("aws:s3/bucketObjectv2:BucketObjectv2", {}, name="object"),
            product(UNKNOWN, provisioningArtifactParameters=("object",)),
        )
    ),
    ("SC-04", "not applicable"): Case(resources=(shared(templateUrl="https://elsewhere"),)),
    ("SC-04", "unknown"): Case(
        resources=(product(UNKNOWN),), undecided=("provisioningArtifactParameters.templateUrl",)
    ),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])
