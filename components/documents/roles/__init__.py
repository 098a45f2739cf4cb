"""The roles of an environment (access-model.md 4): where each is, who takes it, what it may do, whether the guards are on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from components.documents import Document, trust
from components.documents.roles import launch, people, projects, serving, work
from components.environment import Environment
from components.names import Role

Build = Callable[[Environment, str], Document]


@dataclass(frozen=True, kw_only=True)
class RoleSpec:
    """One role.

    Attributes:
        description: What it is for; IAM shows it.
        trust: Its trust policy; None for people, whose principals are configured.
        policy: Its inline policy.
        guarded: Whether it can create SageMaker resources, so that the guards are attached.
    """

    description: str
    trust: Build | None
    policy: Build
    guarded: bool = False


def _taken_by(role: Role) -> Build:
    return lambda environment, _account: trust.development_role(environment, role)


_person = partial(RoleSpec, trust=None)
_sagemaker = partial(RoleSpec, trust=trust.sagemaker)

ROLES: Mapping[Role, RoleSpec] = {
    Role.DATA_SCIENTIST: _person(description="Data scientists sign in and open Studio", policy=people.sign_in),
    Role.ML_ENGINEER: _person(description="ML engineers sign in and open Studio", policy=people.sign_in),
    Role.MODEL_APPROVER: _person(
        description="Approves and rejects models and deployments", policy=people.model_approver
    ),
    Role.PLATFORM_ADMINISTRATOR: _person(
        description="Manages Studio and packages, without data", policy=people.platform_administrator
    ),
    Role.AUDITOR: _person(description="Reads configuration, logs and registry, without data", policy=people.auditor),
    Role.DATA_SCIENTIST_STUDIO: RoleSpec(
        description="Studio of data scientists", trust=trust.studio, policy=people.data_scientist_studio, guarded=True
    ),
    Role.ML_ENGINEER_STUDIO: RoleSpec(
        description="Studio of ML engineers", trust=trust.studio, policy=people.ml_engineer_studio, guarded=True
    ),
    Role.PIPELINE: _sagemaker(
        description="Pipelines create jobs and register models", policy=work.pipeline, guarded=True
    ),
    Role.JOB: _sagemaker(description="Jobs process, train and evaluate", policy=work.job),
    Role.INGESTION_PIPELINE: _sagemaker(
        description="Pipelines that fill the feature store", policy=work.ingestion_pipeline, guarded=True
    ),
    Role.INGESTION: _sagemaker(description="Jobs that fill the feature store", policy=work.ingestion),
    Role.FEATURE_STORE: _sagemaker(description="The feature store's offline store", policy=work.feature_store),
    Role.TRACKING: _sagemaker(description="Experiment tracking", policy=work.tracking),
    Role.MONITORING: _sagemaker(description="Monitoring jobs", policy=serving.monitoring),
    Role.STACK_SET_ADMINISTRATION: RoleSpec(
        description="Stack sets of the projects", trust=trust.stack_sets, policy=serving.stack_set_administration
    ),
    Role.STACK_SET_EXECUTION: RoleSpec(
        description="Deploys endpoints in this account",
        trust=_taken_by(Role.STACK_SET_ADMINISTRATION),
        policy=serving.stack_set_execution,
        guarded=True,
    ),
    Role.MODEL_EXECUTION: _sagemaker(description="Endpoints serve approved models", policy=serving.model_execution),
    Role.ENDPOINT_TEST: RoleSpec(
        description="Tests endpoints", trust=_taken_by(Role.TEST), policy=serving.endpoint_test
    ),
    Role.DEPLOYMENT_CHECK: RoleSpec(
        description="Checks this account before a deployment",
        trust=_taken_by(Role.RELEASE),
        policy=serving.deployment_check,
    ),
    Role.EVENTS: RoleSpec(description="Sends alarm changes to development", trust=trust.events, policy=serving.events),
    Role.FLOW_LOGS: RoleSpec(description="Writes flow logs", trust=trust.flow_logs, policy=serving.flow_logs),
    Role.PRODUCTS_LAUNCH: RoleSpec(
        description="Makes the things of a project", trust=trust.servicecatalog, policy=launch.products
    ),
    Role.S3_FRONT_LAUNCH: RoleSpec(
        description="Makes the things of a build project", trust=trust.cloudformation, policy=launch.s3_front
    ),
    Role.BUILD: RoleSpec(
        description="Builds define and start SageMaker pipelines", trust=trust.codebuild, policy=projects.build
    ),
    Role.BUILD_PIPELINE: RoleSpec(
        description="Fetches a project's source and builds it",
        trust=trust.codepipeline,
        policy=projects.build_pipeline,
    ),
    Role.RELEASE: RoleSpec(description="Releases approved models", trust=trust.codebuild, policy=projects.release),
    Role.TEST: RoleSpec(description="Tests deployments", trust=trust.codebuild, policy=projects.test),
    Role.DEPLOY_PIPELINE: RoleSpec(
        description="Deploys approved models by stack sets",
        trust=trust.codepipeline,
        policy=projects.deploy_pipeline,
    ),
    Role.PROJECT_FUNCTION: RoleSpec(
        description="Attaches approval rules and looks groups up",
        trust=trust.function,
        policy=projects.project_function,
    ),
    Role.HOOK: RoleSpec(description="Checks templates", trust=trust.function, policy=projects.hook),
    Role.HOOK_EXECUTION: RoleSpec(
        description="Has templates checked", trust=trust.hooks, policy=projects.hook_execution
    ),
}

STUDIO_OPENERS = (Role.DATA_SCIENTIST, Role.ML_ENGINEER)
"""Sign-in roles that open Studio; `people.open_studio` is their second policy."""
