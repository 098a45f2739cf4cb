"""What only the development account gets: its buckets, Studio, and the rule that protects the projects' main branches."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import codecommit

from components.account import Foundation, Serving
from components.config import Settings
from components.documents import BUCKET_POLICY, buckets, render, templates
from components.documents.repository import approval_rule
from components.environment import Environment
from components.names import Bucket, Role
from components.studio import Studio, StudioArgs


@dataclass(frozen=True, kw_only=True)
class DevelopmentArgs:
    """What the development account needs.

    Attributes:
        settings: The configuration.
        environment: The environment.
        foundation: The account's foundation.
        serving: Its serving part.
        s3_endpoints: Ids of the S3 gateway endpoints of all accounts.
    """

    settings: Settings
    environment: Environment
    foundation: Foundation
    serving: Serving
    s3_endpoints: pulumi.Output[Sequence[str]]


class Development(pulumi.ComponentResource):
    """The development account's data, models, artifacts and templates buckets, Studio, and the approval rule template.

    Attributes:
        bucket_names: What for -> bucket name.
        studio: Studio.
    """

    bucket_names: dict[Bucket, pulumi.Output[str]]
    studio: Studio

    def __init__(self, name: str, args: DevelopmentArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:account:Development", name, None, opts)
        self._name = name
        self._args = args
        self._buckets()
        self._studio()
        codecommit.ApprovalRuleTemplate(
            f"{name}-main",
            name=args.environment.names.approval_rule_template,
            description="A pull request to main needs the approval of an ML engineer",
            content=json.dumps(approval_rule(args.environment)),
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({"domainId": self.studio.domain_id})

    def _buckets(self) -> None:
        args, environment = self._args, self._args.environment
        documents = {Bucket.DATA: buckets.data, Bucket.MODELS: buckets.models, Bucket.ARTIFACTS: buckets.artifacts}
        self.bucket_names = {}
        for bucket, build in documents.items():
            policy = pulumi.Output.all(args.serving.data_key.arn, args.s3_endpoints).apply(
                lambda ids, build=build, bucket=bucket: render(
                    build(environment, ids[1], ids[0]), BUCKET_POLICY, f"the {bucket.value} bucket"
                )
            )
            self.bucket_names[bucket] = args.serving.bucket(self._name, bucket, policy, parent=self)
        self.bucket_names[Bucket.TEMPLATES] = args.serving.bucket(
            self._name,
            Bucket.TEMPLATES,
            render(buckets.templates(environment), BUCKET_POLICY, "the templates bucket"),
            encrypted=False,
            parent=self,
        )

    def _studio(self) -> None:
        args, settings = self._args, self._args.settings
        network, roles = args.foundation.network, args.serving.identity.role_arns
        self.studio = Studio(
            f"{self._name}-studio",
            StudioArgs(
                names=args.environment.names,
                vpc_id=network.vpc_id,
                subnet_ids=network.subnet_ids,
                endpoint_security_group_id=network.endpoint_security_group_id,
                s3_prefix_list_id=network.s3_prefix_list_id,
                key_arn=args.serving.storage_key.arn,
                default_role_arn=roles[Role.DATA_SCIENTIST_STUDIO],
                role_arns={
                    "DataScientist": roles[Role.DATA_SCIENTIST_STUDIO],
                    "MLEngineer": roles[Role.ML_ENGINEER_STUDIO],
                },
                auth=settings.studio.auth,
                profiles=settings.studio.profiles,
                idle_minutes=settings.studio.idle_minutes,
                instance_type=settings.instance_types.studio[0],
                templates_location=pulumi.Output.concat(
                    "s3://", self.bucket_names[Bucket.TEMPLATES], "/", templates.FRONT
                )
                if args.environment.s3_front
                else None,
                keep_home=settings.studio.keep_home,
                tracking_bucket=self.bucket_names[Bucket.DATA],
                tracking_role_arn=roles.get(Role.TRACKING),
                protect=settings.protection,
            ),
            opts=ResourceOptions(parent=self),
        )
