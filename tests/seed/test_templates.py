"""Both products' templates: what is asked, that every name is legal, and what a user's choices make of them."""

import re
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.documents import templates
from tests.components.stacks import environment
from tests.seed.products import (
    CONNECTION,
    PRODUCTS,
    PROJECT,
    Json,
    body,
    complete,
    connected,
    one,
    parameters,
    resolved,
    value,
)

# Parameters ---------------------------------------------------------------------------------------------------------------------------

ASKED: Mapping[str, set[str]] = {
    "build_train": {"SageMakerProjectName", "SageMakerProjectId"},
    "deploy": {"SageMakerProjectName", "SageMakerProjectId", "ModelPackageGroupName"},
}
"""What has no default; the id comes from SageMaker."""


@pytest.mark.parametrize("product", PRODUCTS)
def test_little_is_asked(product: str) -> None:
    declared = body(product)["Parameters"]
    assert {name for name, each in declared.items() if "Default" not in each} == ASKED[product]


@pytest.mark.parametrize("product", PRODUCTS)
def test_values_of_the_platform_are_not_a_users_to_choose(product: str) -> None:
    fixed = [each for each in body(product)["Parameters"].values() if each["Type"] != "String"]
    assert len(fixed) > 10
    for each in fixed:
        assert each["Type"] == "AWS::SSM::Parameter::Value<String>"
        assert each["AllowedValues"] == [each["Default"]]
        assert each["Default"] in parameters()


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_form_has_every_parameter_in_a_group_and_every_choice_a_label(product: str) -> None:
    template = body(product)
    form = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in form["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert set(form["ParameterLabels"]) == {
        name for name, each in template["Parameters"].items() if each["Type"] == "String"
    }


REFUSED = (
    *("", "r" * 31, "Rings", "ri_ngs", "ri.ngs", "ri ngs", "-rings", "rings-", "ri--ngs", "ríngs", "rings\n"),
    *("rings/../x", "${AWS::AccountId}"),
)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_would_make_others_illegal_is_refused_in_words(product: str, name: str) -> None:
    declared = body(product)["Parameters"]["SageMakerProjectName"]
    assert len(name) > int(declared["MaxLength"]) or not re.fullmatch(declared["AllowedPattern"], name)
    assert "At most 30 lower case letters, digits and single hyphens" in declared["ConstraintDescription"]


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ((), []),
        (("ConnectionArn",), ["needs the ARN of a connection"]),
        (("FullRepositoryId",), ["needs owner/repository"]),
        (("ConnectionArn", "FullRepositoryId"), ["needs the ARN of a connection", "needs owner/repository"]),
    ],
)
def test_half_a_connection_is_refused_in_words(product: str, missing: tuple[str, ...], words: list[str]) -> None:
    template = resolved(product, **{key: value for key, value in CONNECTION.items() if key not in missing})
    rule = body(product)["Rules"]["Connection"]
    assert template.value(rule["RuleCondition"])
    said = [each["AssertDescription"] for each in rule["Assertions"] if not template.value(each["Assert"])]
    assert len(said) == len(words)
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))
    assert not resolved(product).value(rule["RuleCondition"])


# Names --------------------------------------------------------------------------------------------------------------------------------

