"""What projects share, as a stack shows it: packages, approvals, the function, the rules, the catalog and its versions."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from functools import cache

import pytest

from components.documents.templates import digest, version
from components.names import Role
from components.projects import PRODUCTS
from policy import archive
from tests.components.registered import Resource, Stack, stack
from tests.components.stacks import DEVELOPMENT, environment

PREFIX = "sm-mlops-dev-eu-west-1"
ARTIFACTS, TEMPLATES = f"{PREFIX}-{DEVELOPMENT}-artifacts", f"{PREFIX}-{DEVELOPMENT}-templates"


@pytest.fixture(scope="module")
def small() -> Stack:
    return stack()


@cache
def opened() -> Stack:
    """With every switch of this part on."""
    return stack(
        projects={"fronts": ["serviceCatalog", "s3"]},
        packages="upstream",
        network={"cidr": "10.0.0.0/12", "internet": "nat"},
        tags={f"cost-{number}": "ml" for number in range(17)},
    )


def parameters(made: Stack) -> Mapping[str, str]:
    """Path below `/P/` -> value, in the development account."""
    found = made.of("aws:ssm/parameter:Parameter", DEVELOPMENT)
    return {each.inputs["name"].removeprefix(f"/{PREFIX}/"): each.inputs["value"] for each in found}


def objects(made: Stack) -> Mapping[str, bytes]:
    """Key -> content of the objects in the artifacts bucket."""
    found = [each.inputs for each in made.of("BucketObjectv2") if each.inputs["bucket"] == ARTIFACTS]
    return {inputs["key"]: base64.b64decode(inputs["contentBase64"]) for inputs in found}


def unpacked(content: bytes) -> Mapping[str, bytes]:
    """The files of a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        return {name: made.read(name) for name in made.namelist()}


def role(what: Role) -> str:
    return f"arn:aws:iam::{DEVELOPMENT}:role/{PREFIX}-{what.value}"


def storage_key(made: Stack) -> str:
    return made.outputs["keys"][DEVELOPMENT]["storage"]


# --- catalog -----------------------------------------------------------------------------------------------------------------------------


def test_studio_shows_both_products(small: Stack) -> None:
    products = {each.inputs["name"]: each for each in small.of("aws:servicecatalog/product:Product")}
    assert set(products) == {"MLOps Model Build Train", "MLOps Model Deploy"}
    assert [each.inputs["tags"]["sagemaker:studio-visibility"] for each in products.values()] == ["true", "true"]
    assert set(small.outputs["products"].values()) == {each.id for each in products.values()}


def test_a_product_is_launched_under_its_launch_role_alone(small: Stack) -> None:
    (portfolio,) = small.of("Portfolio")
    assert small.outputs["portfolio"] == portfolio.id
    constraints = {each.inputs["productId"]: each.inputs for each in small.of("Constraint")}
    assert set(constraints) == {each.inputs["productId"] for each in small.of("ProductPortfolioAssociation")}
    assert set(constraints) == set(small.outputs["products"].values())
    for inputs in constraints.values():
        assert (inputs["portfolioId"], inputs["type"]) == (portfolio.id, "LAUNCH")
        assert json.loads(inputs["parameters"]) == {"RoleArn": role(Role.PRODUCTS_LAUNCH)}


def test_the_portfolio_is_open_to_who_makes_projects(small: Stack) -> None:
    principals = {each.inputs["principalArn"] for each in small.of("PrincipalPortfolioAssociation")}
    makers = (Role.DATA_SCIENTIST_STUDIO, Role.ML_ENGINEER_STUDIO, Role.DATA_SCIENTIST, Role.ML_ENGINEER)
    assert principals == {role(each) for each in makers}


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_version_is_named_by_what_it_holds(product: str, small: Stack) -> None:
    expected = version(environment(), product, internet=False)
    (made,) = [each for each in _versions(small) if each.inputs["name"] == expected.name]
    assert made.inputs["productId"] == small.outputs["products"][product]
    stored = objects(small)
    url = f"https://{ARTIFACTS}.s3.eu-west-1.amazonaws.com/"
    template = stored[str(made.inputs["templateUrl"]).removeprefix(url)].decode()
    assert hashlib.sha256(template.encode()).hexdigest().startswith(expected.name)
    assert expected.seed_key in template
    assert digest(unpacked(stored[expected.seed_key])) in expected.seed_key


def _versions(made: Stack) -> list[Resource]:
    return list(made.of("ProvisioningArtifact"))


# --- the S3 front ------------------------------------------------------------------------------------------------------------------------


def test_the_build_template_is_in_s3_when_asked_for() -> None:
    made = opened()
    (front,) = [each for each in made.of("BucketObjectv2") if each.inputs["bucket"] == TEMPLATES]
    assert front.inputs["tags"] == {"sagemaker:studio-visibility": "true"}
    (domain,) = made.of("aws:sagemaker/domain:Domain")
    location = domain.inputs["tags"]["sagemaker:projectS3TemplatesLocation"]
    assert f"s3://{TEMPLATES}/{front.inputs['key']}".startswith(f"{location}/")
    launched = next(
        each.inputs["templateUrl"]
        for each in _versions(made)
        if each.inputs["productId"] == made.outputs["products"]["build_train"]
    )
    assert base64.b64decode(front.inputs["contentBase64"]) == objects(made)[launched.partition(".com/")[2]]


