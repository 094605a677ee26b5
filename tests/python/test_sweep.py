from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import labtwin
import pytest

RATES = ["50 MB/s", "400 MB/s"]


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor(2), ProcessPoolExecutor(2, get_context("spawn"))])
def test_a_sweep_has_a_row_per_point_wherever_it_runs(scenario: labtwin.Scenario, executor: Executor | None) -> None:
    frame = labtwin.sweep(scenario.with_(replications=1), {"services.nightly-etl.rate_limit": RATES, "seed": [1, 2]}, executor=executor)
    assert list(frame["services.nightly-etl.rate_limit"]) == [RATES[0], RATES[0], RATES[1], RATES[1]]
    assert list(frame["seed"]) == [1, 2, 1, 2]
    assert (frame["p50_s"] <= frame["p95_s"]).all()
    if executor is not None:
        executor.shutdown()


def test_a_wrong_point_is_a_config_error(scenario: labtwin.Scenario) -> None:
    with pytest.raises(labtwin.ConfigError, match="rate_limit"):
        labtwin.sweep(scenario, {"services.nightly-etl.rate_limit": ["fast"]})
