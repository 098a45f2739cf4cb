"""The deploy build: `COMMAND=build` decides what is deployed, `check` looks again before a stage, `record` notes that it serves."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from artifacts import BASELINE, Artifact, baseline_of, check_artifact, read_json, set_approved
from deployment_check import Target, check_targets
from endpoint_template import Endpoint, template
from images import by_digest
from platform_settings import Settings, environment, read_settings
from project import Clients, Project, command_of, handed_on, read_release, run
from record import record
from registry import Roles, Version, check_approver, check_group, newest_approved, note
from serving import PARAMETER, Served, served, stack_set_of
from stage_check import check_stage
from stages import STAGES, Stage, accounts_of, check_instance_types, read_stages
from template_check import check_templates, fetch_rules

FOLDER = Path("release")
"""What the build hands on, relative to the repository."""

EXPORTED = Path("exported.env")
"""Variables that the build exports to the pipeline: `DEPLOY` and `VERSION`."""


def build(project: Project, clients: Clients, *, multi_account: str, folder: Path = FOLDER) -> bool:
    """Decide what is deployed where, check all of it, mark it as approved and write what the later stages need.

    Args:
        project: The project.
        clients: Of the development account.
        multi_account: `YES` or `NO`.
        folder: Where the files go.

    Returns:
        Whether there is anything to deploy.

    Raises:
        StopError: In words; nothing is deployed.
    """
    settings = read_settings(clients("ssm"), project.prefix)
    stages = read_stages()
    check_instance_types(stages, settings)
    development = clients.account
    accounts = accounts_of(settings, multi_account=multi_account, development=development)
    targets = check_targets(
        settings,
        development,
        sorted({*accounts["staging"], *accounts["prod"]}),
        lambda role: clients.under(role, "ssm"),
    )
    version, approver, artifact = _approved_version(project, clients, settings)
    templates = _templates(project, clients, settings, stages, version)
    folder.mkdir(parents=True, exist_ok=True)
    _write_templates(folder, templates, clients, settings)
    _mark(clients, settings, version, artifact)
    note(clients("sagemaker"), version.arn, Roles.of(settings), {"artifact_version": artifact.version_id})
    deployed = {stage: served(clients("cloudformation"), stack_set_of(project.stem, stage)) for stage in STAGES}
    _write(
        folder,
        project=project,
        version=version,
        approver=approver,
        artifact=artifact,
        accounts=accounts,
        targets=targets,
        deployed=deployed,
        golden=read_json(clients("s3"), baseline_of(version).below("golden.json")),
    )
    return not all(_is_deployed(deployed[stage], version, templates[stage], accounts[stage], stage) for stage in STAGES)


def _approved_version(project: Project, clients: Clients, settings: Settings) -> tuple[Version, str, Artifact]:
    sagemaker = clients("sagemaker")
    check_group(sagemaker, project.group, project.prefix)
    version = newest_approved(sagemaker, project.group)
    approver = check_approver(version, Roles.of(settings))
    print(f"Version {version.number} of {project.group}, approved by {approver}")
    return version, approver, check_artifact(clients("s3"), version)


def _templates(
    project: Project, clients: Clients, settings: Settings, stages: Mapping[str, Stage], version: Version
) -> dict[str, str]:
    """Stage -> its template as text, the same for the same version and choices."""
    baseline = baseline_of(version)
    constraints = read_json(clients("s3"), baseline.below("constraints.json"))
    metric = read_json(clients("s3"), baseline.below("golden.json"))["metric"]
    monitor = settings.get("images/model-monitor")
    if monitor is None:
        print(f"Model Monitor has no image in {clients.region}: the endpoints are not monitored for drift")
    image = by_digest(clients("ecr"), version.image, version.image_digest)
    return {
        name: json.dumps(
            template(
                Endpoint(
                    prefix=project.prefix,
                    project_name=project.name,
                    project_id=project.id,
                    stage=name,
                    choices=stages[name],
                    image=image,
                    artifact_url=version.artifact_url,
                    environment=version.environment,
                    baseline_url=baseline.url.rstrip("/"),
                    features=[feature["name"] for feature in constraints["features"]],
                    drift_threshold=_drift_threshold(constraints),
                    rmse_limit=metric["value"] + metric["tolerance"],
                    monitor_image=monitor,
                )
            ),
            indent=2,
        )
        for name in STAGES
    }


def _drift_threshold(constraints: Mapping[str, Any]) -> float:
    """The registered constraints' own; Model Monitor's default otherwise."""
    monitoring = constraints.get("monitoring_config", {})
    return float(monitoring.get("distribution_constraints", {}).get("comparison_threshold", 0.1))


def _write_templates(folder: Path, templates: Mapping[str, str], clients: Clients, settings: Settings) -> None:
    rules, configuration = fetch_rules(clients("s3"), settings, folder.parent)
    files = {folder / f"endpoint-{stage}.json": text for stage, text in templates.items()}
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    check_templates(list(files), region=clients.region, rules=rules, configuration=configuration)


def _mark(clients: Clients, settings: Settings, version: Version, artifact: Artifact) -> None:
    """Let the targets read the archive, in the very bytes that were hashed, and the baseline."""
    tag = f"{settings.prefix}:approved"
    set_approved(clients("s3"), artifact.place, tag, approved=True, version_id=artifact.which)
    for name in BASELINE:
        set_approved(clients("s3"), baseline_of(version).below(name), tag, approved=True)


def _write(
    folder: Path,
    *,
    project: Project,
    version: Version,
    approver: str,
    artifact: Artifact,
    accounts: Mapping[str, list[str]],
    targets: Mapping[str, Target],
    deployed: Mapping[str, Served | None],
    golden: Mapping[str, Any],
) -> None:
    release = {
        "version": version.arn,
        "number": version.number,
        "approved_by": approver,
        "artifact": {"url": version.artifact_url, "version_id": artifact.version_id, "sha256": artifact.sha256},
        "stages": {
            stage: {
                "endpoint": f"{project.stem}-{stage}",
                "stack_set": stack_set_of(project.stem, stage),
                "accounts": accounts[stage],
                **_replaced(deployed[stage]),
            }
            for stage in STAGES
        },
        "targets": {account: asdict(target) for account, target in targets.items()},
    }
    files: dict[str, Any] = {"release.json": release, "golden.json": golden}
    for stage in STAGES:
        files[f"parameters-{stage}.json"] = [{"ParameterKey": PARAMETER, "ParameterValue": version.arn}]
        files[f"accounts-{stage}.json"] = accounts[stage]
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")


def _replaced(state: Served | None) -> dict[str, Any]:
    """What serves until now, and in which accounts surely."""
    if state is None:
        return {"replaces": None, "serving": []}
    return {
        "replaces": state.version,
        "serving": sorted(account for account, status in state.accounts.items() if status == "CURRENT"),
    }


def _is_deployed(state: Served | None, version: Version, text: str, accounts: list[str], stage: str) -> bool:
    """Whether a stage has this version with this very template in all its accounts, tested and recorded.

    Recorded means: the note is of the stack set's last change. A deployment whose test failed, or that was interrupted, is done again.
    """
    return (
        state is not None
        and state.version == version.arn
        and json.loads(state.template or "null") == json.loads(text)
        and state.is_current
        and set(accounts) <= set(state.accounts)
        and version.metadata.get(f"deployed_{stage}_at") == state.since
    )


def _build() -> None:
    project, clients = Project.of_environment(), Clients()
    deploy = build(project, clients, multi_account=environment("MULTI_ACCOUNT"))
    version = read_release(FOLDER)["version"]
    EXPORTED.write_text(f"DEPLOY={'yes' if deploy else 'no'}\nVERSION={version}\n", encoding="utf-8")
    print(f"To deploy: {version}" if deploy else f"{version} is deployed already: the stages that follow are skipped")


def _check() -> None:
    project, clients, stage = Project.of_environment(), Clients(), environment("STAGE")
    release = read_release(handed_on("Release"))
    settings = read_settings(clients("ssm"), project.prefix)
    check_stage(clients("sagemaker"), clients("s3"), Roles.of(settings), f"{project.prefix}:approved", release)
    print(f"Still approved by {release['approved_by']} and unchanged: {release['version']} may go to {stage}")


def _record() -> None:
    project, clients = Project.of_environment(), Clients()
    settings = read_settings(clients("ssm"), project.prefix)
    release = read_release(handed_on("Release"))
    for line in record(
        clients("sagemaker"),
        clients("s3"),
        clients("cloudformation"),
        project.group,
        Roles.of(settings),
        f"{project.prefix}:approved",
        release,
    ):
        print(line)


COMMANDS: Mapping[str, Callable[[], None]] = {"build": _build, "check": _check, "record": _record}


def main() -> int:
    """Run the command that the pipeline's action names."""
    return run(lambda: command_of(COMMANDS)())  # noqa: PLW0108 (a command that is none of these is one message too)


if __name__ == "__main__":
    sys.exit(main())
