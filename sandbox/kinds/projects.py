"""What projects share: CodeArtifact, Service Catalog, SNS topics, Lambda functions, objects of buckets.

Limits: "Quotas in AWS CodeArtifact", "Service Catalog quotas", "Lambda quotas", "Amazon SNS endpoints and quotas", and the services' models.
"""

import base64
import io
import json
import re
import zipfile
from collections.abc import Collection
from contextlib import suppress
from typing import Any, cast

from sandbox.kinds.base import Call, Form, Kind, Made, one_of, replaces, unique
from sandbox.kinds.kms import find_key
from sandbox.kinds.s3 import OBJECT
from sandbox.policies import PACKAGES, check
from sandbox.policies import TOPIC as TOPIC_POLICY
from sandbox.refusal import Refusal
from sandbox.world import Properties, Thing, World

DOMAIN = "aws:codeartifact/domain:Domain"
REPOSITORY = "aws:codeartifact/repository:Repository"
PORTFOLIO = "aws:servicecatalog/portfolio:Portfolio"
PRODUCT = "aws:servicecatalog/product:Product"
ASSOCIATION = "aws:servicecatalog/productPortfolioAssociation:ProductPortfolioAssociation"
PRINCIPAL = "aws:servicecatalog/principalPortfolioAssociation:PrincipalPortfolioAssociation"
CONSTRAINT = "aws:servicecatalog/constraint:Constraint"
FUNCTION = "aws:lambda/function:Function"
TOPIC = "aws:sns/topic:Topic"

_OBJECT_KEY = 1_024
_ZIPPED = 50 * 1024 * 1024
_TEMPLATE = 1_000_000


def _missing(what: str) -> Refusal:
    return Refusal("ResourceNotFoundException", f"{what} does not exist")


# Objects ------------------------------------------------------------------------------------------------------------------------------


def _content(inputs: Properties) -> bytes:
    """What an object holds."""
    encoded = inputs.get("contentBase64")
    return base64.b64decode(encoded) if encoded else str(inputs.get("content", "")).encode()


def _check_object(call: Call) -> None:
    if call.world.bucket(call.inputs["bucket"]) is None:
        raise Refusal("NoSuchBucket", f"The specified bucket does not exist: {call.inputs['bucket']}")
    key = str(call.inputs.get("key", ""))
    if not key or len(key.encode()) > _OBJECT_KEY:
        raise Refusal("KeyTooLongError", f"A key has 1 to {_OBJECT_KEY} bytes: {key[:40]}")
    with suppress(ValueError):
        _content(call.inputs)
        return
    raise Refusal("InvalidRequest", f"{key}: content_base64 is not base64")


def _object(call: Call) -> Made:
    bucket, key = call.inputs["bucket"], call.inputs["key"]
    arn = f"arn:{call.partition}:s3:::{bucket}/{key}"
    return Made(id=f"{bucket}/{key}", outputs={"arn": arn, "versionId": call.world.fresh("versions", 32)})


def _stored(world: World, account: str, region: str, bucket: object, key: object) -> Thing | None:
    return world.find(account, region, OBJECT, f"{bucket}/{key}")


# Packages -----------------------------------------------------------------------------------------------------------------------------


def _check_domain(call: Call) -> None:
    unique(call, "domain", "ConflictException", "domain")
    key = call.inputs.get("encryptionKey")
    if key and find_key(call.world, key) is None:
        raise Refusal("ValidationException", f"KMS key {key} does not exist")


def _domain(call: Call) -> Made:
    arn = call.arn("codeartifact", f"domain/{call.inputs['domain']}")
    return Made(id=arn, outputs={"arn": arn, "owner": call.account, "repositoryCount": 0, "assetSizeBytes": "0"})


def _domain_of(call: Call) -> None:
    if not any(thing.inputs["domain"] == call.inputs["domain"] for thing in call.others(DOMAIN)):
        raise _missing(f"Domain {call.inputs['domain']}")


def _repositories(call: Call) -> set[str]:
    return {
        thing.inputs["repository"]
        for thing in call.others(REPOSITORY)
        if thing.inputs["domain"] == call.inputs["domain"]
    }


