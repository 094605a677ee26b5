"""Runs scenarios: one, or one per point of a sweep, each in worker processes of its own."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from labtwin import _labtwin
from labtwin.results import Results, Table
from labtwin.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

WORKER = Path(__file__).parent / "labtwin-worker"


class Executor(Protocol):
    """What `concurrent.futures` executors, Dask clients and their like have in common."""

    def submit(self, function: Any, /, *arguments: Any) -> Any: ...


def run(
    scenario: Scenario | str | os.PathLike[str],
    *,
    seed: int | None = None,
    replications: int | None = None,
    keep_requests: bool = True,
    executor: Executor | None = None,
) -> Results:
    """Runs a scenario, its what-ifs and its sweep. The same scenario and seed give the same results, byte for byte.

    Args:
        scenario: a scenario, or the path of one.
        seed: replaces the scenario's.
        replications: how often to repeat the run with other luck and other draws of what is not known of its parts, which is what
            intervals come from; replaces the scenario's.
        keep_requests: keep one row per request of replication 0, for `Results.requests`.
        executor: where to run; this machine unless given.

    Raises:
        ConfigError: the scenario has mistakes; all of them at once.
        WorkerError: a simulation process died.

    Example:
        >>> import labtwin
        >>> results = labtwin.run("scenarios/noisy_neighbour.toml", replications=4)  # doctest: +SKIP
        >>> results.met  # doctest: +SKIP
        False
    """
    changes = {"seed": seed, "replications": replications}
    scenario = _scenario(scenario).with_({key: value for key, value in changes.items() if value is not None})
    if executor is None:
        return _run(scenario, keep_requests)
    results: Results = executor.submit(_run, scenario, keep_requests).result()
    return results


def sweep(
    scenario: Scenario | str | os.PathLike[str],
    values: Mapping[str, Iterable[object]],
    *,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Runs a scenario at each combination of values, with the same luck everywhere. Needs pandas.

    Args:
        scenario: a scenario, or the path of one; its own what-ifs and sweep are left out.
        values: dotted keys and the values that each takes.
        executor: where to run, e.g. a `ProcessPoolExecutor` or a Dask client. Without one, a worker process on this machine
            runs as many points at once as there are cores.

    Returns:
        One row per combination: the keys, then slos_met, mean_s, p50_s, p95_s, p99_s of the workload that the scenario's question
        is about, and failed_fraction.

    Raises:
        ConfigError: a combination breaks a rule.

    Example:
        >>> import labtwin
        >>> rates = ["50 MB/s", "200 MB/s"]
        >>> labtwin.sweep("scenarios/noisy_neighbour.toml", {"services.nightly-etl.rate_limit": rates})  # doctest: +SKIP
    """
    import pandas as pd

    base = _scenario(scenario)
    points = [dict(zip(values, combination, strict=True)) for combination in itertools.product(*values.values())]
    if executor is None:
        changes = [Scenario(base.path).with_(point).overrides for point in points]
        texts = _labtwin.run_points(base.path, base.overrides, WORKER, changes)
    else:
        futures = [executor.submit(_run_alone, base.with_(point)) for point in points]
        texts = [future.result() for future in futures]
    return pd.DataFrame([{**point, **_summary(json.loads(text))} for point, text in zip(points, texts, strict=True)])


def capacity(
    scenario: Scenario | str | os.PathLike[str],
    *,
    workload: str = "",
    most: float | None = None,
    precision: float = 0.02,
    replications: int | None = None,
    what_ifs: bool = True,
) -> pd.DataFrame:
    """How much load a lab bears before an objective of the scenario breaks, as it is and with each what-if. Needs pandas.

    Args:
        scenario: a scenario with at least one `[[slo]]`, or the path of one.
        workload: whose load is varied; the scenario's focus unless given.
        most: the largest load to try, in users, requests per second or times the speed of a trace.
        precision: of the answer, relative; never finer than one user.
        replications: how often to repeat each load with other luck; replaces the scenario's.
        what_ifs: also search with each what-if.

    Returns:
        One row per what-if, the scenario as it is first: name, load, low and high (the middle 90 % of replications), is_bound
        (the search ended at `most`), breaks_at (the smallest load found that is too much; NaN if is_bound), breaks (the
        objectives missed there) and cost. `attrs["unit"]` of the frame is that of the loads: users, 1/s or x.

    Raises:
        ConfigError: the scenario has mistakes, no objective, or no such workload.

    Example:
        >>> import labtwin
        >>> labtwin.capacity("scenarios/noisy_neighbour.toml", replications=2)  # doctest: +SKIP
    """
    import pandas as pd

    base = _scenario(scenario)
    if replications is not None:
        base = base.with_(replications=replications)
    text = _labtwin.capacity(
        base.path, base.overrides, WORKER, workload=workload, most=most, precision=precision, with_what_ifs=what_ifs
    )
    document = json.loads(text)
    frame = pd.DataFrame([_capacity_row(row) for row in document["rows"]])
    frame.attrs["unit"] = document["unit"]
    return frame


def _capacity_row(row: Mapping[str, Any]) -> dict[str, Any]:
    breaks = row.get("breaks", {"load": float("nan"), "slos": []})
    low, high = row["interval"]
    return {
        "name": row["name"] or "as it is",
        "load": row["load"],
        "low": low,
        "high": high,
        "is_bound": row["is_bound"],
        "breaks_at": breaks["load"],
        "breaks": ", ".join(f"{slo['metric']} of {slo['stage'] or slo['workload']}" for slo in breaks["slos"]),
        "cost": row.get("cost", ""),
    }


def _scenario(scenario: Scenario | str | os.PathLike[str]) -> Scenario:
    return scenario if isinstance(scenario, Scenario) else Scenario(Path(scenario))


def _run(scenario: Scenario, keep_requests: bool) -> Results:
    text, answer, svg, requests = _labtwin.run(scenario.path, scenario.overrides, WORKER, keep_requests=keep_requests)
    return Results(json.loads(text), answer, svg, {workload: Table(columns) for workload, columns in requests.items()})


def _run_alone(scenario: Scenario) -> str:
    text, *_ = _labtwin.run(scenario.path, scenario.overrides, WORKER, with_what_ifs=False)
    return text


def _summary(document: Mapping[str, Any]) -> dict[str, Any]:
    workload = document["workload"]
    latency = document["latency"][workload]
    outcome = next(row for row in document["outcomes"] if row["workload"] == workload)
    finished = outcome["arrived"] - outcome["in_system"]
    return {
        "slos_met": document["verdict"] == "met",
        **{name: latency[name] for name in ("mean_s", "p50_s", "p95_s", "p99_s")},
        "failed_fraction": 1.0 - outcome["completed"] / finished if finished else 0.0,
    }
