"""Adapters: what declares resources, translated into the neutral model."""
