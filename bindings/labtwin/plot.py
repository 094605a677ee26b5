"""The picture of an answer with matplotlib: latency against what the scenario sweeps, and what the slowest requests wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from labtwin.results import Results

NUM_CAUSES = 7  # causes with a colour of their own; the rest is "other"


def plot(results: Results) -> Figure:
    """Draws the sweep (where there is one) and the blame of the tail for the scenario as it is and for each what-if."""
    import matplotlib.pyplot as plt

    sweep = results.document.get("sweep")
    figure, axes = plt.subplots(1, 2 if sweep else 1, figsize=(13 if sweep else 7, 4.5), squeeze=False, layout="constrained")
    if sweep:
        _plot_sweep(axes[0][0], results, sweep)
    _plot_tail(axes[0][-1], results)
    figure.suptitle(results.document["title"])
    return figure


def _plot_sweep(ax: Axes, results: Results, sweep: Mapping[str, Any]) -> None:
    points = sweep["points"]
    moved = [point.get("job_bytes_per_s") for point in points]
    by_throughput = all(value is not None for value in moved)
    x = [value / 1e6 for value in moved] if by_throughput else list(range(len(points)))
    for name in ("p50_s", "p95_s", "p99_s"):
        ax.plot(x, [point[name] for point in points], marker="o", markersize=3, label=name.removesuffix("_s"))
    low, high = zip(*(point["p95_interval_s"] for point in points), strict=True)
    ax.fill_between(x, low, high, alpha=0.2, color="C1", linewidth=0, label="90 % interval of p95")
    for slo in results.document["slos"]:
        if slo["workload"] == sweep["workload"] and not slo["stage"] and slo["metric"].startswith("p"):
            ax.axhline(slo["limit"], color="black", linestyle=":", label=f"SLO {slo['metric']}")
    if by_throughput:
        ax.set_xlabel(f"moved by {sweep['job']} (MB/s)")
    else:
        ax.set_xticks(x, [point["value"] for point in points])
        ax.set_xlabel(sweep["label"])
    ax.set_ylabel(f"{sweep['workload']} sojourn time (s)")
    ax.set_ylim(bottom=0)
    ax.legend()


def _plot_tail(ax: Axes, results: Results) -> None:
    bars = [("as it is", results.document["blame"], _tail_mean_s(results))]
    bars += [(row["name"], row["blame"], row["tail_mean_s"]) for row in results.document["counterfactuals"]]
    seconds = [_seconds_by_cause(blame, results.workload, tail_mean_s) for _, blame, tail_mean_s in bars]
    causes = _largest_causes(seconds)
    left = [0.0] * len(bars)
    for cause in [*causes, "other"]:
        width = [sum(s for name, s in bar.items() if (name if name in causes else "other") == cause) for bar in seconds]
        if any(width):
            ax.barh([name for name, _, _ in bars], width, left=left, label=cause)
        left = [start + more for start, more in zip(left, width, strict=True)]
    ax.invert_yaxis()
    ax.set_xlabel(f"mean of the slowest 5 % of {results.workload} (s)")
    ax.legend(fontsize="small")


def _tail_mean_s(results: Results) -> float:
    return float(results.document["latency"][results.workload]["tail_mean_s"])


def _seconds_by_cause(blame: Sequence[Mapping[str, Any]], workload: str, tail_mean_s: float) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for row in blame:
        if row["workload"] == workload:
            behind = f" behind {row['culprit']}" if row["kind"] != "service" else ""
            cause = f"{row['resource']}: {row['kind']}{behind}"
            seconds[cause] = seconds.get(cause, 0.0) + row["tail_share"] * tail_mean_s
    return seconds


def _largest_causes(bars: Sequence[Mapping[str, float]]) -> list[str]:
    largest = {cause: max(bar.get(cause, 0.0) for bar in bars) for cause in {cause for bar in bars for cause in bar}}
    return sorted(largest, key=lambda cause: (-largest[cause], cause))[:NUM_CAUSES]