def _check_repository(call: Call) -> None:
    _domain_of(call)
    names = _repositories(call)
    if call.inputs["repository"] in names:
        raise Refusal("ConflictException", f"Repository {call.inputs['repository']} already exists")
    upstreams: list[dict[str, str]] = call.inputs.get("upstreams") or []
    for upstream in upstreams:
        if upstream["repositoryName"] not in names:
            raise _missing(f"Repository {upstream['repositoryName']}")
    connection: dict[str, str] = call.inputs.get("externalConnections") or {}
    external = connection.get("externalConnectionName", "public:pypi")
    if not external.startswith("public:"):
        raise _missing(f"External connection {external}")


def _repository(call: Call) -> Made:
    arn = call.arn("codeartifact", f"repository/{call.inputs['domain']}/{call.inputs['repository']}")
    return Made(id=arn, outputs={"arn": arn, "administratorAccount": call.account, "domainOwner": call.account})


def _repositories_left(world: World, thing: Thing) -> str | None:
    for other in world.things(thing.account, thing.region, REPOSITORY):
        if other.inputs["domain"] == thing.inputs["domain"]:
            return f"ConflictException: domain {thing.inputs['domain']} still has the repository {other.inputs['repository']}"
    return None


def _check_domain_policy(call: Call) -> None:
    _domain_of(call)
    check(call.world, call.inputs["policyDocument"], PACKAGES)


def _check_repository_policy(call: Call) -> None:
    _check_domain_policy(call)
    if call.inputs["repository"] not in _repositories(call):
        raise _missing(f"Repository {call.inputs['repository']}")


def _package_policy(call: Call) -> Made:
    parts = [call.inputs["domain"], call.inputs.get("repository")]
    arn = call.arn("codeartifact", f"policy/{'/'.join(part for part in parts if part)}")
    return Made(id=arn, outputs={"resourceArn": arn, "domainOwner": call.account, "policyRevision": "1"})


# Topics -------------------------------------------------------------------------------------------------------------------------------


def _topic(call: Call) -> Made:
    arn = call.arn("sns", call.inputs["name"])
    return Made(id=arn, outputs={"arn": arn, "owner": call.account})


def _check_topic(call: Call) -> None:
    unique(call, "name", "InvalidParameter", "topic")


def _check_topic_policy(call: Call) -> None:
    call.require(TOPIC, call.inputs["arn"], "NotFound", "topic")
    check(call.world, call.inputs["policy"], TOPIC_POLICY)


# Functions ----------------------------------------------------------------------------------------------------------------------------


def _check_function(call: Call) -> None:
    unique(call, "name", "ResourceConflictException", "function")
    call.pass_role(call.inputs["role"], "lambda.amazonaws.com")
    module = str(call.inputs.get("handler", "")).rpartition(".")[0].replace(".", "/")
    if f"{module}.py" not in _code(call):
        raise Refusal("InvalidParameterValueException", f"The archive holds no {module}.py")


def _code(call: Call) -> Collection[str]:
    """Names of the files of a function's code: given with it, or from a bucket."""
    given: Properties | None = call.inputs.get("code")
    if given is not None:
        return cast("Properties", given["assets"]).keys()
    source = _stored(call.world, call.account, call.region, call.inputs.get("s3Bucket"), call.inputs.get("s3Key"))
    if source is None:
        raise Refusal("InvalidParameterValueException", f"Error occurred while GetObject: {call.inputs.get('s3Key')}")
    content = _content(source.inputs)
    if len(content) > _ZIPPED:
        raise Refusal("InvalidParameterValueException", "The archive is too large")
    try:
        return zipfile.ZipFile(io.BytesIO(content)).namelist()
    except zipfile.BadZipFile:
        raise Refusal("InvalidParameterValueException", "Could not unzip uploaded file") from None


def _function(call: Call) -> Made:
    name = call.inputs["name"]
    arn = call.arn("lambda", f"function:{name}")
    return Made(id=name, outputs={"arn": arn, "version": "$LATEST", "invokeArn": arn, "qualifiedArn": f"{arn}:1"})


# Service Catalog ----------------------------------------------------------------------------------------------------------------------


