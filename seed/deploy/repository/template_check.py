"""Checks of generated templates: cfn-lint, and the platform's own rules, which come as one program with a known hash."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from platform_settings import Settings, StopError

_TIMEOUT = 300


def fetch_rules(s3: Any, settings: Settings, folder: Path) -> tuple[Path, Path]:
    """Download the rules and their configuration from the artifacts bucket.

    Returns:
        Paths of the archive and of the configuration.

    Raises:
        StopError: The archive is not the one that the platform published.
    """
    bucket, key = settings["buckets/artifacts"], settings["rules/archive"]
    archive = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    found, published = hashlib.sha256(archive).hexdigest(), settings["rules/sha256"]
    if found != published:
        raise StopError(
            f"The rules in s3://{bucket}/{key} have SHA-256 {found}, the platform published {published}. "
            "Ask the platform's administrators who changed them"
        )
    rules, configuration = folder / "rules.zip", folder / "rules.json"
    rules.write_bytes(archive)
    configuration.write_bytes(s3.get_object(Bucket=bucket, Key=settings["rules/configuration"])["Body"].read())
    return rules, configuration


def check_templates(templates: Sequence[Path], *, region: str, rules: Path, configuration: Path) -> None:
    """Run both checks over templates.

    Raises:
        StopError: One of them found something, which the message repeats.
    """
    # By this very Python, whatever is on PATH; cfn-lint's warnings are findings too.
    files = list(map(str, templates))
    lint = [
        sys.executable,
        "-c",
        "import sys; from cfnlint.runner import main; sys.exit(main())",
        "--regions",
        region,
        "--template",
        *files,
    ]
    own = [[sys.executable, str(rules), file, "--config", str(configuration)] for file in files]
    for what, command in (("cfn-lint", lint), *(("The platform's rules", command) for command in own)):
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
        output = (done.stdout + done.stderr).strip()
        if done.returncode:
            raise StopError(f"{what} refused what would be deployed:\n{output}")
        if output:
            print(output)
