"""Do the shipped scenarios show the three regimes of a neighbour on the drive? A reader that saturates it starves each round of a
search for about `read_expire`, a writer that saturates it adds about its bytes in flight over the bandwidth to each round,
and a job of limited rate hardly moves the median.

Usage: regimes.py LABTWIN ROOT
"""

import sys
from pathlib import Path
from typing import Any

import simulated

ROUNDS = 21  # dependent rounds of reads of one search with list_size = 50, beam_width = 4
READ_EXPIRE_S = 0.5  # default of mq-deadline
MIB = 1024 * 1024

# The job runs all the time that is measured.
BUSY = {"horizon": "'10 min'", "warm_up": "'2 min'", "services.nightly-etl.start": "'1 min'"}
SCHEDULER = "lab.nodes.homelab.drives.nvme0.scheduler"


def search(document: dict[str, Any]) -> dict[str, float]:
    return document["latency"]["agents"]["stages"]["retrieve"]


def check_within(what: str, value: float, low: float, high: float) -> None:
    print(f"{what}: {value:.3g}, expected {low:.3g} to {high:.3g}")
    assert low <= value <= high, what


def check_reader(labtwin: Path, flagship: Path) -> None:
    for expire in (READ_EXPIRE_S / 2, READ_EXPIRE_S):
        scheduler = {SCHEDULER: f"{{ name = 'mq-deadline', read_expire = '{expire} s' }}"}
        busy = search(simulated.answer(labtwin, flagship, "--alone", "--replications", "2", settings=BUSY | scheduler))
        check_within(f"round beside a reader, in read_expire of {expire} s", busy["p50_s"] / ROUNDS / expire, 0.75, 1.1)


def check_writer(labtwin: Path, scenario: Path) -> None:
    quiet = search(simulated.answer(labtwin, scenario, "--alone", settings={"services.backup.enabled": "false"}))
    for depth in (8, 32):
        document = simulated.answer(labtwin, scenario, "--alone", settings={"services.backup.write.depth": str(depth)})
        values = {row["name"]: row["value"] for row in document["parameters"]}
        bandwidth = values["vm-zen5-2vcpu-virtio.sequential_write.bandwidth"] * 1e9
        in_flight_s = depth * MIB / bandwidth
        added_s = (search(document)["mean_s"] - quiet["mean_s"]) / ROUNDS
        check_within(f"time that a writer of depth {depth} adds to a round, in its bytes over bandwidth",
                     added_s / in_flight_s, 0.65, 1.15)


def check_limited(labtwin: Path, flagship: Path) -> None:
    quiet, busy = (search(simulated.answer(labtwin, flagship, "--alone", "--replications", "2", settings=BUSY | job))
                   for job in ({"services.nightly-etl.enabled": "false"}, {"services.nightly-etl.rate_limit": "'200 MB/s'"}))
    check_within("median beside a job of 200 MB/s, in the median without it", busy["p50_s"] / quiet["p50_s"], 1.0, 1.5)


def main(arguments: list[str]) -> int:
    labtwin, scenarios = Path(arguments[0]).absolute(), Path(arguments[1]).absolute() / "scenarios"
    check_reader(labtwin, scenarios / "noisy_neighbour.toml")
    check_writer(labtwin, scenarios / "saturating_writer.toml")
    check_limited(labtwin, scenarios / "noisy_neighbour.toml")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
