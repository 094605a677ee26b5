"""A small scenario that every test can afford, and one run of it."""

from pathlib import Path

import labtwin
import matplotlib
import pytest

matplotlib.use("Agg")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def scenario() -> labtwin.Scenario:
    flagship = labtwin.load(ROOT / "scenarios" / "noisy_neighbour.toml")
    return flagship.with_({"horizon": "10 min", "warm_up": "2 min", "replications": 2})


@pytest.fixture(scope="session")
def results(scenario: labtwin.Scenario) -> labtwin.Results:
    return labtwin.run(scenario)
