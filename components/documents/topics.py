"""The policy of the approvals topic."""

from components.documents import Document, aws, deny, document
from components.environment import Environment
from components.names import Role


def approvals(environment: Environment) -> Document:
    """Only the deploy pipelines ask for approval, and over TLS only; who is told is a subscription of the platform team."""
    names, account = environment.names, environment.development
    role = names.role_arn(Role.DEPLOY_PIPELINE, account)
    topic = names.arn("sns", names.approvals_topic, account=account)
    return document(
        deny("DenyOthers", "sns:Publish", topic, principal=aws("*"), when={"ArnNotLike": {"aws:PrincipalArn": role}}),
        deny(
            "DenyInsecureTransport",
            "sns:Publish",
            topic,
            principal=aws("*"),
            when={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )
