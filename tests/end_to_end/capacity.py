"""Does `labtwin run` agree with what `labtwin capacity` says: objectives met at the load that it names, missed at the next?

Usage: capacity.py LABTWIN ROOT
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import simulated

SHORT = ("--replications", "2", "--set", "horizon='10 min'")


def capacity(labtwin: Path, scenario: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(labtwin), "capacity", str(scenario), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def answer(labtwin: Path, scenario: Path, *options: str, status: int = 0) -> dict:
    result = capacity(labtwin, scenario, "--json", *SHORT, *options)
    assert result.returncode == status, result
    return json.loads(result.stdout)


def check_users(labtwin: Path, root: Path) -> None:
    scenario = root / "scenarios/vector_index_drive.toml"
    found = answer(labtwin, scenario, "--alone")
    (row,) = found["rows"]
    assert found["unit"] == "users" and row["interval"][0] <= row["load"] <= row["interval"][1], found
    assert row["breaks"]["load"] == row["load"] + 1, row
    key = f"workloads.{found['workload']}.arrivals.users"
    for load, status in ((row["load"], 0), (row["breaks"]["load"], 1)):
        result = simulated.run(labtwin, scenario, "--alone", *SHORT, "--set", f"{key}={load:.0f}")
        assert result.returncode == status, (load, result)
    (missed,) = row["breaks"]["slos"]
    assert missed["value"] > missed["limit"], missed
    assert capacity(labtwin, scenario, "--alone", *SHORT).stdout == capacity(labtwin, scenario, "--alone", *SHORT).stdout


def check_what_ifs(labtwin: Path, root: Path) -> None:
    scenario = root / "scenarios/noisy_neighbour.toml"
    found = answer(labtwin, scenario, "--set", "services.nightly-etl.start='0 s'", status=1)
    loads = {row["name"]: row["load"] for row in found["rows"]}
    assert loads[""] == 0, "the job leaves room for a user"
    assert loads["no nightly-etl"] > 5 and loads["nightly-etl limited to 400 MB/s"] > 5, loads


def check_alone(labtwin: Path, root: Path) -> None:
    """What-ifs that are left out need not be possible: a model that none of their cards holds."""
    scenario = root / "scenarios/small_team.toml"
    large = ("--set", "services.llm.model='llama-3.3-70b-instruct'",
             "--set", "lab.nodes.box.gpus.gpu0.part='rtx-pro-6000-blackwell-workstation'")
    assert len(answer(labtwin, scenario, "--alone", *large)["rows"]) == 1
    assert simulated.run(labtwin, scenario, "--alone", *SHORT, *large).returncode in (0, 1)
    everything = simulated.run(labtwin, scenario, *SHORT, *large)
    assert everything.returncode == 2 and 'in what-if "an RTX 4090": does not load' in everything.stderr, everything


def check_rate(labtwin: Path, root: Path) -> None:
    scenario = root / "scenarios/quiet_lab.toml"
    poisson = ("--set", "workloads.agents.arrivals={process='poisson', rate='30 /h'}", "--precision", "0.1", "--alone")
    found = answer(labtwin, scenario, *poisson)
    (row,) = found["rows"]
    assert found["unit"] == "1/s" and row["load"] > 0 and row["breaks"]["load"] <= 1.1 * row["load"], found
    bound = answer(labtwin, scenario, *poisson, "--most", "0.001")["rows"][0]
    assert bound["is_bound"] and bound["load"] == 0.001 and "breaks" not in bound, bound


def check_wrong_input(labtwin: Path, root: Path, folder: Path) -> None:
    quiet = root / "scenarios/quiet_lab.toml"
    unknown = capacity(labtwin, quiet, "--workload", "agent")
    assert unknown.returncode == 2 and 'did you mean "agents"?' in unknown.stderr, unknown
    without = folder / "quiet_lab.toml"
    without.write_text(quiet.read_text().split("[[slo]]")[0])
    no_slo = capacity(labtwin, without)
    assert no_slo.returncode == 2 and "slo: there is none" in no_slo.stderr, no_slo


def main(arguments: list[str]) -> int:
    labtwin, root = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    check_users(labtwin, root)
    check_what_ifs(labtwin, root)
    check_alone(labtwin, root)
    check_rate(labtwin, root)
    with tempfile.TemporaryDirectory() as folder:
        check_wrong_input(labtwin, root, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
