"""Does every shipped scenario run to the end, and does its JSON keep what it promises? The promised keys are there, blame sums to
the mean sojourn time, no request is lost, and a second run says the same byte for byte.

Usage: shipped_scenarios.py LABTWIN ROOT
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import simulated

PROMISED = {"verdict", "slos", "seed", "version", "latency", "blame", "utilization", "counterfactuals", "parameters"}
LATENCY = {"n", "mean_s", "p50_s", "p95_s", "p99_s"}
BLAME = {"workload", "resource", "kind", "culprit", "mean_s", "median_share", "tail_share"}
SET_HERE = "set in the scenario"
PARAMETER = {"name", "value", "unit", "grade", "source"}


def check_keys(document: dict[str, Any]) -> None:
    assert document.keys() >= PROMISED, PROMISED - document.keys()
    assert document["latency"], "no workload"
    for workload, row in document["latency"].items():
        assert row.keys() >= LATENCY, (workload, row)
        assert row["n"] > 0, workload
        assert row["p50_s"] <= row["p95_s"] <= row["p99_s"], row
    assert all(row.keys() >= BLAME for row in document["blame"]), document["blame"]
    assert document["parameters"], "no parameters"
    for row in document["parameters"]:
        assert row.keys() >= PARAMETER, row
        assert row["source"] or row["grade"] == "assumed", row
    assert all(0.0 <= share <= 1.0 for share in document["utilization"].values()), document["utilization"]


def check_blame(document: dict[str, Any]) -> None:
    for workload, latency in document["latency"].items():
        rows = [row for row in document["blame"] if row["workload"] == workload]
        total = math.fsum(row["mean_s"] for row in rows)
        assert math.isclose(total, latency["mean_s"], rel_tol=1e-9), (workload, total, latency["mean_s"])
        for share in ("median_share", "tail_share"):
            assert math.isclose(math.fsum(row[share] for row in rows), 1.0, rel_tol=1e-9), (workload, share)


def check_conservation(document: dict[str, Any]) -> None:
    assert {row["workload"] for row in document["outcomes"]} == document["latency"].keys(), document["outcomes"]
    for row in document["outcomes"]:
        ended = sum(row[way] for way in ("completed", "rejected", "timed_out", "failed"))
        assert row["arrived"] == ended + row["in_system"], row
        assert row["arrived"] > 0, row


def check_verdict(document: dict[str, Any], status: int) -> None:
    missed = any(not row["met"] for row in document["slos"])
    assert document["verdict"] == ("missed" if missed else "met"), document["slos"]
    assert status == int(missed), status


def check_scenario(labtwin: Path, scenario: Path) -> None:
    options = ("--json", "--replications", "2")
    first = simulated.run(labtwin, scenario, *options)
    assert first.returncode in simulated.ANSWERED, first.stderr
    assert not first.stderr, first.stderr
    document = json.loads(first.stdout)
    check_keys(document)
    check_blame(document)
    check_conservation(document)
    check_verdict(document, first.returncode)
    assert simulated.run(labtwin, scenario, *options).stdout == first.stdout, "a second run says something else"


def check_own_numbers(labtwin: Path, scenario: Path) -> None:
    """A number that the scenario sets instead of the profile's is not passed off as measured."""
    rows = {row["name"]: row for row in simulated.answer(labtwin, scenario)["parameters"]}
    for name in ("agents.think", "agents.prompt_tokens", "agents.answer_tokens"):
        assert (rows[name]["grade"], rows[name]["source"]) == ("assumed", SET_HERE), rows[name]


def main(arguments: list[str]) -> int:
    labtwin, root = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    for scenario in simulated.shipped_scenarios(root):
        check_scenario(labtwin, scenario)
        print(f"{scenario.name}: as promised")
    check_own_numbers(labtwin, root / "scenarios/quiet_lab.toml")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
