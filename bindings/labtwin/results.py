"""What a run answered: tables of NumPy columns with the unit in each name, pandas frames, a picture."""

from __future__ import annotations

import difflib
import html
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import matplotlib.figure
    import pandas as pd

Row = Mapping[str, Any]


class Table(Mapping[str, np.ndarray]):
    """Columns of equal length by name; names of dimensioned columns end in their unit (`p95_s`, `read_bytes_per_s`).

    Raises:
        KeyError: an unknown column, with the names nearest to it.

    Example:
        >>> table = Table({"workload": np.array(["chat"]), "p95_s": np.array([1.5])})
        >>> float(table["p95_s"][0])
        1.5
    """

    def __init__(self, columns: Mapping[str, np.ndarray]) -> None:
        self._columns = dict(columns)

    @classmethod
    def from_rows(cls, names: str, rows: Iterable[Row]) -> Table:
        """The named columns, given as one text, of rows that have them all."""
        rows = list(rows)
        return cls({name: np.array([row[name] for row in rows]) for name in names.split()})

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self._columns[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._columns, n=3, cutoff=0.4) or list(self._columns)
            raise KeyError(f"no column {name!r}; the nearest are {', '.join(near)}" if near else "the table is empty") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        num_rows = len(next(iter(self._columns.values()), ()))
        return f"Table({num_rows} rows: {', '.join(self._columns)})"

    def where(self, **values: object) -> Table:
        """The rows whose columns have these values, e.g. `blame.where(workload="chat", kind="waiting")`."""
        keep = np.ones(len(next(iter(self._columns.values()), ())), dtype=bool)
        for name, value in values.items():
            keep &= self[name] == value
        return Table({name: column[keep] for name, column in self._columns.items()})

    def to_frame(self) -> pd.DataFrame:
        """The table as a pandas frame. Needs pandas."""
        import pandas as pd

        return pd.DataFrame(self._columns)

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)


@dataclass(frozen=True, repr=False)
class Results:
    """The answer of `labtwin.run`. Times are in seconds; the definitions of the metrics are in the README.

    Attributes:
        document: everything that `labtwin run --json` prints.
        answer: the answer in plain sentences, the headline first.
        svg: the answer as a picture.
        requests_by_workload: one row per request of replication 0; empty unless the run kept them.

    Example:
        >>> import labtwin
        >>> results = labtwin.run("scenarios/noisy_neighbour.toml")  # doctest: +SKIP
        >>> results.latency["p95_s"]  # doctest: +SKIP
    """

    document: Mapping[str, Any]
    answer: list[str]
    svg: str
    requests_by_workload: Mapping[str, Table] = field(default_factory=dict)

    @property
    def workload(self) -> str:
        """The workload that the scenario's question is about."""
        return str(self.document["workload"])

    @property
    def met(self) -> bool:
        """Whether every service level objective of the scenario was met."""
        return bool(self.document["verdict"] == "met")

    @property
    def requests(self) -> Table:
        """One row per request of the workload that the question is about.

        Raises:
            ValueError: the run kept no requests (`labtwin.run(..., keep_requests=False)`).
        """
        if not self.requests_by_workload:
            raise ValueError("this run kept no requests; run with keep_requests=True")
        return self.requests_by_workload[self.workload]

    @cached_property
    def latency(self) -> Table:
        """Sojourn times by workload and stage; stage is empty for the whole request."""
        rows: list[Row] = []
        for workload, whole in self.document["latency"].items():
            for stage, row in {"": whole, **whole.get("stages", {})}.items():
                rows.append({"workload": workload, "stage": stage, **row})
        return Table.from_rows("workload stage n mean_s p50_s p95_s p99_s tail_mean_s", rows)

    @cached_property
    def blame(self) -> Table:
        """Where the time of requests went: workload, resource, kind, culprit, mean_s, median_share, tail_share.

        Over a workload `mean_s` sums to its mean sojourn time and each share to 1.
        """
        return Table.from_rows("workload resource kind culprit mean_s median_share tail_share", self.document["blame"])

    @cached_property
    def utilization(self) -> Table:
        """How busy each resource was: resource, utilization (0 to 1), num_waiting_mean."""
        return Table.from_rows("resource utilization num_waiting_mean", self.document["resources"])

    @cached_property
    def counterfactuals(self) -> Table:
        """The same luck with one thing changed: name, percentiles, change_s of p95 with its 90 % interval, slos_met, and what the
        scenario shows beside them (NaN if nothing): stage_p95_s, job_bytes_per_s while active, time_s until ready or of a pass."""
        absent = {"cost": "", "stage_p95_s": math.nan, "job_bytes_per_s": math.nan, "time_s": math.nan}
        rows = [{**absent, **row, **_interval(row["change_interval_s"])} for row in self.document["counterfactuals"]]
        return Table.from_rows(
            "name p50_s p95_s p99_s change_s change_low_s change_high_s failed_fraction slos_met cost stage_p95_s job_bytes_per_s time_s",
            rows,
        )

    @cached_property
    def parameters(self) -> Table:
        """The inputs of the prediction: name, value, unit, grade (measured, fitted, datasheet, assumed), source, and sigma:
        the standard deviation of the logarithm by which replications draw it, 0 where they do not."""
        return Table.from_rows("name value unit grade source sigma", self.document["parameters"])

    def to_frame(self) -> pd.DataFrame:
        """The requests as a pandas frame, one row each. Needs pandas."""
        return self.requests.to_frame()

    def plot(self) -> matplotlib.figure.Figure:
        """Draws latency against what the scenario sweeps, and the blame of the tail for each what-if. Needs matplotlib."""
        from labtwin.plot import plot

        return plot(self)

    def __repr__(self) -> str:
        return f"Results({self.document['scenario']}: SLOs {self.document['verdict']}; {' '.join(self.answer[:1])})"

    def _repr_html_(self) -> str:
        sentences = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self.answer)
        return f"<div>{sentences}{self.svg}</div>"


def _interval(interval: tuple[float, float]) -> dict[str, float]:
    return {"change_low_s": interval[0], "change_high_s": interval[1]}
