"""What services say of things that the simulation runs itself: projects, builds, runs of CodePipeline, executions of SageMaker pipelines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Records:
    """Kept by whoever runs them, told by `moto_gaps`.

    Attributes:
        projects: SageMaker project -> its id.
        build_projects: CodeBuild project -> its environment variables, as CodeBuild has them.
        builds: Id of a build -> its log group and stream.
        runs: CodePipeline -> id of a run -> its status, oldest first.
        states: CodePipeline -> stage -> its state.
        executions: ARN of an execution -> its status, reason and steps.
        records: Feature group -> records that were put.
        spaces: Studio space -> the profile that owns it.
        start: Called with the ARN of an execution that starts; without it moto's own succeed at once.
    """

    projects: dict[str, str] = field(default_factory=dict)
    build_projects: dict[str, list[Json]] = field(default_factory=dict)
    builds: dict[str, Json] = field(default_factory=dict)
    runs: dict[str, dict[str, str]] = field(default_factory=dict)
    states: dict[str, dict[str, Json]] = field(default_factory=dict)
    executions: dict[str, Json] = field(default_factory=dict)
    records: dict[str, list[Json]] = field(default_factory=dict)
    spaces: dict[str, str] = field(default_factory=dict)
    start: Callable[[str], None] | None = None
