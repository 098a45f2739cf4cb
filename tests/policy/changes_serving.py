"""For each rule of serving, builds and pipelines one resource in `dev` that it refuses: the program itself has none of these types."""

from collections.abc import Mapping

from tests.policy.changes import Change, State
from tests.policy.rules.test_serving import VIOLATING, changed


def _added(rule_id: str) -> Change:
    token, path, value, _ = VIOLATING[rule_id][0]

    def change(resources: list[State]) -> None:
        bucket = next(state for state in resources if state["type"] == "aws:s3/bucket:Bucket")
        urn = f"{bucket['urn'].rpartition('::')[0]}::wrong"
        resources.append(
            {"urn": urn, "type": token, "custom": True, "inputs": dict(changed(token, path, value).properties)}
            | {"provider": bucket["provider"], "id": "wrong"}
        )

    return change


CHANGES: Mapping[str, Change] = {rule_id: _added(rule_id) for rule_id in VIOLATING}
