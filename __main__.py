"""The program: read the configuration, resolve the accounts, build the platform, export."""

import pulumi

from components.config import load, stack_configuration
from components.lookups import resolve_units
from components.platform import Platform

platform = Platform(resolve_units(load(stack_configuration())))
for name, value in platform.outputs().items():
    pulumi.export(name, value)
