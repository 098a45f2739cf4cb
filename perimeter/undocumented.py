"""What AWS does not document of where its services ask from: which way the policies assume, and what opens the other.

The policies let in the way that is assumed and no other, so a wrong guess is a refused request in CloudTrail, never an open door. Who meets one
adds the path's name to `mlops:perimeter.alsoOpen`; the roles named here are then spared by the endpoint deny, for that one task.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Path:
    """A path that AWS does not document.

    Attributes:
        name: Its name in `mlops:perimeter.alsoOpen`; None where the policies already let in either way.
        what: Who asks for what.
        assumed: The way that the policies let in.
        other: What is let in as well when it is opened.
    """

    name: str | None
    what: str
    assumed: str
    other: str


PATHS: tuple[Path, ...] = (
    Path(
        name="capture",
        what="An endpoint writes what it captures (`data-capture/` of the capture bucket)",
        assumed="Through the endpoint of its own VPC, or as a service that acts for the model's role",
        other="SageMakerModelExecutionRole puts objects below `data-capture/` from elsewhere",
    ),
    Path(
        name="buildSource",
        what="A build in a VPC fetches its source and leaves its output (the project's bucket)",
        assumed="Through the endpoint of its VPC",
        other="BuildRole, ReleaseRole and TestRole get and put the project's objects from elsewhere",
    ),
    Path(
        name="modelData",
        what="CreateModel checks a model's archive (the models bucket)",
        assumed="Through an endpoint of the environment, or as a service that acts for the model's role",
        other="SageMakerModelExecutionRole reads approved archives from elsewhere",
    ),
    Path(
        name=None,
        what="Service Catalog takes a launch role",
        assumed="Its trust asks for no source account or ARN: whether the request carries one is not known",
        other="Nothing to open; launch roles can make exactly the templates' resources",
    ),
)
