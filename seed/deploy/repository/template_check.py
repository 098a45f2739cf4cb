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
        StopError: One of them is not the one that the platform published.
    """
    bucket = settings["buckets/artifacts"]
    archive, configuration = settings["rules/archive"], settings["rules/configuration"]
    # The configuration's key is its hash; the archive's is told beside it.
    hashes = {archive: settings["rules/sha256"], configuration: Path(configuration).stem}
    rules, rules_configuration = folder / "rules.zip", folder / "rules.json"
    for key, path in ((archive, rules), (configuration, rules_configuration)):
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        found = hashlib.sha256(content).hexdigest()
        if found != hashes[key]:
            raise StopError(
                f"The rules in s3://{bucket}/{key} have SHA-256 {found}, the platform published {hashes[key]}. "
                "Ask the platform's administrators who changed them"
            )
        path.write_bytes(content)
    return rules, rules_configuration


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
