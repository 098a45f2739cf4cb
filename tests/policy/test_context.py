import json

from policy.context import Context

PEOPLE = "arn:aws:iam::444444444444:role/People"
CONFIG = {
    "mlops:name": "sm-mlops",
    "mlops:type": "prod",
    "mlops:region": "eu-west-1",
    "mlops:accounts": json.dumps({"development": "111111111111", "staging": ["222222222222"]}),
}


def test_what_is_not_configured_has_its_default() -> None:
    context = Context.of(CONFIG)
    assert context.named_accounts == context.accounts == {"111111111111", "222222222222"}
    assert (context.retention_days, context.owns_log_groups, context.tracking, context.personas) == (
        365,
        True,
        False,
        (),
    )


def test_accounts_that_the_configuration_names() -> None:
    given = {
        "personas": {"Auditor": {"principals": [PEOPLE]}},
        "keys": {"existing": {"111111111111": {"data": "arn:aws:kms:eu-west-1:555555555555:key/1"}}},
        "organization": {"account": "666666666666", "role": "arn:aws:iam::777777777777:role/Lookup"},
        "breakGlassRoles": ["arn:aws:iam::888888888888:role/Emergency"],
        "dataProducers": ["arn:aws:iam::999999999999:role/Producer"],
    }
    context = Context.of(CONFIG | {f"mlops:{key}": json.dumps(value) for key, value in given.items()})
    assert context.personas == (PEOPLE,)
    assert context.named_accounts - context.accounts == {digit * 12 for digit in "456789"}


def test_buckets_are_the_environment_s_by_their_name_or_by_the_configuration() -> None:
    existing = {"models": "our-models", "capture": "capture-{account}"}
    context = Context.of(CONFIG | {"mlops:buckets": json.dumps({"existing": existing})})
    owned = ("sm-mlops-prod-eu-west-1-111111111111-data", "our-models", "capture-222222222222")
    assert [
        *filter(context.owns_bucket, (*owned, "capture-{account}", "capture-999999999999", "our-models-x", ""))
    ] == [*owned]


def test_logs_and_tracking() -> None:
    logs = {"retentionDays": 30, "accountWide": False}
    config = CONFIG | {"mlops:logs": json.dumps(logs), "mlops:studio": json.dumps({"experimentTracking": True})}
    context = Context.of(config)
    assert (context.retention_days, context.owns_log_groups, context.tracking) == (30, False, True)


def test_the_region_of_iam_is_the_partitions() -> None:
    regions = {"eu-west-1": "us-east-1", "cn-northwest-1": "cn-north-1", "us-gov-east-1": "us-gov-west-1"}
    found = {region: Context.of(CONFIG | {"mlops:region": region}).iam_region for region in regions}
    assert found == regions


def test_a_deploy_role_that_is_given_as_an_arn() -> None:
    given = {"name": "arn:aws:iam::{account}:role/ci/Deploy-{account}"}
    context = Context.of({**CONFIG, "mlops:deployRole": json.dumps(given)})
    assert context.deployer_arn("222222222222") == "arn:aws:iam::222222222222:role/ci/Deploy-222222222222"
