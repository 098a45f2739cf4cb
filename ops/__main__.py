"""`./mlops <command>`: parses the command line and runs the command; mistakes of the user end with exit status 2 and one message."""

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

from ops.errors import UserError
from sandbox.faults import RETRIES

BAD_INPUT = 2
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="./mlops", description="A secure multi-account MLOps platform on Amazon SageMaker."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    rehearse = commands.add_parser("rehearse", help="deploy a stack into simulated accounts")
    rehearse.add_argument("--stack", default="dev", help="the stack (default: dev)")
    rehearse.add_argument("--preview", action="store_true", help="stop after the plan")
    rehearse.add_argument(
        "--engine",
        default=os.environ.get("MLOPS_ENGINE", "auto"),
        help="pulumi: the real engine; inprocess; auto: the real one if its CLI is there (default: MLOPS_ENGINE, or auto)",
    )
    rehearse.add_argument(
        "--install", action="store_true", help="install the Pulumi CLI under .sandbox/ if it is missing"
    )
    _add_faults(rehearse)
    lifecycle = commands.add_parser("lifecycle", help="a model's whole life on this machine, with the seed code")
    lifecycle.add_argument("--stack", default="dev", help="the stack (default: dev)")
    lifecycle.add_argument("--data", type=Path, help="UCI's Abalone file (default: made-up measurements)")
    lifecycle.add_argument("--single-account", action="store_true", help="both stages in the development account")
    _add_packages(commands.add_parser("packages", help="the package repository that builds install from"))
    _add_projects(commands.add_parser("projects", help="what projects need beside their code"))
    commands.add_parser("rules", help="print the rules, their levels, and what they found in the last rehearsal")
    test = commands.add_parser("test", help="lint, types and all tests, offline")
    test.add_argument("arguments", nargs="*", help="arguments for pytest, after --")
    bench = commands.add_parser("bench", help="measure")
    bench.add_argument(
        "what",
        choices=["plan", "pack", "engine", "lifecycle"],
        help="plan: the program; pack: the rules; both by number of accounts; engine: Pulumi's engine on dev; "
        "lifecycle: a model's whole life",
    )
    bench.add_argument("--accounts", default="2,20,200", help="numbers of target accounts (default: 2,20,200)")
    bench.add_argument("--runs", type=int, default=5, help="interleaved runs of the comparison (default: 5)")
    bench.add_argument("--data", type=Path, help="lifecycle: UCI's Abalone file, measured too")
    docs = commands.add_parser("docs", help="write the README's tables from the code")
    docs.add_argument("--check", action="store_true", help="write nothing; fail if they are stale")
    _add_bootstrap(
        commands.add_parser("bootstrap", help="CloudFormation templates of what must exist before the first up")
    )
    return top


def _add_faults(rehearse: argparse.ArgumentParser) -> None:
    faults = rehearse.add_argument_group(
        "faults", "what goes wrong in the deploy; a change is a thing that is made, changed or deleted"
    )
    faults.add_argument(
        "--throttle",
        metavar="N[:TIMES]",
        help=f"AWS throttles every N-th change, TIMES times (default: 1); the provider tries again {RETRIES} times, then the step fails and the next run takes it",
    )
    faults.add_argument("--crash-after", metavar="N", help="break off after N changes; the next run continues")
    faults.add_argument(
        "--latency",
        action="append",
        default=[],
        metavar="KIND=SECONDS",
        help="each change of a kind (ec2.Vpc, as the plan has it, or its type) takes so long; repeat",
    )


def _add_packages(packages: argparse.ArgumentParser) -> None:
    actions = packages.add_subparsers(dest="action", required=True, metavar="action")
    publish = actions.add_parser("publish", help="publish the locked wheels of the project templates, each once")
    publish.add_argument("--stack", default="dev", help="the stack (default: dev)")


def _add_projects(projects: argparse.ArgumentParser) -> None:
    actions = projects.add_subparsers(dest="action", required=True, metavar="action")
    upload = actions.add_parser("upload", help="check a file of data and put it where the project's pipeline reads it")
    upload.add_argument("--project", required=True, metavar="NAME", help="the project's name")
    upload.add_argument("--stack", default="dev", help="the stack (default: dev)")
    upload.add_argument("file", type=Path, metavar="FILE", help="a CSV file in the form of UCI's Abalone data")


def _add_bootstrap(bootstrap: argparse.ArgumentParser) -> None:
    templates = ["account", "organization", "pipeline", "roles"]
    bootstrap.add_argument(
        "what", choices=templates, help="which template; docs/first-day.md says who applies it where"
    )
    bootstrap.add_argument("--stack", default="dev", help="the stack (default: dev)")
    who = bootstrap.add_argument_group("pipeline", "who runs Pulumi")
    who.add_argument("--github", metavar="OWNER/NAME", help="the repository whose GitHub Actions deploy")
    who.add_argument("--gitlab", metavar="GROUP/NAME", help="the project whose GitLab jobs deploy")
    who.add_argument("--gitlab-host", default="gitlab.com", help="your GitLab (default: gitlab.com)")
    who.add_argument(
        "--principal", action="append", default=[], metavar="ARN", help="a role of yours that deploys; repeat"
    )
    who.add_argument(
        "--engineer", action="append", default=[], metavar="ARN", help="a role of people who make stacks; repeat"
    )
    who.add_argument("--existing-provider", action="store_true", help="the account has the identity provider already")
    handed = bootstrap.add_argument_group("roles", "for mlops:roles.create: false")
    handed.add_argument("--account", help="the account")
    handed.add_argument("--subnet", action="append", default=[], help="a private subnet of it; repeat")
    handed.add_argument("--security-group", action="append", default=[], help="its workload group; repeat")
    handed.add_argument("--data-key", help="ARN of its data key")
    handed.add_argument("--storage-key", help="ARN of its storage key")
    handed.add_argument("--studio-endpoint", action="append", default=[], help="its SageMaker API endpoint; repeat")


def main() -> int:
    """Run the command; its exit status."""
    arguments = parser().parse_args()
    # Imported when needed: the sandbox and the SDK take a while.
    modules = {
        "bench": "ops.bench",
        "bootstrap": "ops.bootstrap",
        "docs": "ops.docs",
        "lifecycle": "ops.lifecycle",
        "packages": "ops.packages",
        "projects": "ops.projects",
        "rehearse": "ops.rehearse",
        "rules": "ops.rules",
        "test": "ops.checks",
    }
    from components.mistakes import ConfigurationError  # noqa: PLC0415 - pydantic takes a while, and --help should not

    try:
        return int(import_module(modules[arguments.command]).run(arguments))
    except (UserError, ConfigurationError) as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted: what was done is kept; the next run continues\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