def test_nothing_is_in_s3_by_default(small: Stack) -> None:
    assert {each.inputs["bucket"] for each in small.of("BucketObjectv2")} == {ARTIFACTS}
    (domain,) = small.of("aws:sagemaker/domain:Domain")
    assert "tags" not in domain.inputs


# --- packages ----------------------------------------------------------------------------------------------------------------------------


def test_packages_are_encrypted_and_come_from_nowhere_else(small: Stack) -> None:
    (domain,) = small.of("aws:codeartifact/domain:Domain")
    (repository,) = small.of("aws:codeartifact/repository:Repository")
    assert domain.inputs["encryptionKey"] == storage_key(small)
    assert not {"upstreams", "externalConnections"} & repository.inputs.keys()
    assert (parameters(small)["packages/domain"], parameters(small)["packages/repository"]) == (
        domain.inputs["domain"],
        repository.inputs["repository"],
    )


def test_the_public_index_is_behind_a_repository_of_its_own() -> None:
    repositories = {
        each.inputs["repository"]: each.inputs for each in opened().of("aws:codeartifact/repository:Repository")
    }
    assert len(repositories) == 2
    published = repositories.pop(parameters(opened())["packages/repository"])
    ((name, store),) = repositories.items()
    assert published["upstreams"] == [{"repositoryName": name}]
    assert "externalConnections" not in published
    assert store["externalConnections"] == {"externalConnectionName": "public:pypi"}


@pytest.mark.parametrize("kind", ["DomainPermissions", "RepositoryPermissionsPolicy"])
def test_packages_have_policies(kind: str, small: Stack) -> None:
    (policy,) = small.of(kind)
    statements = json.loads(policy.inputs["policyDocument"])["Statement"]
    assert {statement["Effect"] for statement in statements} == {"Deny"}


# --- approvals, function, rules ----------------------------------------------------------------------------------------------------------


def test_only_deploy_pipelines_ask_for_approval(small: Stack) -> None:
    (topic,) = small.of("aws:sns/topic:Topic")
    assert topic.inputs["kmsMasterKeyId"] == small.outputs["keys"][DEVELOPMENT]["logs"]
    assert parameters(small)["topics/approvals"] == topic.id
    (policy,) = small.of("TopicPolicy")
    others, insecure = json.loads(policy.inputs["policy"])["Statement"]
    assert (others["Effect"], others["Principal"]) == ("Deny", {"AWS": "*"})
    assert others["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": role(Role.DEPLOY_PIPELINE)}}
    assert insecure["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_function_has_a_log_group_with_a_key_before_it_runs(small: Stack) -> None:
    function = small.one("development-projects-function", "aws:lambda/function:Function")
    (logs,) = [each for each in small.of("LogGroup") if each.inputs["name"] == f"/aws/lambda/{function.inputs['name']}"]
    assert logs.inputs["kmsKeyId"] == small.outputs["keys"][DEVELOPMENT]["logs"]
    assert function.inputs["role"] == role(Role.PROJECT_FUNCTION)
    code = unpacked(objects(small)[function.inputs["s3Key"]])
    for key in (key for key in objects(small) if key.startswith("seed/") and key.endswith(".zip")):
        offered = {path: code[f"{key.removesuffix('.zip')}/{path}"] for path in unpacked(objects(small)[key])}
        assert offered == unpacked(objects(small)[key])
        assert 20 < len(offered) <= 100  # what one commit may change (CodeCommit API reference, CreateCommit)
    assert parameters(small)["functions/project"].endswith(f":function:{function.inputs['name']}")
    (rule,) = small.of("ApprovalRuleTemplate")
    assert function.inputs["environment"]["variables"] == {
        "APPROVAL_RULE_TEMPLATE": rule.inputs["name"],
        "ENVIRONMENT": PREFIX,
    }


def test_the_rules_are_published_with_what_they_need_of_the_configuration() -> None:
    made, found = opened(), parameters(opened())
    stored = objects(made)
    assert hashlib.sha256(stored[found["rules/archive"]]).hexdigest() == found["rules/sha256"] == archive.build().sha256
    published = json.loads(stored[found["rules/configuration"]])["config"]
    assert set(published) == {f"mlops:{key}" for key in ("accounts", "name", "region", "tags", "type")}


def test_what_a_hash_names_is_what_is_stored(small: Stack) -> None:
    for key, content in objects(small).items():
        folders = key.startswith(("seed/", "functions/")) and key.endswith(".zip")
        assert (digest(unpacked(content)) if folders else hashlib.sha256(content).hexdigest()) in key, key


def test_an_object_carries_no_tags_of_the_company(small: Stack) -> None:
    """S3 takes ten."""
    for made in (small, opened()):
        for each in made.of("BucketObjectv2"):
            assert each.inputs["overrideProvider"] == {"defaultTags": {"tags": {}}}, each.urn
