"""What the projects of an environment share, in the development account: packages, rules, approvals, and the catalog that offers them."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import cloudwatch, codeartifact, lambda_, s3, servicecatalog, sns

from components.config import Accounts
from components.documents import PACKAGES_POLICY, TOPIC_POLICY, packages, render, templates, topics
from components.environment import Environment
from components.names import Role

PRODUCTS: Mapping[str, str] = {"build_train": "MLOps Model Build Train", "deploy": "MLOps Model Deploy"}
"""Folder under `seed/` -> the product's name, as Studio lists it."""

_CODE = Path(__file__).resolve().parent / "functions" / "project.py"
_OWNER = "Platform team"
_PUBLIC_INDEX = "public:pypi"
_VISIBLE = {"sagemaker:studio-visibility": "true"}
"""What makes Studio show a template (SageMaker developer guide, "Create custom project templates")."""

_NO_DEFAULT_TAGS = s3.BucketObjectv2OverrideProviderArgs(
    default_tags=s3.BucketObjectv2OverrideProviderDefaultTagsArgs(tags={})
)
"""An object takes ten tags, which a company's own would fill."""

_PUBLISHED = (
    *(
        f"mlops:{key}"
        for key in ("accounts", "buckets", "logs", "name", "organization", "perimeter", "region", "tags", "type")
    ),
    *("policy:exceptions", "policy:levels"),
)
"""What the rules read of a stack's configuration; the rest is nobody's business."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules that deploy builds run: the program's bytes, their SHA-256, and its configuration as JSON."""

    content: bytes
    sha256: str
    configuration: str


@dataclass(frozen=True, kw_only=True)
class ProjectsArgs:
    """What the projects' part needs.

    Attributes:
        environment: The environment.
        artifacts_bucket: Name of the artifacts bucket.
        templates_bucket: Name of the templates bucket; None: the build template is not offered in S3.
        storage_key_arn: Key of the packages: CodeArtifact works through grants, so not the data key.
        logs_key_arn: Key of the topic and of the function's log group.
        retention_days: Days that the function's log is kept.
        role_arns: Role -> ARN.
        packages: `curated`: only what is published; `upstream`: the public index too.
        internet: Whether builds have a security group of their own.
        rules: The rules that are published, if any.
    """

    environment: Environment
    artifacts_bucket: pulumi.Input[str]
    templates_bucket: pulumi.Input[str] | None
    storage_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    retention_days: int
    role_arns: Mapping[Role, pulumi.Input[str]]
    packages: Literal["curated", "upstream"]
    internet: bool
    rules: Rules | None


