import labtwin
import pytest


def test_the_load_that_fits_meets_the_objectives_and_the_next_does_not(scenario: labtwin.Scenario) -> None:
    calm = scenario.with_({"services.nightly-etl.enabled": False}, horizon="10 min", replications=2)
    frame = labtwin.capacity(calm, what_ifs=False)
    assert frame.attrs["unit"] == "users"
    (row,) = frame.to_dict("records")
    assert row["low"] <= row["load"] <= row["high"]
    assert row["breaks_at"] == row["load"] + 1
    assert row["breaks"] == "p95 of agents"
    for users, met in ((row["load"], True), (row["breaks_at"], False)):
        frame = labtwin.sweep(calm, {"workloads.agents.arrivals.users": [int(users)]})
        assert frame["slos_met"].tolist() == [met]


def test_an_unknown_workload_is_a_config_error(scenario: labtwin.Scenario) -> None:
    with pytest.raises(labtwin.ConfigError, match="must be one of agents"):
        labtwin.capacity(scenario, workload="agent")
