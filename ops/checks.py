"""`./mlops test`: lint, types and all tests, offline. Pytest's own summary is the last line."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def run(arguments: argparse.Namespace) -> int:
    """Run the checks side by side, then the tests.

    Returns:
        The exit status of the first that failed, else 0.
    """
    checks = {
        "lint": [BIN / "ruff", "check", "--quiet", "."],
        "format": [BIN / "ruff", "format", "--check", "--quiet", "."],
        "types": [BIN / "basedpyright", "--level", "error"],
    }
    started = time.monotonic()
    running = {
        name: subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 - our own tools
        for name, command in checks.items()
    }
    failed = 0
    for name, process in running.items():
        output, _ = process.communicate()
        print(
            f"{name}: {'ok' if process.returncode == 0 else 'failed'} ({time.monotonic() - started:.0f} s)", flush=True
        )
        if process.returncode:
            print(output, flush=True)
            failed = failed or process.returncode
    if failed:
        return failed
    tests = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", "-q", *arguments.arguments]
    return subprocess.run(tests, cwd=ROOT, check=False).returncode  # noqa: S603 - our own tests
