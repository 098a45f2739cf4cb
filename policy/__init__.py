"""Security rules: pure functions over a neutral resource model, and adapters that run them where resources are declared."""
