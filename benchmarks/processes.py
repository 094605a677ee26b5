"""What starting labtwin costs: CPU time and wall time of whole processes, their children included, beside a SimGrid program of
one event. The programs take turns, so that a busy machine slows all of them alike.

Usage: processes.py BUILD_FOLDER SOURCE_FOLDER [ROUNDS]
"""

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ONE_SECOND = ["--alone", "--set", "horizon='1 s'"]
SCENARIO = "scenarios/quiet_lab.toml"
VLLM_RUN = "models/calibration/data/rtx-4090/vllm_llama_8b"


def hundred_rows(source: Path, folder: Path) -> Path:
    """A drive with 100 rows to fit on and predict: the head of one of the project's own sets."""
    lines = (source / "models/calibration/data/zns-a/fio_depths/measurements.csv").read_text().splitlines(keepends=True)
    path = folder / "hundred_rows.csv"
    path.write_text("".join(lines[:101]))
    return path


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cost(command: list[str]) -> tuple[float, float]:
    start, began = children_cpu(), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr.decode()}")
    return children_cpu() - start, time.perf_counter() - began


def main() -> None:
    build, source = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 15
    labtwin = str(build / "labtwin")
    run = [labtwin, "run", str(source / SCENARIO), *ONE_SECOND]
    programs = {
        "SimGrid program of one event": [str(build / "labtwin_one_event")],
        "labtwin --version": [labtwin, "--version"],
        "labtwin check, flagship": [labtwin, "check", str(source / "scenarios/noisy_neighbour.toml")],
        "labtwin validate, 100 rows": [labtwin, "validate", str(hundred_rows(source, build))],
        "labtwin validate, run of vLLM": [labtwin, "validate", str(source / VLLM_RUN)],
        "5000 chat requests, one engine": [str(build / "labtwin_chat_engine")],
        "5000 chat requests, labtwin run": [labtwin, "run", str(source / "benchmarks/chat_5000.toml")],
        "labtwin run, 1 s of a quiet lab": run,
        "the same, 9 replications": [*run, "--replications", "9"],
    }
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            costs[name].append(cost(command))
    print(f"{'process':36}{'CPU ms':>10}{'wall ms':>10}   (medians of {rounds})")
    for name, measured in costs.items():
        cpu, wall = (1e3 * statistics.median(column) for column in zip(*measured, strict=True))
        print(f"{name:36}{cpu:10.1f}{wall:10.1f}")


if __name__ == "__main__":
    main()
