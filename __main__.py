"""The program: read the configuration, resolve the accounts, build the platform, export."""

import pulumi

from components.config import load, stack_configuration
from components.lookups import resolve_units
from components.platform import Platform
from components.projects import Rules, configuration_of
from policy import archive

configuration = stack_configuration()
built = archive.build()
rules = Rules(content=built.content, sha256=built.sha256, configuration=configuration_of(configuration))
platform = Platform(resolve_units(load(configuration)), rules)
for name, value in platform.outputs().items():
    pulumi.export(name, value)