LEGAL: Mapping[str, tuple[str, int, str]] = {
    "AWS::CodeBuild::Project": ("Name", 150, r"[A-Za-z0-9][A-Za-z0-9_-]{1,}"),
    "AWS::CodeCommit::Repository": ("RepositoryName", 100, r"[\w.-]+"),
    "AWS::CodePipeline::Pipeline": ("Name", 100, r"[A-Za-z0-9.@_-]+"),
    "AWS::Events::Rule": ("Name", 64, r"[.\w-]+"),
    "AWS::Logs::LogGroup": ("LogGroupName", 512, r"[.\w/#-]+"),
    "AWS::S3::Bucket": ("BucketName", 63, r"(?!xn--|sthree-)[a-z0-9][a-z0-9-]{1,}[a-z0-9]"),
    "AWS::SageMaker::CodeRepository": ("CodeRepositoryName", 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"),
    "AWS::SageMaker::FeatureGroup": ("FeatureGroupName", 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupName", 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"),
}
"""Type -> property of its name, most characters, pattern (the services' API references)."""

LATER: Mapping[str, tuple[int, str]] = {
    "sagemaker-{}-deploy-staging": (128, r"[a-zA-Z][a-zA-Z0-9-]*"),  # stack set
    "{}-staging": (63, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"),  # endpoint
    "{}-staging-dq": (63, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"),  # monitoring schedule
    "{}-ingestion": (256, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"),  # SageMaker pipeline
}
"""Names that builds make of a project's, of which `{}` is name and id."""


def names() -> Iterator[tuple[str, int, str]]:
    """What each name is made of, most characters, pattern."""
    for product in PRODUCTS:
        for each in body(product)["Resources"].values():
            if each["Type"] in LEGAL:
                key, most, pattern = LEGAL[each["Type"]]
                yield each["Properties"][key]["Fn::Sub"], most, pattern
    for format_, (most, pattern) in LATER.items():
        yield format_.format("${SageMakerProjectName}-${SageMakerProjectId}"), most, pattern


NAMES = frozenset(names())


def accepted(parameter: str) -> st.SearchStrategy[str]:
    """What a template takes for a parameter."""
    return st.one_of(*(_accepted(body(product)["Parameters"][parameter]) for product in PRODUCTS))


def _accepted(declared: Json) -> st.SearchStrategy[str]:
    pattern, most = str(declared["AllowedPattern"]), int(declared["MaxLength"])
    short = st.from_regex(pattern, fullmatch=True).map(lambda found: found[:most].rstrip("-"))
    return short | st.text("az09", min_size=most, max_size=most)


@given(name=accepted("SageMakerProjectName"), id_=accepted("SageMakerProjectId"))
def test_whatever_name_is_accepted_all_names_are_legal(name: str, id_: str) -> None:
    for made_of, most, pattern in NAMES:
        made = made_of.replace("${SageMakerProjectName}", name).replace("${SageMakerProjectId}", id_)
        assert "${" not in made
        assert len(made) <= most, made
        assert re.fullmatch(pattern, made), made


def test_every_type_that_has_a_name_is_held() -> None:
    kinds = {each["Type"] for product in PRODUCTS for each in complete(product).resources.values()}
    assert {kind for kind in kinds if not kind.startswith("Custom::")} - set(LEGAL) == {"AWS::S3::BucketPolicy"}


# What the choices do ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_repository_starts_with_the_seed_and_its_approval_rule(product: str) -> None:
    template = complete(product)
    repository = one(template, "AWS::CodeCommit::Repository")
    assert repository["Code"]["BranchName"] == "main"
    assert repository["Code"]["S3"] == {
        "Bucket": value("buckets/artifacts"),
        "Key": templates.version(environment(), product, internet=False).seed_key,
    }
    rule = {"ServiceToken": value("functions/project"), "RepositoryName": repository["RepositoryName"]}
    assert one(template, "Custom::ApprovalRule") == rule
    assert one(template, "Custom::SeedBranch") == {**rule, "SeedKey": repository["Code"]["S3"]["Key"]}
    url = f"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/{repository['RepositoryName']}"
    assert one(template, "AWS::SageMaker::CodeRepository")["GitConfig"] == {"RepositoryUrl": url, "Branch": "main"}


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_connection_takes_the_repositorys_place(product: str) -> None:
    template = connected(product)
    for kind in ("AWS::CodeCommit::Repository", "Custom::ApprovalRule", "Custom::SeedBranch"):
        assert template.of_type(kind) == {}
    listed = one(template, "AWS::SageMaker::CodeRepository")["GitConfig"]
    assert listed == {"RepositoryUrl": CONNECTION["RepositoryUrl"], "Branch": "main"}
    without = resolved(product, **{**CONNECTION, "RepositoryUrl": ""})
    assert without.of_type("AWS::SageMaker::CodeRepository") == {}
    description = body(product)["Description"]
    assert "pushes the seed code" in description
    assert "can neither clone nor push" in description


def test_a_feature_group_is_made_when_asked_for() -> None:
    assert resolved("build_train").of_type("AWS::SageMaker::FeatureGroup") == {}
    group = one(complete("build_train"), "AWS::SageMaker::FeatureGroup")
    fields = {each["FeatureName"]: each["FeatureType"] for each in group["FeatureDefinitions"]}
    assert {"record_id", "event_time", "sex", "rings"} < set(fields)
    assert {group["RecordIdentifierFeatureName"], group["EventTimeFeatureName"]} < set(fields)


def test_a_foreign_group_is_refused_before_anything_else_is_made() -> None:
    resources = body("deploy")["Resources"]
    [check_] = [name for name, each in resources.items() if each["Type"] == "Custom::ModelPackageGroup"]
    for name in ("Repository", "Pipeline"):
        waits = resources[name]["DependsOn"]
        assert check_ in ([waits] if isinstance(waits, str) else waits)
    assert one(complete("deploy"), "Custom::ModelPackageGroup")["ServiceToken"] == value("functions/project")


@pytest.mark.parametrize("product", PRODUCTS)
def test_outputs_say_what_was_made(product: str) -> None:
    template = complete(product)
    made = {name: template.value(each["Value"]) for name, each in body(product)["Outputs"].items()}
    pipeline = one(template, "AWS::CodePipeline::Pipeline")["Name"]
    assert pipeline in made.values()
    assert made["RepositoryCloneUrl"].endswith(f"/sagemaker-{PROJECT}")
    assert all(made.values())
