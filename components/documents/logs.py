"""The resource policy that lets Route 53 Resolver's query logs into our log group."""

from components.documents import Document, allow, document, service
from components.environment import Environment


def query_log_delivery(environment: Environment, account: str, log_group: str) -> Document:
    """Log delivery may write the query log group, for this account only.

    Source: CloudWatch Logs user guide, "Enabling logging from AWS services", permissions for logs sent to CloudWatch Logs.
    """
    names = environment.names
    return document(
        allow(
            "AllowQueryLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            names.arn("logs", f"log-group:{log_group}:log-stream:*", account=account),
            principal=service("delivery.logs"),
            when={
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": names.arn("logs", "*", account=account)},
            },
        )
    )