def _portfolio(call: Call) -> Made:
    identity = call.fresh("port-", 13)
    return Made(
        id=identity, outputs={"arn": f"arn:{call.partition}:catalog:{call.region}:{call.account}:portfolio/{identity}"}
    )


def _check_source(call: Call, url: object) -> None:
    """A version's template is read when it is made: it has to be there, and to be a template."""
    found = re.fullmatch(r"https://([a-z0-9.-]+)\.s3\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/(.+)", str(url))
    source = _stored(call.world, call.account, call.region, found[1], found[2]) if found else None
    if source is None:
        raise Refusal("InvalidParametersException", f"Invalid templateBody. The template of {url} cannot be read")
    text = _content(source.inputs).decode(errors="replace")
    if len(text.encode()) > _TEMPLATE or not re.search(r"(?m)^\s*\"?Resources\"?:", text):
        raise Refusal("InvalidParametersException", "Invalid templateBody. A template has Resources, and at most 1 MB")


def _check_product(call: Call) -> None:
    if call.old is None:
        _check_source(call, call.inputs["provisioningArtifactParameters"].get("templateUrl"))


def _product(call: Call) -> Made:
    identity = call.fresh("prod-", 13)
    arn = f"arn:{call.partition}:catalog:{call.region}:{call.account}:product/{identity}"
    return Made(id=identity, outputs={"arn": arn, "status": "CREATED", "hasDefaultPath": False})


def _check_version(call: Call) -> None:
    call.require(PRODUCT, call.inputs["productId"], "ResourceNotFoundException", "product")
    if call.old is None:
        _check_source(call, call.inputs.get("templateUrl"))


def _version(call: Call) -> Made:
    identity = call.old.outputs["provisioningArtifactId"] if call.old else call.world.fresh("pa", 13)
    made = identity if str(identity).startswith("pa-") else f"pa-{identity}"
    return Made(id=f"{made}:{call.inputs['productId']}", outputs={"provisioningArtifactId": made})


def _check_pair(call: Call) -> None:
    call.require(PORTFOLIO, call.inputs["portfolioId"], "ResourceNotFoundException", "portfolio")
    if "productId" in call.inputs:
        call.require(PRODUCT, call.inputs["productId"], "ResourceNotFoundException", "product")
    if call.inputs.get("principalType") == "IAM" and re.search(r"[*?]", call.inputs["principalArn"]):
        raise Refusal("InvalidParametersException", "A principal of type IAM is a full ARN; a pattern is IAM_PATTERN")


def _pair(call: Call) -> Made:
    return Made(id=f"{call.inputs['portfolioId']}:{call.inputs.get('productId') or call.inputs.get('principalArn')}")


def _check_constraint(call: Call) -> None:
    _check_pair(call)
    pair = {key: call.inputs[key] for key in ("portfolioId", "productId")}
    if not any(pair.items() <= thing.inputs.items() for thing in call.others(ASSOCIATION)):
        raise _missing(f"The association of {pair['productId']} with {pair['portfolioId']}")
    pair["type"] = call.inputs["type"]
    if any(pair.items() <= thing.inputs.items() for thing in call.others()):
        raise Refusal("DuplicateResourceException", f"There is a {pair['type']} constraint of {pair['productId']}")
    if pair["type"] == "LAUNCH":
        parameters: Any = json.loads(call.inputs["parameters"])
        call.pass_role(parameters.get("RoleArn"), "servicecatalog.amazonaws.com")


def _constraint(call: Call) -> Made:
    return Made(id=call.fresh("cons-", 13), outputs={"owner": call.account, "status": "AVAILABLE"})


def _products_left(world: World, thing: Thing) -> str | None:
    """A product of a portfolio stays, and a portfolio with products, constraints or principals (DeleteProduct, DeletePortfolio)."""
    key, users = (
        ("portfolioId", (ASSOCIATION, PRINCIPAL, CONSTRAINT))
        if thing.token == PORTFOLIO
        else ("productId", (ASSOCIATION,))
    )
    for token in users:
        if any(other.inputs[key] == thing.id for other in world.things(thing.account, thing.region, token)):
            return f"ResourceInUseException: {thing.id} is still associated ({token.rpartition(':')[2]})"
    return None


