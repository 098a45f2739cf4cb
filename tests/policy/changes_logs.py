"""For each rule of logs one change of `dev` that it refuses."""

from collections.abc import Mapping

from policy.rules.logs import LOG_GROUP
from tests.policy.changes import Change, setting

CHANGES: Mapping[str, Change] = {
    "LOG-01": setting(LOG_GROUP, retentionInDays=30),
    "LOG-02": setting(LOG_GROUP, kmsKeyId=None),
    "LOG-03": setting(LOG_GROUP, "sagemaker-studio", name="/aws/sagemaker/other"),
}
