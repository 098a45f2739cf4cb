"""Every document of an environment, so that one that would be too large is refused before anything is registered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from components.documents import (
    BUCKET_POLICY,
    ENDPOINT_POLICY,
    EVENT_BUS_POLICY,
    INLINE_POLICY,
    KEY_POLICY,
    LOG_RESOURCE_POLICY,
    MANAGED_POLICY,
    PACKAGES_POLICY,
    REGISTRY_POLICY,
    TOPIC_POLICY,
    TRUST_POLICY,
    Document,
    DocumentTooLargeError,
    SizeLimit,
    boundary,
    buckets,
    document,
    dumps,
    endpoints,
    events,
    guards,
    keys,
    logs,
    packages,
    projects,
    registry,
    render,
    topics,
    trust,
)
from components.documents.roles import ROLES, STUDIO_OPENERS, people
from components.endpoints import SERVICES
from components.environment import Environment
from components.mistakes import ConfigurationError
from components.names import BOUNDARY, GUARDS, Role

Build = Callable[[Environment, Sequence[str], str], Document]
"""A document of an environment, from the endpoint ids of all accounts and a key ARN."""

_MOST_ZONES = 4
_LONGEST_GROUP = "g" * 63  # SageMaker API, CreateModelPackageGroup


def check_sizes(environment: Environment, personas: Mapping[str, Sequence[str]]) -> None:
    """Every document, with ids and ARNs of the length that AWS gives them.

    Args:
        environment: The environment.
        personas: Persona -> ARNs that may take its role.

    Raises:
        ConfigurationError: One of them exceeds its service's limit.
    """
    for name, (limit, build) in DOCUMENTS.items():
        try:
            _render(environment, name, limit, build)
        except DocumentTooLargeError as error:
            raise ConfigurationError(_remedy(environment, name, limit, build, error)) from None
    for persona, principals in personas.items():
        try:
            render(trust.person(environment, principals), TRUST_POLICY, persona)
        except DocumentTooLargeError as error:
            raise ConfigurationError(f"mlops:personas.{persona}.principals: {error}. List fewer") from None


def _render(environment: Environment, name: str, limit: SizeLimit, build: Build) -> None:
    ids = [f"vpce-{number:017x}" for number, _ in enumerate(environment.accounts)]
    key = environment.names.arn("kms", f"key/{'0' * 36}", account=environment.development)
    render(build(environment, ids, key), limit, name.removeprefix(f"{limit.what} of "))


def _remedy(environment: Environment, name: str, limit: SizeLimit, build: Build, error: DocumentTooLargeError) -> str:
    """What to change: the number of accounts, if the document would fit with one target."""
    try:
        _render(replace(environment, targets=environment.targets[:1]), name, limit, build)
    except DocumentTooLargeError:
        return (
            f"mlops: {error}, whatever the number of accounts. Shorten mlops:name, or list fewer instance types, data producers, "
            "break-glass roles or subnets"
        )
    remedy = (
        "Split the environment" if environment.organization else "Set mlops:perimeter.by to organization, or split it"
    )
    return f"mlops:accounts: {len(environment.accounts)} accounts are too many for one environment: {error}. {remedy}"


def _everywhere(build: Callable[[Environment, str], Document]) -> Build:
    """A document of a target account, which is no smaller than the development account's."""
    return lambda environment, _ids, _key: build(environment, environment.accounts[-1])


def _in_development(build: Callable[[Environment, str], Document]) -> Build:
    return lambda environment, _ids, _key: build(environment, environment.development)


def _interface(service: str) -> Build:
    return lambda environment, _ids, _key: endpoints.interface(environment, service, SERVICES[service].actions)


def _network_guard(environment: Environment, _ids: Sequence[str], _key: str) -> Document:
    """With as many subnets as there can be."""
    most = max([_MOST_ZONES, *(len(parts) for parts in environment.existing_networks.values())])
    return guards.network([f"subnet-{number:017x}" for number in range(most)], [f"sg-{0:017x}"])


