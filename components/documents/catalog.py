"""All documents that grow with the number of accounts, so that an environment too large is refused before anything is registered."""

from collections.abc import Callable, Mapping, Sequence

from components.documents import (
    BUCKET_POLICY,
    ENDPOINT_POLICY,
    EVENT_BUS_POLICY,
    KEY_POLICY,
    LOG_RESOURCE_POLICY,
    Document,
    DocumentTooLargeError,
    SizeLimit,
    buckets,
    endpoints,
    events,
    keys,
    logs,
    render,
)
from components.endpoints import SERVICES
from components.environment import Environment
from components.mistakes import ConfigurationError

Build = Callable[[Environment, Sequence[str], str], Document]
"""A document of an environment, from the endpoint ids of all accounts and a key ARN."""


def _interface(service: str) -> Build:
    return lambda environment, _ids, _key: endpoints.interface(environment, service, SERVICES[service].actions)


DOCUMENTS: Mapping[str, tuple[SizeLimit, Build]] = {
    "the data bucket": (BUCKET_POLICY, buckets.data),
    "the models bucket": (BUCKET_POLICY, buckets.models),
    "the artifacts bucket": (BUCKET_POLICY, buckets.artifacts),
    "the templates bucket": (BUCKET_POLICY, lambda environment, _ids, _key: buckets.templates(environment)),
    "a capture bucket": (
        BUCKET_POLICY,
        lambda environment, ids, key: buckets.capture(environment, environment.accounts[-1], ids, key),
    ),
    "a log bucket": (
        BUCKET_POLICY,
        lambda environment, _ids, _key: buckets.logs(environment, environment.accounts[-1]),
    ),
    "the data key": (
        KEY_POLICY,
        lambda environment, ids, _key: keys.data_key(environment, environment.development, ids),
    ),
    "a target's data key": (
        KEY_POLICY,
        lambda environment, ids, _key: keys.data_key(environment, environment.accounts[-1], ids),
    ),
    "the storage key": (
        KEY_POLICY,
        lambda environment, _ids, _key: keys.storage_key(environment, environment.development),
    ),
    "a logs key": (KEY_POLICY, lambda environment, _ids, _key: keys.logs_key(environment, environment.accounts[-1])),
    "the S3 gateway endpoint": (ENDPOINT_POLICY, lambda environment, _ids, _key: endpoints.s3(environment)),
    "the event bus": (EVENT_BUS_POLICY, lambda environment, _ids, _key: events.bus(environment)),
    "query logs": (
        LOG_RESOURCE_POLICY,
        lambda environment, _ids, _key: logs.query_log_delivery(
            environment, environment.development, environment.names.log_group("dns-queries")
        ),
    ),
    **{f"endpoint {service}": (ENDPOINT_POLICY, _interface(service)) for service in SERVICES},
}


def check_sizes(environment: Environment) -> None:
    """Every document with endpoint ids and key ARNs of the length that AWS gives them.

    Raises:
        ConfigurationError: One of them exceeds its service's limit.
    """
    ids = [f"vpce-{number:017x}" for number, _ in enumerate(environment.accounts)]
    key = environment.names.arn("kms", f"key/{'0' * 36}", account=environment.development)
    for name, (limit, build) in DOCUMENTS.items():
        try:
            render(build(environment, ids, key), limit, name)
        except DocumentTooLargeError as error:
            raise ConfigurationError(
                f"mlops:accounts: {len(environment.accounts)} accounts are too many: {error}"
            ) from None
