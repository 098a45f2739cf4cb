"""What every policy document needs to know of an environment: plain values, known before anything is registered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from components.config import Settings
from components.names import Names


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment, from its settings.

    Attributes:
        names: Names and ARNs.
        development: Id of the development account.
        targets: Ids of the accounts that serve staging or production; the development account may be among them.
        organization: The organisation's id when the perimeter is by organisation, else None (by endpoints).
        data_producers: ARNs of roles that write to the data bucket.
        ground_truth_producers: ARNs of roles that write `ground-truth/` in capture buckets.
        break_glass: ARNs of roles that an emergency may use.
        studio_instance_types: Allowed instance types of Studio applications.
        job_instance_types: The same of jobs.
        endpoint_instance_types: The same of endpoints.
        local_storage_types: Types among them that cannot have a volume key.
        existing_keys: Account -> what for -> ARN of keys that this program does not make.
        existing_networks: Account -> subnets and security groups of a network that this program does not make (`subnet/subnet-...`).
        experiment_tracking: Whether there is a SageMaker MLflow App.
        s3_front: Whether the build template is offered in S3 too, which needs a launch role of its own.
        also_open: Paths that AWS does not document, opened beside the assumed ones.
        studio_access: `vpc`, or the address blocks from which Studio may be opened.
    """

    names: Names
    development: str
    targets: tuple[str, ...]
    organization: str | None
    data_producers: tuple[str, ...]
    ground_truth_producers: tuple[str, ...]
    break_glass: tuple[str, ...]
    studio_instance_types: tuple[str, ...]
    job_instance_types: tuple[str, ...]
    endpoint_instance_types: tuple[str, ...]
    local_storage_types: tuple[str, ...]
    existing_keys: Mapping[str, Mapping[str, str]]
    existing_networks: Mapping[str, tuple[str, ...]]
    experiment_tracking: bool
    s3_front: bool
    also_open: tuple[str, ...]
    studio_access: str | tuple[str, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account once, development first."""
        return tuple(dict.fromkeys((self.development, *self.targets)))

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The environment that settings describe."""
        return cls(
            names=settings.names,
            development=settings.accounts.development,
            targets=settings.target_accounts,
            organization=settings.organization.id if settings.perimeter.by == "organization" else None,
            data_producers=settings.data_producers,
            ground_truth_producers=settings.ground_truth_producers,
            break_glass=settings.break_glass_roles,
            studio_instance_types=settings.instance_types.studio,
            job_instance_types=settings.instance_types.jobs,
            endpoint_instance_types=settings.instance_types.endpoints,
            local_storage_types=settings.instance_types.local_storage,
            existing_keys={account: dict(keys.items()) for account, keys in settings.keys.existing.items()},
            existing_networks={
                account: (
                    *(f"subnet/{subnet}" for subnet in network.subnets),
                    f"security-group/{network.workload_security_group}",
                )
                for account, network in settings.network.existing.items()
            },
            experiment_tracking=settings.studio.experiment_tracking,
            s3_front="s3" in settings.projects.fronts,
            also_open=settings.perimeter.also_open,
            studio_access=settings.studio.access,
        )
