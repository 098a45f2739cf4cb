"""What a person does beside the deployment: publish packages, upload data. Runs in `.venv-seed`; `ops/packages.py` and `ops/projects.py` start it."""
