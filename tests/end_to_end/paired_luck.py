"""Do users keep their luck when a part changes? Another drive, or the job on another drive, changes when answers come, but no
arrival of an open workload, and no think time or length of a closed one.

Usage: paired_luck.py WORKER ROOT
"""

import json
import subprocess
import sys
from pathlib import Path

Columns = dict[str, list[float]]

OTHER_DRIVE = {"lab.nodes.homelab.drives.nvme0.part": "'samsung-980-pro-1tb'"}
JOB_MOVED = {"services.nightly-etl.drive": "'nvme1'"}
COMMON = {"horizon": "'20 min'"}
OPEN = COMMON | {"workloads.agents.arrivals": "{ process = 'poisson', rate = '2 /min' }"}
ROUNDING_S = 1e-6


def requests_of(worker: Path, scenario: Path, settings: dict[str, str]) -> Columns:
    """A row per request, in order of their numbers."""
    request = {
        "task": "simulate", "name": scenario.name, "text": scenario.read_text(), "base_dir": str(scenario.parent),
        "overrides": [{"key": key, "value": value} for key, value in settings.items()],
        "variants": [[]], "replications": 1, "keep_requests": True, "parallel": 1,
    }
    result = subprocess.run([str(worker)], input=json.dumps(request), capture_output=True, text=True, timeout=120, check=True)
    answer = json.loads(result.stdout)
    assert "error" not in answer, answer
    columns = answer["requests"]["agents"]
    order = sorted(range(len(columns["request"])), key=lambda i: columns["request"][i])
    return {name: [values[i] for i in order] for name, values in columns.items()}


def arrivals(columns: Columns) -> dict[float, float]:
    return dict(zip(columns["request"], columns["arrived_s"], strict=True))


def think_times(columns: Columns) -> dict[float, float]:
    """From the answer to a user's question to the next question, by question: users number theirs without gaps."""
    ended = {number: at + took for number, at, took in
             zip(columns["request"], columns["arrived_s"], columns["e2e_latency_s"], strict=True)}
    arrived = arrivals(columns)
    return {number: at - ended[number - 1] for number, at in arrived.items() if number - 1 in ended}


def check_same(what: str, before: dict[float, float], after: dict[float, float]) -> None:
    common = before.keys() & after.keys()
    print(f"{what}: {len(common)} compared")
    assert len(common) >= 15, (what, len(before), len(after))
    worst = max(abs(before[number] - after[number]) for number in common)
    assert worst <= ROUNDING_S, (what, worst)


def main(arguments: list[str]) -> int:
    worker, scenario = Path(arguments[0]).absolute(), Path(arguments[1]).absolute() / "scenarios/noisy_neighbour.toml"
    changes = {"another drive": OTHER_DRIVE, "the job on another drive": JOB_MOVED}
    opened, closed = requests_of(worker, scenario, OPEN), requests_of(worker, scenario, COMMON)
    for name, change in changes.items():
        changed = requests_of(worker, scenario, OPEN | change)
        check_same(f"arrivals with {name}", arrivals(opened), arrivals(changed))
        assert changed["e2e_latency_s"] != opened["e2e_latency_s"], f"{name} changes nothing at all"
        changed = requests_of(worker, scenario, COMMON | change)
        check_same(f"think times with {name}", think_times(closed), think_times(changed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
