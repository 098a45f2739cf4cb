"""A model's whole life on one machine: the seed code unchanged, AWS simulated. Runs in `.venv-seed`; `ops/lifecycle.py` starts it."""