_BUCKETS_NAME = Form(pattern=r"[a-z0-9.-]{3,63}", code="InvalidBucketName")

KINDS = (
    Kind(
        token=OBJECT,
        make=_object,
        check=_check_object,
        replaces=replaces("bucket", "key"),
        named="key",
        most_tags=10,  # S3 user guide, "Categorizing your objects using tags"
        forms={"bucket": _BUCKETS_NAME},
    ),
    Kind(
        token=DOMAIN,
        make=_domain,
        check=_check_domain,
        replaces=replaces("domain", "encryptionKey"),
        in_use=_repositories_left,
        forms={"domain": Form(pattern=r"[a-z][a-z0-9\-]{0,48}[a-z0-9]")},
    ),
    Kind(
        token="aws:codeartifact/domainPermissions:DomainPermissions",  # noqa: S106 - a type token
        make=_package_policy,
        check=_check_domain_policy,
        replaces=replaces("domain"),
        tagged=False,
    ),
    Kind(
        token=REPOSITORY,
        make=_repository,
        check=_check_repository,
        replaces=replaces("domain", "repository"),
        forms={"repository": Form(pattern=r"[A-Za-z0-9][A-Za-z0-9._\-]{1,99}"), "description": Form(most=1_000)},
    ),
    Kind(
        token="aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy",  # noqa: S106
        make=_package_policy,
        check=_check_repository_policy,
        replaces=replaces("domain", "repository"),
        tagged=False,
    ),
    Kind(
        token=TOPIC,
        make=_topic,
        check=_check_topic,
        replaces=replaces("name"),
        named="name",
        forms={"name": Form(pattern=r"[A-Za-z0-9_-]{1,256}")},
    ),
    Kind(
        token="aws:sns/topicPolicy:TopicPolicy",  # noqa: S106
        make=lambda call: Made(id=call.inputs["arn"], outputs={"owner": call.account}),
        check=_check_topic_policy,
        replaces=replaces("arn"),
        tagged=False,
    ),
    Kind(
        token=FUNCTION,
        make=_function,
        check=_check_function,
        replaces=replaces("name", "packageType"),
        named="name",
        forms={
            "name": Form(pattern=r"[a-zA-Z0-9-_]{1,64}"),
            "timeout": Form(least=1, most=900),
            "runtime": one_of("python3.12", "python3.13", "python3.14"),
        },
    ),
    Kind(
        token=PORTFOLIO,
        make=_portfolio,
        named="name",
        most_tags=20,
        in_use=_products_left,
        forms={
            "name": Form(least=1, most=100),
            "providerName": Form(least=1, most=50),
            "description": Form(most=2_000),
        },
    ),
    Kind(
        token=PRODUCT,
        make=_product,
        check=_check_product,
        # Another first version is another product.
        replaces=replaces("provisioningArtifactParameters", "type"),
        named="name",
        most_tags=20,
        in_use=_products_left,
        forms={"type": one_of("CLOUD_FORMATION_TEMPLATE", "EXTERNAL"), "name": Form(least=1, most=8_191)},
    ),
    Kind(
        token="aws:servicecatalog/provisioningArtifact:ProvisioningArtifact",  # noqa: S106
        make=_version,
        check=_check_version,
        replaces=replaces("productId", "templateUrl", "templatePhysicalId", "type", "disableTemplateValidation"),
        named="name",
        tagged=False,
    ),
    Kind(
        token=ASSOCIATION,
        make=_pair,
        check=_check_pair,
        replaces=replaces("portfolioId", "productId"),
        tagged=False,
    ),
    Kind(
        token=PRINCIPAL,
        make=_pair,
        check=_check_pair,
        replaces=replaces("portfolioId", "principalArn", "principalType"),
        tagged=False,
        forms={"principalType": one_of("IAM", "IAM_PATTERN")},
    ),
    Kind(
        token=CONSTRAINT,
        make=_constraint,
        check=_check_constraint,
        replaces=replaces("portfolioId", "productId", "type"),
        tagged=False,
        forms={"type": one_of("LAUNCH", "NOTIFICATION", "RESOURCE_UPDATE", "STACKSET", "TEMPLATE")},
    ),
)