def _inline(role: Role) -> Build:
    """All inline policies of a role, whose sum IAM limits; in the account where they are longer."""

    def build(environment: Environment, ids: Sequence[str], _key: str) -> Document:
        accounts = (environment.development, environment.accounts[-1])
        own = max(
            (ROLES[role].policy(environment, account) for account in accounts), key=lambda built: len(dumps(built))
        )
        if role not in STUDIO_OPENERS:
            return own
        return document(*own["Statement"], *people.open_studio(environment, ids[:1])["Statement"])

    return build


def _nobody(environment: Environment, _account: str) -> Document:
    """A person's trust with no principals configured."""
    return trust.person(environment, ())


def _all() -> list[tuple[SizeLimit, str, Build]]:
    return [
        (BUCKET_POLICY, "the data bucket", buckets.data),
        (BUCKET_POLICY, "the models bucket", buckets.models),
        (BUCKET_POLICY, "the artifacts bucket", buckets.artifacts),
        (BUCKET_POLICY, "the templates bucket", lambda environment, _ids, _key: buckets.templates(environment)),
        (
            BUCKET_POLICY,
            "a capture bucket",
            lambda environment, ids, key: buckets.capture(environment, environment.accounts[-1], ids, key),
        ),
        (BUCKET_POLICY, "a log bucket", _everywhere(buckets.logs)),
        (
            KEY_POLICY,
            "the data key",
            lambda environment, ids, _key: keys.data_key(environment, environment.development, ids),
        ),
        (
            KEY_POLICY,
            "a target's data key",
            lambda environment, ids, _key: keys.data_key(environment, environment.accounts[-1], ids),
        ),
        (KEY_POLICY, "the storage key", _in_development(keys.storage_key)),
        (KEY_POLICY, "a target's storage key", _everywhere(keys.storage_key)),
        (KEY_POLICY, "a logs key", _in_development(keys.logs_key)),
        (ENDPOINT_POLICY, "the S3 gateway endpoint", lambda environment, _ids, _key: endpoints.s3(environment)),
        *((ENDPOINT_POLICY, f"endpoint {service}", _interface(service)) for service in SERVICES),
        (BUCKET_POLICY, "a project", lambda environment, _ids, _key: projects.bucket(environment)),
        (PACKAGES_POLICY, "the domain", lambda environment, _ids, _key: packages.domain(environment)),
        (TOPIC_POLICY, "the approvals topic", lambda environment, _ids, _key: topics.approvals(environment)),
        (PACKAGES_POLICY, "the repository", lambda environment, _ids, _key: packages.repository(environment)),
        (
            REGISTRY_POLICY,
            "a project",
            lambda environment, _ids, _key: registry.model_package_group(environment, _LONGEST_GROUP),
        ),
        (EVENT_BUS_POLICY, "the event bus", lambda environment, _ids, _key: events.bus(environment)),
        (
            LOG_RESOURCE_POLICY,
            "query logs",
            lambda environment, _ids, _key: logs.query_log_delivery(
                environment, environment.development, environment.names.log_group("dns-queries")
            ),
        ),
        (MANAGED_POLICY, BOUNDARY, lambda environment, _ids, _key: boundary.boundary(environment)),
        (MANAGED_POLICY, GUARDS[0], _network_guard),
        (MANAGED_POLICY, GUARDS[1], lambda environment, _ids, key: guards.keys(environment, key, key)),
        *((INLINE_POLICY, role.value, _inline(role)) for role in ROLES),
        *((TRUST_POLICY, role.value, _in_development(spec.trust or _nobody)) for role, spec in ROLES.items()),
    ]


DOCUMENTS: Mapping[str, tuple[SizeLimit, Build]] = {
    f"{limit.what} of {name}": (limit, build) for limit, name, build in _all()
}
"""What it is and whose -> its limit, and how it is built."""
