import pickle

import labtwin
import matplotlib.pyplot as plt
import numpy as np
import pytest


def test_blame_sums_to_the_mean_sojourn_time(results: labtwin.Results) -> None:
    blame = results.blame.where(workload=results.workload)
    mean_s = results.latency.where(workload=results.workload, stage="")["mean_s"][0]
    assert blame["mean_s"].sum() == pytest.approx(mean_s, rel=1e-6)
    assert blame["tail_share"].sum() == pytest.approx(1.0, rel=1e-6)


def test_requests_are_columns_of_floats(results: labtwin.Results) -> None:
    sojourn_s = results.requests["e2e_latency_s"]
    assert sojourn_s.dtype == np.float64
    assert sojourn_s.size > 10
    assert (sojourn_s > 0).all()


def test_an_unknown_column_names_the_nearest(results: labtwin.Results) -> None:
    with pytest.raises(KeyError, match="e2e_latency_s"):
        results.requests["e2e_latency"]


def test_frames_have_units_in_their_names(results: labtwin.Results) -> None:
    frame = results.to_frame()
    assert len(frame) == results.requests["e2e_latency_s"].size
    assert {"mean_s", "p95_s"} <= set(results.latency.to_frame().columns)


def test_the_same_seed_gives_the_same_answer(scenario: labtwin.Scenario, results: labtwin.Results) -> None:
    assert labtwin.run(scenario).document == results.document


def test_another_seed_gives_another_answer(scenario: labtwin.Scenario, results: labtwin.Results) -> None:
    other = labtwin.run(scenario, seed=results.document["seed"] + 1, replications=1)
    assert other.document["seed"] == results.document["seed"] + 1
    assert other.document["latency"] != results.document["latency"]


def test_a_run_without_requests_says_so(scenario: labtwin.Scenario) -> None:
    with pytest.raises(ValueError, match="keep_requests"):
        _ = labtwin.run(scenario, replications=1, keep_requests=False).requests


def test_results_survive_a_trip_to_another_process(results: labtwin.Results) -> None:
    copy = pickle.loads(pickle.dumps(results))
    assert copy.document == results.document
    np.testing.assert_array_equal(copy.requests["e2e_latency_s"], results.requests["e2e_latency_s"])


def test_a_picture_is_drawn(results: labtwin.Results) -> None:
    figure = results.plot()
    assert figure.axes[-1].get_xlabel().endswith("(s)")
    plt.close(figure)


def test_a_notebook_shows_answer_and_picture(results: labtwin.Results) -> None:
    page = results._repr_html_()
    assert "<svg" in page
    assert results.answer[0][:20] in page
