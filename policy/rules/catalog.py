"""Rules for Service Catalog: who launches a product, who is offered it, and where its template comes from."""

import json
import re
from collections.abc import Iterator
from typing import cast

from policy import nist
from policy.context import Context
from policy.model import UNKNOWN, Resource, Stack, UndecidedError, items, mapping
from policy.rule import Finding, Outcome, ResourceRule, Rule, Severity, StackRule, Undecided
from policy.rules.iam import ROLE

PRODUCT = "aws:servicecatalog/product:Product"
VERSION = "aws:servicecatalog/provisioningArtifact:ProvisioningArtifact"
STACK = "aws:cloudformation/stack:Stack"
ASSOCIATION = "aws:servicecatalog/productPortfolioAssociation:ProductPortfolioAssociation"
CONSTRAINT = "aws:servicecatalog/constraint:Constraint"
SHARE = "aws:servicecatalog/portfolioShare:PortfolioShare"

_OBJECTS = ("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject", "aws:s3/bucket:Bucket")
_IN_ORGANIZATION = ("ORGANIZATION", "ORGANIZATIONAL_UNIT", "ORGANIZATION_MEMBER_ACCOUNT")
_ENDS = ("portfolioId", "productId")


# Launch constraints -------------------------------------------------------------------------------------------------------------------


def _launches(stack: Stack, _: Context) -> Iterator[Outcome]:
    """Without a constraint a product is launched with the rights of whoever asks, who would then need all of them."""
    constraints = [(each, _ends(stack, each)) for each in stack.of(CONSTRAINT)]
    for association in stack.of(ASSOCIATION):
        ends = _ends(stack, association)
        launching = [
            each
            for each, others in constraints
            if others == ends and each.properties.get("type") in ("LAUNCH", UNKNOWN)
        ]
        if None in ends or any(each.properties.get("type") is UNKNOWN for each in launching):
            yield Undecided(path="productId" if None in ends else "type", resource=association)
        elif not launching:
            yield Finding(message="no launch constraint says in which role it is launched", resource=association)
        for constraint in launching:
            yield from _launch_role(stack, constraint)


def _ends(stack: Stack, resource: Resource) -> tuple[object, ...]:
    """What a pair joins: resources of the stack, or ids; None for what is neither known nor of the stack."""
    ends: list[object] = []
    for path in _ENDS:
        referred = stack.referred(resource, path)
        value = resource.properties.get(path)
        ends.append(referred[0].urn if referred else None if value is UNKNOWN else value)
    return tuple(ends)


def _launch_role(stack: Stack, constraint: Resource) -> Iterator[Outcome]:
    parameters = constraint.properties.get("parameters")
    if parameters is UNKNOWN:
        if not stack.referred(constraint, "parameters", ROLE):
            yield Undecided(path="parameters", resource=constraint)
        return
    try:
        given = mapping(cast("object", json.loads(str(parameters))))
    except ValueError:
        given = mapping(None)
    if not (given.get("RoleArn") or given.get("LocalRoleName")):
        yield Finding(message="names no role to launch in", resource=constraint)


# Shares -------------------------------------------------------------------------------------------------------------------------------


def _shared(share: Resource, context: Context) -> Iterator[Finding]:
    if share.get("type") in _IN_ORGANIZATION:
        return
    if share.get("principalId") not in context.accounts:
        yield Finding(message=f"is offered to account {share.get('principalId')}", resource=share)


# Templates ----------------------------------------------------------------------------------------------------------------------------


def _templates(stack: Stack, context: Context) -> Iterator[Outcome]:
    stacks = [each for each in stack.of(STACK) if not each.is_set("templateBody")]
    for resource in (*stack.of(PRODUCT, VERSION), *stacks):
        try:
            yield from _template(stack, resource, context)
        except UndecidedError as unknown:
            yield Undecided(path=unknown.path, resource=resource)


def _template(stack: Stack, resource: Resource, context: Context) -> Iterator[Outcome]:
    holder = "" if resource.is_of(VERSION, STACK) else "provisioningArtifactParameters"
    path = f"{holder}.templateUrl".lstrip(".")
    try:
        url = resource.get(path)
    except UndecidedError:
        # An object that this program writes: it is of no other bucket than the rules for buckets look at.
        if stack.referred(resource, path, *_OBJECTS):
            return
        raise
    if not url:
        yield Finding(message="its template is in no bucket of the environment", resource=resource)
    for address in items(url):
        if not _is_own(str(address), context):
            yield Finding(message=f"its template is in no bucket of the environment: {address}", resource=resource)


def _is_own(url: str, context: Context) -> bool:
    """Whether an address of S3, in either form, is of a bucket of the environment."""
    host = r"s3([.-](dualstack\.)?[a-z]+(-[a-z]+)+-\d)?\.amazonaws\.(com|com\.cn|eu)"
    found = re.match(rf"https://((?P<first>[a-z0-9.-]+)\.{host}/|{host}/(?P<second>[a-z0-9.-]+)/)", url)
    return found is not None and context.owns_bucket(found["first"] or found["second"])


RULES: tuple[Rule, ...] = (
    StackRule(
        id="SC-01",
        name="launch-constraint",
        title="A product of a portfolio is launched in a role that its launch constraint names.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Add a Constraint of type LAUNCH with a RoleArn for the product and the portfolio.",
        check=_launches,
    ),
    ResourceRule(
        id="SC-02",
        name="share-inside",
        title="A portfolio is offered within the organisation, or to accounts of the environment.",
        severity=Severity.HIGH,
        frameworks={"Security Hub": ("ServiceCatalog.1",), "NIST 800-53r5": nist.ACCESS},
        remediation="Share it with the organisation, a unit of it, or an account of the environment.",
        types=(SHARE,),
        check=_shared,
    ),
    StackRule(
        id="SC-04",
        name="template-source",
        title="A product's template, and one within another, comes from a bucket of the environment.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Give template_url an object of the environment's artifacts bucket.",
        check=_templates,
    ),
)
