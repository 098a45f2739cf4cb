"""The program: read the configuration, resolve the accounts, build the platform, export."""

import pulumi

from components.config import load, stack_configuration
from components.hook import HookCode
from components.lookups import resolve_units
from components.platform import Platform
from components.projects import Rules, configuration_of
from policy import archive
from policy.adapters.hook import CONFIGURATION

configuration = stack_configuration()
settings = resolve_units(load(configuration))
published = configuration_of(configuration, settings.accounts)
built = archive.build()
rules = Rules(content=built.content, sha256=built.sha256, configuration=published)
hook = HookCode.of(
    archive.hook_files(), {CONFIGURATION: published}, folder=archive.ROOT, handler="policy.adapters.hook.handler"
)
platform = Platform(settings, rules, hook)
for name, value in platform.outputs().items():
    pulumi.export(name, value)
