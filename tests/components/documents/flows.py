"""What becomes of a request: the program's documents, all that have a say, given to the evaluator."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.documents import Document, allow, boundary, buckets, document, endpoints, guards, keys, registry
from components.documents.roles import ROLES
from components.endpoints import SERVICES
from components.names import Bucket, Role
from perimeter.documents import Document as Parsed
from perimeter.documents import parse
from perimeter.evaluate import Decision, Policies, Request, evaluate
from perimeter.patterns import Value
from perimeter.principals import Principal
from tests.components.stacks import DEVELOPMENT, KEY_ARN, endpoint_ids, environment

ENVIRONMENT = environment(projects={"fronts": ["serviceCatalog", "s3"]})
NAMES = ENVIRONMENT.names
ENDPOINTS = endpoint_ids(3)
PROJECT_BUCKET = "sm-mlops-cp-churn-p-1"
GROUP = "churn-p-1"

SERVICE_BUCKET = "arn:aws:s3:::cf-templates-of-service-catalog"
"""A bucket of AWS's, which gives what it keeps to whoever may read it."""

_BUCKETS: Mapping[str, Document] = {
    NAMES.bucket_arn(Bucket.DATA, DEVELOPMENT): buckets.data(ENVIRONMENT, ENDPOINTS, KEY_ARN),
    NAMES.bucket_arn(Bucket.MODELS, DEVELOPMENT): buckets.models(ENVIRONMENT, ENDPOINTS, KEY_ARN),
    NAMES.bucket_arn(Bucket.ARTIFACTS, DEVELOPMENT): buckets.artifacts(ENVIRONMENT, ENDPOINTS, KEY_ARN),
    NAMES.bucket_arn(Bucket.TEMPLATES, DEVELOPMENT): buckets.templates(ENVIRONMENT),
    f"arn:aws:s3:::{PROJECT_BUCKET}": buckets.project(ENVIRONMENT, PROJECT_BUCKET, ENDPOINTS[:1], KEY_ARN),
    SERVICE_BUCKET: document(allow("AllowReaders", "s3:GetObject", f"{SERVICE_BUCKET}/*", principal="*")),
}


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One request of a role of development.

    Attributes:
        role: Who asks.
        action: What for.
        resource: ARN of the resource.
        account: The account that owns it.
        context: Condition keys that the request carries.
        service: Short name of our endpoint through which it comes; None: from elsewhere.
    """

    role: Role
    action: str
    resource: str = "*"
    account: str = DEVELOPMENT
    context: Mapping[str, Value | None] = field(default_factory=dict[str, "Value | None"])
    service: str | None = None


def decide(flow: Flow, *, without: str | None = None) -> Decision:
    """What AWS decides; `without` a statement of the role's own policy, to see that it was the one."""
    policy = ROLES[flow.role].policy(ENVIRONMENT, DEVELOPMENT)
    kept = [statement for statement in policy["Statement"] if statement["Sid"] != without]
    request = Request(
        principal=Principal.role(NAMES.role_arn(flow.role, DEVELOPMENT)),
        action=flow.action,
        resource=flow.resource,
        account=flow.account,
        context={
            "aws:RequestedRegion": NAMES.region,
            "aws:ViaAWSService": "false",
            "aws:PrincipalIsAWSService": "false",
            **({"aws:SourceVpce": ENDPOINTS[0]} if flow.service else {}),
            **flow.context,
        },
    )
    policies = Policies(
        identity=[parse(built) for built in (policy | {"Statement": kept}, *_guards(flow.role))],
        boundary=parse(boundary.boundary(ENVIRONMENT), "boundary"),
        resource=_resource(flow),
        endpoint=_endpoint(flow.service),
    )
    return evaluate(request, policies)


def _guards(role: Role) -> list[Document]:
    if not ROLES[role].guarded:
        return []
    return [guards.network(["subnet-1"], ["sg-1"]), guards.keys(ENVIRONMENT, KEY_ARN, KEY_ARN)]


def _resource(flow: Flow) -> Parsed | None:
    service = flow.action.partition(":")[0]
    found: Document | None = None
    if service == "s3":
        found = _BUCKETS.get(flow.resource.partition("/")[0])
    elif service == "kms":
        found = keys.data_key(ENVIRONMENT, flow.account, ENDPOINTS)
    elif service == "sts":
        taken = next((role for role in Role if NAMES.role_arn(role, flow.account) == flow.resource), None)
        trust = ROLES[taken].trust if taken and taken in ROLES else None
        found = trust(ENVIRONMENT, flow.account) if trust else None
    elif ":model-package" in flow.resource:
        found = registry.model_package_group(ENVIRONMENT, GROUP)
    return parse(found, "resource") if found else None


def _endpoint(service: str | None) -> Parsed | None:
    if service is None:
        return None
    if service == "s3":
        return parse(endpoints.s3(ENVIRONMENT), "endpoint")
    return parse(endpoints.interface(ENVIRONMENT, service, SERVICES[service].actions), "endpoint")
