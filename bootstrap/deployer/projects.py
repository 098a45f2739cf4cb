"""What projects share, in the development account: packages, approvals topic, the custom resources' function, the catalog."""

from bootstrap.deployer.services import function
from components.documents import Conditions, Document, allow, document
from components.documents.roles import parts
from components.environment import Environment
from components.names import ENVIRONMENT_TAG, Key, Role


def projects(environment: Environment, account: str) -> Document:
    """Everything of ours by name; Service Catalog invents ids, so there by the environment's tag where an action takes one."""
    names = environment.names
    packages = [
        names.arn("codeartifact", f"{what}/{names.package_domain}{rest}", account=account)
        for what, rest in (("domain", ""), ("repository", "/*"))
    ]
    topic = names.arn("sns", names.approvals_topic, account=account)
    catalog = [f"arn:{names.partition}:catalog:{names.region}:{account}:{what}/*" for what in ("portfolio", "product")]
    new: Conditions = {"StringEquals": {f"aws:RequestTag/{ENVIRONMENT_TAG}": names.prefix}}
    storage, by_alias = parts.key(environment, account, Key.STORAGE)
    return document(
        allow(
            "Packages",
            [
                "codeartifact:AssociateExternalConnection",
                "codeartifact:AssociateWithDownstreamRepository",
                "codeartifact:CreateDomain",
                "codeartifact:CreateRepository",
                "codeartifact:DeleteDomain",
                "codeartifact:DeleteDomainPermissionsPolicy",
                "codeartifact:DeleteRepository",
                "codeartifact:DeleteRepositoryPermissionsPolicy",
                "codeartifact:DescribeDomain",
                "codeartifact:DescribeRepository",
                "codeartifact:DisassociateExternalConnection",
                "codeartifact:GetDomainPermissionsPolicy",
                "codeartifact:GetRepositoryPermissionsPolicy",
                "codeartifact:ListTagsForResource",
                "codeartifact:PutDomainPermissionsPolicy",
                "codeartifact:PutRepositoryPermissionsPolicy",
                "codeartifact:TagResource",
                "codeartifact:UntagResource",
                "codeartifact:UpdateRepository",
            ],
            packages,
        ),
        allow("DescribePackagesKey", "kms:DescribeKey", storage, when=by_alias),
        *function(environment, account, names.project_function, Role.PROJECT_FUNCTION, what="Project"),
        allow(
            "Topic",
            [
                "sns:CreateTopic",
                "sns:DeleteTopic",
                "sns:GetTopicAttributes",
                "sns:ListTagsForResource",
                "sns:SetTopicAttributes",
                "sns:TagResource",
                "sns:UntagResource",
            ],
            topic,
        ),
        # What is new has no ARN to name; its tags say whose it is.
        allow("NewCatalog", ["servicecatalog:CreatePortfolio", "servicecatalog:CreateProduct"], "*", when=new),
        allow(
            "Catalog",
            [
                "servicecatalog:AssociatePrincipalWithPortfolio",
                "servicecatalog:AssociateProductWithPortfolio",
                "servicecatalog:CreateConstraint",
                "servicecatalog:CreateProvisioningArtifact",
                "servicecatalog:DeletePortfolio",
                "servicecatalog:DeleteProduct",
                "servicecatalog:DeleteProvisioningArtifact",
                "servicecatalog:DescribePortfolio",
                "servicecatalog:DescribeProductAsAdmin",
                "servicecatalog:DescribeProvisioningArtifact",
                "servicecatalog:DisassociatePrincipalFromPortfolio",
                "servicecatalog:DisassociateProductFromPortfolio",
                "servicecatalog:ListPortfoliosForProduct",
                "servicecatalog:ListPrincipalsForPortfolio",
                "servicecatalog:ListProvisioningArtifacts",
                "servicecatalog:ListTagsForResource",
                "servicecatalog:TagResource",
                "servicecatalog:UntagResource",
                "servicecatalog:UpdatePortfolio",
                "servicecatalog:UpdateProduct",
                "servicecatalog:UpdateProvisioningArtifact",
            ],
            catalog,
        ),
        allow(
            "Constraints",
            [
                "servicecatalog:DeleteConstraint",
                "servicecatalog:DescribeConstraint",
                "servicecatalog:UpdateConstraint",
            ],
            "*",  # take no resource
        ),
        # A product's template is read and checked for whoever publishes it.
        allow("CheckTemplates", "cloudformation:ValidateTemplate", "*"),  # takes no resource
        parts.pass_roles(
            environment, account, [Role.PRODUCTS_LAUNCH], "servicecatalog.amazonaws.com", sid="PassLaunchRole"
        ),
    )
