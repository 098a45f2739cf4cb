"""What people do beside the deployment: its own tests, in the seed code's environment."""

from ops import seed


def test_its_own_tests_pass() -> None:
    done = seed.run(["-m", "pytest", "-q", "-p", "no:cacheprovider"], folder=seed.ROOT / "seed" / "tools")
    assert done.returncode == 0, done.stdout + done.stderr
