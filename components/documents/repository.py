"""Source control: the approval rule of a project's main branch."""

from components.documents.boundary import MAIN
from components.environment import Environment
from components.names import Role


def approval_rule(environment: Environment) -> dict[str, object]:
    """The content of the approval rule template: a pull request to main needs an ML engineer's approval.

    Source: CodeCommit user guide, "Create an approval rule template". An author cannot approve their own pull request.
    """
    names = environment.names
    pool = [
        names.arn(
            "sts", f"assumed-role/{names.role(role).rpartition('/')[2]}/*", account=environment.development, region=""
        )
        for role in (Role.ML_ENGINEER_STUDIO, Role.ML_ENGINEER)
    ]
    return {
        "Version": "2018-11-08",
        "DestinationReferences": [MAIN],
        "Statements": [{"Type": "Approvers", "NumberOfApprovalsNeeded": 1, "ApprovalPoolMembers": pool}],
    }
