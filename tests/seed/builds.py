"""A build's own tests, with nothing to import but what its requirements install."""

import subprocess
from pathlib import Path

from ops import seed

_RUN = """
import importlib.abc, re, sys
from importlib.metadata import packages_distributions
import pytest

def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()

with open("requirements.txt", encoding="utf-8") as file:
    given = {plain(re.split(r"[=\\[ ]", line)[0]) for line in file if line[:1].isalnum()}
hidden = {module for module, owners in packages_distributions().items() if not {plain(owner) for owner in owners} & given}

class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"{name} is not among the requirements", name=name)

sys.meta_path.insert(0, Hide())
sys.path.insert(0, "")
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider"]))
"""


def run_tests(repository: Path) -> subprocess.CompletedProcess[str]:
    """Run a repository's tests in the seed code's environment, whose other packages are hidden.

    Args:
        repository: The folder that becomes a repository.
    """
    return seed.run(["-c", _RUN], folder=repository)
