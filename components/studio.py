"""SageMaker Studio in the development account: a domain that only the private network reaches, a profile and a security group a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import ec2, sagemaker, vpc

from components.config import Profile
from components.names import Names
from components.network import allow_endpoints

_NFS = 2049


@dataclass(frozen=True, kw_only=True)
class StudioArgs:
    """What Studio needs.

    Attributes:
        names: The environment's names.
        vpc_id: The VPC.
        subnet_ids: Private subnets, two zones at least.
        endpoint_security_group_id: Group of the interface endpoints.
        s3_prefix_list_id: Prefix list of S3.
        key_arn: The storage key: home file system and volumes.
        default_role_arn: Execution role of the domain: the DataScientist's Studio role.
        role_arns: Persona -> Studio role.
        auth: `iam` or `sso`.
        profiles: User profiles; none given makes `P-user-profile` for a DataScientist.
        idle_minutes: Minutes until an idle application is shut down.
        instance_type: Instance type of new applications.
        templates_location: Where Studio looks for project templates in S3; None: nowhere.
        keep_home: Whether the home file system stays when the domain is deleted.
        tracking_bucket: Bucket for experiment tracking's artifacts.
        tracking_role_arn: Experiment tracking's role; None switches it off.
        protect: Whether the domain is protected from deletion and replacement.
    """

    names: Names
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    endpoint_security_group_id: pulumi.Input[str]
    s3_prefix_list_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    default_role_arn: pulumi.Input[str]
    role_arns: Mapping[str, pulumi.Input[str]]
    auth: str
    profiles: Mapping[str, Profile]
    idle_minutes: int
    instance_type: str
    templates_location: pulumi.Input[str] | None
    keep_home: bool
    tracking_bucket: pulumi.Input[str]
    tracking_role_arn: pulumi.Input[str] | None
    protect: bool


class Studio(pulumi.ComponentResource):
    """Studio of the development account.

    Creates the domain (VpcOnly, own key, idle shutdown, no sharing of notebook output, no Docker, execution-role identity on), a security
    group for the domain and one for each profile, the user profiles, and the switch that enables project templates. With experiment
    tracking also a SageMaker MLflow App.

    Attributes:
        domain_id: The domain.
        domain_arn: Its ARN.
        profile_arns: User profile -> ARN.
        security_group_id: The domain's group.
    """

    domain_id: pulumi.Output[str]
    domain_arn: pulumi.Output[str]
    profile_arns: dict[str, pulumi.Output[str]]
    security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: StudioArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:studio:Studio", name, None, opts)
        self._name = name
        self._args = args
        self._child = ResourceOptions(parent=self)
        group = self._domain_group()
        domain = self._domain(group)
        profiles = args.profiles or {f"{args.names.prefix}-user-profile": Profile(persona="DataScientist")}
        self.profile_arns = {
            profile: self._profile(profile, settings, domain, group) for profile, settings in profiles.items()
        }
        sagemaker.ServicecatalogPortfolioStatus(f"{name}-projects", status="Enabled", opts=self._child)
        if args.tracking_role_arn is not None:
            self._tracking(domain, args.tracking_role_arn)
        self.domain_id = domain.id
        self.domain_arn = domain.arn
        self.security_group_id = group.id
        self.register_outputs({"domainId": self.domain_id, "profileArns": self.profile_arns})

    def _domain(self, group: ec2.SecurityGroup) -> sagemaker.Domain:
        args = self._args
        resource_spec = sagemaker.DomainDefaultUserSettingsJupyterLabAppSettingsDefaultResourceSpecArgs(
            instance_type=args.instance_type
        )
        idle = sagemaker.DomainDefaultUserSettingsJupyterLabAppSettingsAppLifecycleManagementIdleSettingsArgs(
            lifecycle_management="ENABLED",
            idle_timeout_in_minutes=args.idle_minutes,
            min_idle_timeout_in_minutes=_MINIMUM_IDLE,
            # People may ask for a shorter time, never for a longer one.
            max_idle_timeout_in_minutes=args.idle_minutes,
        )
        editor_idle = sagemaker.DomainDefaultUserSettingsCodeEditorAppSettingsAppLifecycleManagementIdleSettingsArgs(
            lifecycle_management="ENABLED",
            idle_timeout_in_minutes=args.idle_minutes,
            min_idle_timeout_in_minutes=_MINIMUM_IDLE,
            max_idle_timeout_in_minutes=args.idle_minutes,
        )
        return sagemaker.Domain(
            f"{self._name}-domain",
            domain_name=args.names.domain,
            auth_mode=args.auth.upper(),
            app_network_access_type="VpcOnly",
            vpc_id=args.vpc_id,
            subnet_ids=list(args.subnet_ids),
            kms_key_id=args.key_arn,
            tag_propagation="ENABLED",
            # SageMaker developer guide, "Create custom project templates".
            tags={"Name": args.names.domain, "sagemaker:projectS3TemplatesLocation": args.templates_location}
            if args.templates_location is not None
            else None,
            domain_settings=sagemaker.DomainDomainSettingsArgs(
                # CloudTrail then shows the user profile as source identity of everything done from Studio.
                execution_role_identity_config="USER_PROFILE_NAME",
                docker_settings=sagemaker.DomainDomainSettingsDockerSettingsArgs(enable_docker_access="DISABLED"),
            ),
            default_user_settings=sagemaker.DomainDefaultUserSettingsArgs(
                execution_role=args.default_role_arn,
                security_groups=[group.id],
                studio_web_portal="ENABLED",
                default_landing_uri="studio::",
                sharing_settings=sagemaker.DomainDefaultUserSettingsSharingSettingsArgs(
                    notebook_output_option="Disabled"
                ),
                jupyter_lab_app_settings=sagemaker.DomainDefaultUserSettingsJupyterLabAppSettingsArgs(
                    default_resource_spec=resource_spec,
                    app_lifecycle_management=sagemaker.DomainDefaultUserSettingsJupyterLabAppSettingsAppLifecycleManagementArgs(
                        idle_settings=idle
                    ),
                ),
                code_editor_app_settings=sagemaker.DomainDefaultUserSettingsCodeEditorAppSettingsArgs(
                    app_lifecycle_management=sagemaker.DomainDefaultUserSettingsCodeEditorAppSettingsAppLifecycleManagementArgs(
                        idle_settings=editor_idle
                    ),
                ),
            ),
            default_space_settings=sagemaker.DomainDefaultSpaceSettingsArgs(
                execution_role=args.default_role_arn, security_groups=[group.id]
            ),
            retention_policy=sagemaker.DomainRetentionPolicyArgs(
                home_efs_file_system="Retain" if args.keep_home else "Delete"
            ),
            opts=ResourceOptions(parent=self, protect=args.protect),
        )

    def _domain_group(self) -> ec2.SecurityGroup:
        """The group of the domain's home file system: NFS with the profiles' groups only."""
        return self._group("studio", "Studio domain: home file system")

    def _profile(
        self, profile: str, settings: Profile, domain: sagemaker.Domain, domain_group: ec2.SecurityGroup
    ) -> pulumi.Output[str]:
        """A profile with its own group, so that one person's applications cannot reach another's."""
        # The default profile's name starts as every name does; a logical name says nothing of the environment.
        short = profile.removeprefix(f"{self._args.names.prefix}-")
        label = f"{self._name}-{short}"
        group = self._group(f"studio-{short}", f"Studio profile {profile}", label=label)
        for direction, rule in (("in", vpc.SecurityGroupIngressRule), ("out", vpc.SecurityGroupEgressRule)):
            rule(
                f"{label}-apps-{direction}",
                security_group_id=group.id,
                referenced_security_group_id=group.id,
                ip_protocol="tcp",
                from_port=8192,
                to_port=65535,
                description="Between the applications of one person",
                opts=self._child,
            )
        vpc.SecurityGroupEgressRule(
            f"{label}-nfs-out",
            security_group_id=group.id,
            referenced_security_group_id=domain_group.id,
            ip_protocol="tcp",
            from_port=_NFS,
            to_port=_NFS,
            description="Home file system",
            opts=self._child,
        )
        vpc.SecurityGroupIngressRule(
            f"{label}-nfs-in",
            security_group_id=domain_group.id,
            referenced_security_group_id=group.id,
            ip_protocol="tcp",
            from_port=_NFS,
            to_port=_NFS,
            description=f"Home file system, profile {profile}",
            opts=self._child,
        )
        allow_endpoints(
            label, group.id, self._args.endpoint_security_group_id, self._args.s3_prefix_list_id, self._child
        )
        user = sagemaker.UserProfile(
            label,
            domain_id=domain.id,
            user_profile_name=profile,
            single_sign_on_user_identifier="UserName" if settings.sso_user else None,
            single_sign_on_user_value=settings.sso_user,
            user_settings=sagemaker.UserProfileUserSettingsArgs(
                execution_role=self._args.role_arns[settings.persona], security_groups=[group.id]
            ),
            opts=self._child,
        )
        return user.arn

    def _tracking(self, domain: sagemaker.Domain, role_arn: pulumi.Input[str]) -> None:
        """Experiment tracking. Its metadata is encrypted with a key of AWS's: CreateMlflowApp takes KmsKeyId, but neither this provider nor
        CloudFormation can set it today; its artifacts lie in the data bucket, under the data key.
        """  # noqa: D205 - one thought
        sagemaker.MlflowApp(
            f"{self._name}-tracking",
            name=f"{self._args.names.prefix}-tracking",
            artifact_store_uri=pulumi.Output.concat("s3://", self._args.tracking_bucket, "/tracking"),
            role_arn=role_arn,
            default_domain_id_lists=[domain.id],
            model_registration_mode="AutoModelRegistrationDisabled",
            opts=self._child,
        )

    def _group(self, name: str, description: str, *, label: str | None = None) -> ec2.SecurityGroup:
        full = f"{self._args.names.prefix}-{name}"
        return ec2.SecurityGroup(
            label or f"{self._name}-domain",
            name=full,
            description=description,
            vpc_id=self._args.vpc_id,
            tags={"Name": full},
            opts=self._child,
        )


_MINIMUM_IDLE = 60
"""The service's own minimum (SageMaker API, `IdleSettings`)."""
