"""Checks of a generated template: cfn-lint, and the platform's own rules, which come as one program with a known hash."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from platform_settings import Settings, StopError

_TIMEOUT = 300


def fetch_rules(s3: Any, settings: Settings, folder: Path) -> tuple[Path, Path]:  # noqa: ANN401
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


def check_template(template: Path, *, region: str, rules: Path, configuration: Path) -> None:
    """Run both checks over a template.

    Raises:
        StopError: One of them found something, which the message repeats.
    """
    # As modules of this very Python, whatever is on PATH; warnings are findings too.
    lint = [sys.executable, "-c", "from cfnlint import main; main()", "--regions", region, "--template", str(template)]
    own = [sys.executable, str(rules), str(template), "--config", str(configuration)]
    for what, command in (("cfn-lint", lint), ("The platform's rules", own)):
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
        output = (done.stdout + done.stderr).strip()
        if done.returncode:
            raise StopError(f"{what} refused {template.name}:\n{output}")
        if output:
            print(output)
