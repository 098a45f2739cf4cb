"""The policy pack: `pulumi preview --policy-pack policy`. Its constructor serves the engine and never returns."""

import sys
from pathlib import Path

# The engine runs a pack in its own folder; the rules are a package of the project.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi.runtime.config import get_config_env
from pulumi_policy import PolicyPack

from policy.adapters.crossguard import Pack

PolicyPack("secure-mlops", Pack(get_config_env()).policies())
