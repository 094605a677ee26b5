import pickle
from pathlib import Path

import labtwin
import numpy as np
import pytest


def test_with_returns_another_scenario(scenario: labtwin.Scenario) -> None:
    changed = scenario.with_({"services.nightly-etl.rate_limit": "200 MB/s"}, seed=7)
    assert changed.overrides == (*scenario.overrides, ("services.nightly-etl.rate_limit", '"200 MB/s"'), ("seed", "7"))
    assert changed != scenario
    assert "seed" not in dict(scenario.overrides)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("24 GiB", '"24 GiB"'),
        (3, "3"),
        (0.5, "0.5"),
        (True, "true"),
        (np.float64(0.25), "0.25"),
        (["50 MB/s", "1 GB/s"], '["50 MB/s", "1 GB/s"]'),
        ({"block": "1 MiB", "depth": 8}, '{ "block" = "1 MiB", "depth" = 8 }'),
    ],
)
def test_values_become_toml(scenario: labtwin.Scenario, value: object, text: str) -> None:
    assert scenario.with_({"key": value}).overrides[-1] == ("key", text)


def test_a_value_that_toml_cannot_hold_is_refused(scenario: labtwin.Scenario) -> None:
    with pytest.raises(TypeError, match="cannot stand in a scenario"):
        scenario.with_(seed=object())


def test_scenarios_are_values(scenario: labtwin.Scenario) -> None:
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    assert len({scenario, scenario.with_({})}) == 1


def test_a_missing_file_is_a_config_error() -> None:
    with pytest.raises(labtwin.ConfigError, match="nowhere.toml"):
        labtwin.load("nowhere.toml")


def test_config_error_is_a_value_error_and_names_every_mistake(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('title = "x"\nlab = "labs/none.toml"\nhorizon = "2 parsecs"\nsede = 1\n')
    with pytest.raises(ValueError) as caught:
        labtwin.load(file)
    text = str(caught.value)
    assert f"{file}:3:" in text
    assert "horizon" in text
    assert 'did you mean "seed"?' in text


def test_an_unknown_override_is_a_config_error(scenario: labtwin.Scenario) -> None:
    with pytest.raises(labtwin.ConfigError, match="rate_limt"):
        scenario.with_({"services.nightly-etl.rate_limt": "200 MB/s"}).check()
