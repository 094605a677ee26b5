"""Does a degraded network do to a scenario what theory says? More loss and more latency never make a call shorter, a partition makes
every call time out and heals, a line of tc or a toxic that was run for real can be pasted in, datagrams are conserved, and a day of a hundred
agents over a lossy link takes seconds.

Usage: degraded_network.py LABTWIN ROOT
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import simulated

LOSSY = "degradations.lossy link"
TIMEOUT_S = 1.0  # retrieve_timeout of the scenario
MIDDLE = {"horizon": "'20 min'", "warm_up": "'1 min'"}


def run(labtwin: Path, scenario: Path, settings: dict[str, str]) -> dict[str, Any]:
    return simulated.answer(labtwin, scenario, "--alone", "--replications", "2", settings=MIDDLE | settings)


def retrieve(document: dict[str, Any]) -> dict[str, float]:
    return document["latency"]["agents"]["stages"]["retrieve"]


def check_monotone(labtwin: Path, scenario: Path) -> None:
    patient = {"workloads.agents.retrieve_timeout": "'60 s'", f"{LOSSY}.loss": "'0%'"}
    for key, values in ((f"{LOSSY}.loss", ("0%", "1%", "5%", "15%")), (f"{LOSSY}.latency", ("0 ms", "5 ms", "50 ms", "200 ms"))):
        means = [retrieve(run(labtwin, scenario, patient | {key: f"'{value}'"}))["mean_s"] for value in values]
        assert means == sorted(means), key


def check_partition(labtwin: Path, scenario: Path) -> None:
    cut = "[{ path = ['edge', 'storage'], direction = 'both', partition = true, from = '5 min'%s }]"
    for until, heals in (("", False), (", to = '6 min'", True)):
        document = run(labtwin, scenario, {"degradations": cut % until})
        outcomes = document["outcomes"][0]
        assert outcomes["timed_out"] > 0
        assert outcomes["num_timeouts"] >= 3 * outcomes["timed_out"]  # attempts
        assert (outcomes["completed"] > 2 * outcomes["timed_out"]) == heals
        # Three attempts and the two pauses between them are the most that a call can take.
        assert retrieve(document)["p99_s"] < 1.05 * (3 * TIMEOUT_S + 0.1 + 0.2)


def check_pasted_line(labtwin: Path, scenario: Path) -> None:
    line = "tc qdisc add dev eth0 root netem delay 40ms 5ms distribution normal loss 1%"
    document = run(labtwin, scenario, {"degradations": f"[{{ link = 'storage.eth0', netem = '{line}' }}]"})
    assert retrieve(document)["p50_s"] > 0.04
    owners = {row["culprit"] for row in document["blame"] if row["resource"] == "network to vectors"}
    assert "what is done to storage.eth0" in owners, owners


def check_told(labtwin: Path, scenario: Path) -> None:
    """Where a line does not do what it seems to, or meets nobody, the answer says so."""
    line = "tc qdisc change dev eth0 root netem delay 400ms loss 1% 25%"
    document = run(labtwin, scenario, {"degradations": f"[{{ link = 'storage.eth0', netem = '{line}' }}]"})
    told = " ".join(document["warnings"])
    assert "loss gemodel" in told and "netem holds 1000 packets" in told, told
    unmet = "[{ path = ['storage', 'edge'], toxic = { type = 'reset_peer' } }]"
    result = simulated.run(labtwin, scenario, "--alone", *simulated.set_options({"degradations": unmet}))
    assert result.returncode == 2 and "the client first" in result.stderr, result.stderr


def check_toxics(labtwin: Path, scenario: Path) -> None:
    """Toxics as toxiproxy takes them: milliseconds; a reset fails every call, one that acts on no connection none."""
    toxic = "[{ path = ['edge', 'storage'], toxic = { %s } }]"
    plain = retrieve(run(labtwin, scenario, {"degradations": "[]"}))["p50_s"]
    slow = run(labtwin, scenario, {"degradations": toxic % "type = 'latency', attributes = { latency = 300 }"})
    assert abs(retrieve(slow)["p50_s"] - plain - 0.3) < 0.05
    reset = "type = 'reset_peer', stream = 'upstream'"
    assert run(labtwin, scenario, {"degradations": toxic % reset})["outcomes"][0]["completed"] == 0
    spared = run(labtwin, scenario, {"degradations": toxic % (reset + ", toxicity = 0")})
    assert abs(retrieve(spared)["p50_s"] - plain) < 1e-12


def check_datagrams(labtwin: Path, scenario: Path) -> None:
    lossy = {"degradations": "[{ link = 'sensors.eth0', netem = 'loss 1%' }]"}
    late = {"services.detector.ring": "{ descriptors = 256, stalls = { every = '1 s', lasts = '30 ms' } }"}
    for settings in ({}, lossy, late, {"workloads.sensors.rate": "'100000 /s'"}):
        (stream,) = run(labtwin, scenario, settings)["streams"]
        parts = stream["lost_on_the_way"] + stream["lost_at_the_link"] + stream["lost_at_the_ring"] + stream["lost_at_the_socket"]
        assert abs(parts - stream["lost_fraction"]) < 1e-12
        assert 0.0 < stream["lost_fraction"] < 1.0
        assert abs(stream["lost_on_the_way"] - (0.01 if settings == lossy else 0.0)) < 1e-9
        # 600 come in 30 ms, the ring holds 256.
        assert abs(stream["lost_at_the_ring"] - (344.0 / (1.03 * 20000.0) if settings == late else 0.0)) < 2e-4


def check_speed(labtwin: Path, scenario: Path) -> None:
    """Not a benchmark: far too slow is a mistake."""
    day = {
        "horizon": "'24 h'",
        "workloads.agents.arrivals.users": "100",
        "services.llm.parallel": "16",
        "services.llm.ctx_size": "131072",
        "services.llm.cache_ram": "'0 B'",
        "lab.nodes.edge.gpus.gpu0.part": "'rtx-5090'",
    }
    document = simulated.answer(labtwin, scenario, "--alone", "--replications", "1", settings=day)
    assert document["outcomes"][0]["completed"] > 5000


def main(arguments: list[str]) -> int:
    labtwin, scenarios = Path(arguments[0]).absolute(), Path(arguments[1]).absolute() / "scenarios"
    check_monotone(labtwin, scenarios / "degraded_link.toml")
    with tempfile.TemporaryDirectory() as folder:
        # What-ifs and sweep name the degradation that these checks replace.
        bare = Path(folder) / "bare.toml"
        bare.write_text((scenarios / "degraded_link.toml").read_text().split("[[what_if]]")[0])
        check_partition(labtwin, bare)
        check_pasted_line(labtwin, bare)
        check_told(labtwin, bare)
        check_toxics(labtwin, bare)
    check_datagrams(labtwin, scenarios / "sensor_stream.toml")
    check_speed(labtwin, scenarios / "degraded_link.toml")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