class Projects(pulumi.ComponentResource):
    """Package domain and repository, approvals topic, the custom resources' function, published rules, portfolio and products.

    Attributes:
        parameters: Path below `/P/` -> value: what projects look up.
        portfolio_id: The portfolio.
        product_ids: Product -> its id.
    """

    parameters: dict[str, pulumi.Input[str]]
    portfolio_id: pulumi.Output[str]
    product_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: ProjectsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:projects:Projects", name, None, opts)
        self._name, self._args, self._names = name, args, args.environment.names
        self._child = ResourceOptions(parent=self)
        self.parameters = {}
        versions = {
            product: templates.version(args.environment, product, internet=args.internet) for product in PRODUCTS
        }
        self._packages()
        self._approvals()
        self._function(versions)
        self._rules()
        self._catalog(versions)
        if args.templates_bucket is not None:
            self._front(args.templates_bucket, versions["build_train"])
        self.register_outputs({"productIds": self.product_ids})

    def _packages(self) -> None:
        names, environment = self._names, self._args.environment
        domain = codeartifact.Domain(
            f"{self._name}-packages",
            domain=names.package_domain,
            encryption_key=self._args.storage_key_arn,
            opts=self._child,
        )
        codeartifact.DomainPermissions(
            f"{self._name}-packages",
            domain=domain.domain,
            policy_document=render(packages.domain(environment), PACKAGES_POLICY, "the package domain"),
            opts=self._child,
        )
        store = (
            codeartifact.Repository(
                f"{self._name}-store",
                domain=domain.domain,
                repository=names.package_store,
                description="What the public index has; the one path to it",
                external_connections=codeartifact.RepositoryExternalConnectionsArgs(
                    external_connection_name=_PUBLIC_INDEX
                ),
                opts=self._child,
            )
            if self._args.packages == "upstream"
            else None
        )
        repository = codeartifact.Repository(
            f"{self._name}-packages",
            domain=domain.domain,
            repository=names.package_repository,
            description="What builds, jobs and Studio install from",
            upstreams=[codeartifact.RepositoryUpstreamArgs(repository_name=store.repository)] if store else None,
            opts=self._child,
        )
        codeartifact.RepositoryPermissionsPolicy(
            f"{self._name}-packages",
            domain=domain.domain,
            repository=repository.repository,
            policy_document=render(packages.repository(environment), PACKAGES_POLICY, "the package repository"),
            opts=self._child,
        )
        self.parameters |= {"packages/domain": domain.domain, "packages/repository": repository.repository}

    def _approvals(self) -> None:
        topic = sns.Topic(
            f"{self._name}-approvals",
            name=self._names.approvals_topic,
            kms_master_key_id=self._args.logs_key_arn,
            opts=self._child,
        )
        sns.TopicPolicy(
            f"{self._name}-approvals",
            arn=topic.arn,
            policy=render(topics.approvals(self._args.environment), TOPIC_POLICY, "the approvals topic"),
            opts=self._child,
        )
        self.parameters["topics/approvals"] = topic.arn

    def _function(self, versions: Mapping[str, templates.Version]) -> None:
        """The function behind custom resources, with the seed code that it offers; not in the VPC.

        It answers by a presigned PUT into a bucket of CloudFormation's, and an endpoint policy that let such requests out would let four kilobytes
        out for anybody who makes a custom resource of their own. It can read no data.
        """
        name = self._names.project_function
        logs = cloudwatch.LogGroup(
            f"{self._name}-function",
            name=f"/aws/lambda/{name}",
            kms_key_id=self._args.logs_key_arn,
            retention_in_days=self._args.retention_days,
            opts=self._child,
        )
        code = {
            "index.py": _CODE.read_bytes(),
            **{
                f"{version.seed_key.removesuffix('.zip')}/{path}": content
                for version in versions.values()
                for path, content in version.files.items()
            },
        }
        source = self._object("function", f"functions/project/{templates.digest(code)}.zip", templates.archive(code))
        function = lambda_.Function(
            f"{self._name}-function",
            name=name,
            description="Custom resources of the project templates",
            runtime="python3.13",
            handler="index.handler",
            timeout=60,
            role=self._args.role_arns[Role.PROJECT_FUNCTION],
            s3_bucket=source.bucket,
            s3_key=source.key,
            environment=lambda_.FunctionEnvironmentArgs(
                variables={
                    "APPROVAL_RULE_TEMPLATE": self._names.approval_rule_template,
                    "ENVIRONMENT": self._names.prefix,
                }
            ),
            opts=ResourceOptions(parent=self, depends_on=[logs]),
        )
        self.parameters["functions/project"] = function.arn

    def _rules(self) -> None:
        rules = self._args.rules
        if rules is None:
            return
        archive = self._object("rules", f"rules/{rules.sha256}.zip", rules.content)
        digest = hashlib.sha256(rules.configuration.encode()).hexdigest()
        configuration = self._object("rules-configuration", f"rules/{digest}.json", rules.configuration.encode())
        self.parameters |= {
            "rules/archive": archive.key,
            "rules/sha256": rules.sha256,
            "rules/configuration": configuration.key,
        }

    def _catalog(self, versions: Mapping[str, templates.Version]) -> None:
        portfolio = servicecatalog.Portfolio(
            f"{self._name}-portfolio",
            name=self._names.prefix,
            description="Project templates of the secure MLOps platform",
            provider_name=_OWNER,
            opts=self._child,
        )
        for role in (
            Role.DATA_SCIENTIST_STUDIO,
            Role.ML_ENGINEER_STUDIO,
            Role.DATA_SCIENTIST,
            Role.ML_ENGINEER,
        ):
            servicecatalog.PrincipalPortfolioAssociation(
                f"{self._name}-{role.value}",
                portfolio_id=portfolio.id,
                principal_arn=self._args.role_arns[role],
                principal_type="IAM",
                opts=self._child,
            )
        self.portfolio_id = portfolio.id
        self.product_ids = {
            product: self._product(product, version, portfolio) for product, version in versions.items()
        }

    def _product(
        self, product: str, version: templates.Version, portfolio: servicecatalog.Portfolio
    ) -> pulumi.Output[str]:
        """A product, its versions and its launch constraint.

        A product is made with a first version, and another first version would replace it: so what it was made with stays (`ignore_changes`), and
        every content is a version of its own beside it, kept in the account when the program goes on to the next.
        """
        folder = product.replace("_", "-")
        name = f"{self._name}-{folder}"
        seed = version.seed_key.rpartition("/")[2][: len(version.name)]
        self._object(f"{folder}-seed-{seed}", version.seed_key, version.repository, keep=True)
        template = self._object(f"{folder}-{version.name}", version.template_key, version.template.encode(), keep=True)
        domain = f"s3.{self._names.region}.{self._names.dns_suffix}"
        url = pulumi.Output.concat("https://", template.bucket, f".{domain}/", template.key)
        made = servicecatalog.Product(
            name,
            name=PRODUCTS[product],
            owner=_OWNER,
            type="CLOUD_FORMATION_TEMPLATE",
            provisioning_artifact_parameters=servicecatalog.ProductProvisioningArtifactParametersArgs(
                name="first",
                description="The version that the product was made with",
                template_url=url,
                type="CLOUD_FORMATION_TEMPLATE",
            ),
            tags={"Name": f"{self._names.prefix}-{folder}", **_VISIBLE},
            opts=ResourceOptions(parent=self, ignore_changes=["provisioningArtifactParameters"]),
        )
        association = servicecatalog.ProductPortfolioAssociation(
            name, portfolio_id=portfolio.id, product_id=made.id, opts=self._child
        )
        servicecatalog.Constraint(
            name,
            portfolio_id=portfolio.id,
            product_id=made.id,
            type="LAUNCH",
            parameters=pulumi.Output.json_dumps({"RoleArn": self._args.role_arns[Role.PRODUCTS_LAUNCH]}),
            opts=ResourceOptions(parent=self, depends_on=[association]),
        )
        servicecatalog.ProvisioningArtifact(
            f"{name}-{version.name}",
            product_id=made.id,
            name=version.name,
            description=f"Template and repository with the contents {version.name}",
            template_url=url,
            type="CLOUD_FORMATION_TEMPLATE",
            opts=ResourceOptions(parent=self, retain_on_delete=True),
        )
        return made.id

    def _front(self, bucket: pulumi.Input[str], version: templates.Version) -> None:
        """The build template where Studio looks for templates in S3; the deploy template would let its maker choose what a build may do."""
        s3.BucketObjectv2(
            f"{self._name}-front",
            bucket=bucket,
            key=f"{templates.FRONT}/mlops-model-build-train.yaml",
            content_base64=base64.b64encode(version.template.encode()).decode(),
            content_type="application/yaml",
            tags=_VISIBLE,
            override_provider=_NO_DEFAULT_TAGS,
            opts=self._child,
        )

    def _object(self, label: str, key: str, content: bytes, *, keep: bool = False) -> s3.BucketObjectv2:
        """An object of the artifacts bucket, whose key holds its hash; a kept one stays when the program no longer names it."""
        return s3.BucketObjectv2(
            f"{self._name}-{label}",
            bucket=self._args.artifacts_bucket,
            key=key,
            content_base64=base64.b64encode(content).decode(),
            override_provider=_NO_DEFAULT_TAGS,
            opts=ResourceOptions(parent=self, retain_on_delete=keep),
        )


def configuration_of(config: Mapping[str, str], accounts: Accounts) -> str:
    """The rules' configuration as it is published: names, accounts, levels and exceptions of the stack.

    Args:
        config: The stack's configuration.
        accounts: Its accounts, units resolved: who reads the configuration cannot look a unit up.
    """
    kept = {key: config[key] for key in sorted(config) if key in _PUBLISHED}
    listed = {"development": accounts.development, "staging": accounts.staging, "production": accounts.production}
    return json.dumps({"config": {**kept, "mlops:accounts": json.dumps(listed)}}, separators=(",", ":"))
