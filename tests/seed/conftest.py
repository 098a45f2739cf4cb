"""The AWS SDK is loaded before any test module imports a component."""

from tests.components import sdk

sdk.load()
