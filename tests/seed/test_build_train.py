"""The build repository against the platform: what the seed's own tests, which know nothing of it, cannot see."""

import re
from pathlib import Path

import pytest
import yaml

from ops import seed
from tests.seed.builds import run_tests
from tests.seed.test_deploy import pins

REPOSITORY = Path(seed.ROOT) / "seed" / "build_train" / "repository"
ABALONE = seed.ROOT.parent / "shared" / "data" / "abalone.csv"

MEASURE = """
import json, sys
import numpy, pipeline, xgboost
from abalone import features
from pathlib import Path
from process import read, split

def matrix(rows):
    return xgboost.DMatrix(numpy.array([features(row) for row in rows]), label=[row["rings"] for row in rows])

rows, found = read(Path(sys.argv[1])), []
for seed in range(1, 6):
    parts = split(rows, seed)
    hyperparameters = {key: value for key, value in pipeline.HYPERPARAMETERS.items() if key != "num_round"}
    model = xgboost.train(hyperparameters, matrix(parts["train"]), pipeline.HYPERPARAMETERS["num_round"])
    test = matrix(parts["test"])
    found.append(float(numpy.sqrt(numpy.mean((model.predict(test) - test.get_label()) ** 2))))
print(json.dumps({"rmse": sum(found) / len(found), "gate": pipeline.RMSE_THRESHOLD}))
"""


def test_its_own_tests_pass() -> None:
    done = run_tests(REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_requirements_are_the_platforms() -> None:
    """Packages are published from the seed's lock: what is pinned otherwise could not be installed."""
    platform = pins(seed.LOCK)
    own = pins(REPOSITORY / "requirements.txt")
    assert len(own) > 50
    assert {name.partition("==")[0] for name in own} >= {"sagemaker", "boto3", "xgboost-cpu", "pytest"}
    assert {name: hashes for name, hashes in own.items() if platform.get(name) != hashes} == {}


def test_models_are_evaluated_with_the_xgboost_of_the_container() -> None:
    """The tag of the container is its XGBoost's version, with a hyphen."""
    container = re.search(r'(?m)^XGBOOST = "(.+)"$', (REPOSITORY / "pipeline.py").read_text(encoding="utf-8"))
    assert container is not None
    for lock in (seed.LOCK, REPOSITORY / "requirements.txt"):
        assert f"xgboost-cpu=={container[1].replace('-', '.')}" in pins(lock)


@pytest.mark.parametrize(
    "file", sorted(seed.LOCK.parent.glob("*/repository/buildspec*.yml")), ids=lambda file: file.name
)
def test_builds_run_the_python_that_the_lock_is_made_for(file: Path) -> None:
    made = re.search(r"--python-version (\S+)", seed.LOCK.with_suffix(".in").read_text(encoding="utf-8"))
    assert made is not None
    build = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 (all is text)
    assert build["phases"]["install"]["runtime-versions"]["python"] == made[1]


def test_it_imports_nothing_of_the_platform() -> None:
    own = "bootstrap|components|ops|perimeter|policy|sandbox"
    sources = {path.name: path.read_text(encoding="utf-8") for path in REPOSITORY.rglob("*.py")}
    assert len(sources) > 8
    assert [name for name, text in sources.items() if re.search(rf"(?m)^\s*(from|import) ({own})\b", text)] == []


@pytest.mark.skipif(not ABALONE.exists(), reason="the real file is not beside the project")
def test_the_real_file_is_learnt_well_enough() -> None:
    """A mean predictor errs by 3.2 rings; the gate is well below."""
    environment = {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'steps'}", "AWS_EC2_METADATA_DISABLED": "true"}
    done = seed.run(["-c", MEASURE, ABALONE], folder=REPOSITORY, environment=environment)
    assert done.returncode == 0, done.stderr
    found = re.search(r'\{"rmse": ([\d.]+), "gate": ([\d.]+)\}', done.stdout)
    assert found is not None
    assert float(found[1]) <= 2.2 < float(found[2]) < 3.0
