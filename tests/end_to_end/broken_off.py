"""Does `labtwin run` end well when it cannot end as planned? Ctrl-C, a killed worker, a killed run, and an answer that cannot be
written: one line on stderr, exit status 2, and nothing left behind.

Usage: broken_off.py LABTWIN ROOT
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FAILED = 2
PATIENCE_S = 20.0  # until the command has started its children
PROMPT_S = 1.0


def parent_and_state(pid: int) -> tuple[int, str]:
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return 0, "X"
    return int(parent), state


def lives(pid: int) -> bool:
    return parent_and_state(pid)[1] not in "ZX"


def children(pid: int) -> list[int]:
    processes = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [process for process in processes if parent_and_state(process)[0] == pid and lives(process)]


class LongRun:
    """A run that takes minutes, with its worker and the runs that the worker has forked."""

    def __init__(self, labtwin: Path, scenario: Path, *options: str) -> None:
        command = [str(labtwin), "run", str(scenario), "--replications", "1000", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + PATIENCE_S
        self.worker, self.runs = 0, []
        while not self.runs:
            assert time.monotonic() < deadline and self.process.poll() is None, "the run does not start"
            time.sleep(0.02)
            workers = children(self.process.pid)
            self.worker = workers[0] if workers else 0
            self.runs = children(self.worker) if self.worker else []

    def end(self) -> tuple[str, float]:
        """What it says on stderr and how long it took to end; checks that it failed and left nothing."""
        began = time.monotonic()
        runs = children(self.worker) or self.runs
        stdout, stderr = self.process.communicate(timeout=PATIENCE_S)
        took = time.monotonic() - began
        assert self.process.returncode == FAILED, (self.process.returncode, stderr)
        assert stdout == "", stdout
        assert stderr.count("\n") == 1 and stderr.endswith("\n"), stderr
        deadline = time.monotonic() + PROMPT_S
        while any(map(lives, [self.worker, *runs])):
            assert time.monotonic() < deadline, "a child is left"
            time.sleep(0.02)
        return stderr, took


def check_interrupt(labtwin: Path, scenario: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plot = Path(folder) / "answer.svg"
        run = LongRun(labtwin, scenario, "--json", "--plot", str(plot))
        run.process.send_signal(signal.SIGINT)
        message, took = run.end()
        assert took < PROMPT_S, took
        assert re.fullmatch(r"stopped: \d+ of \d+ runs had finished\n", message), message
        assert not list(Path(folder).iterdir()), "half a picture is left"


def check_killed(labtwin: Path, scenario: Path) -> None:
    run = LongRun(labtwin, scenario)
    os.kill(run.worker, signal.SIGKILL)
    message, _ = run.end()
    assert message == "the simulation worker was ended by signal 9 (Killed); no answer\n", message
    run = LongRun(labtwin, scenario)
    # One that has ended by itself meanwhile cannot be killed; the next one can.
    while True:
        pid = next(iter(children(run.worker)), None)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            break
    message, _ = run.end()
    assert message == "a run was ended by signal 9 (Killed)\n", message


def check_unwritable(labtwin: Path, quiet: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        no_folder = Path(folder) / "missing" / "answer.svg"
        for plot, reason in ((no_folder, "No such file or directory"), (Path("/dev/full"), "No space left on device")):
            result = subprocess.run([str(labtwin), "run", str(quiet), "--plot", str(plot)], capture_output=True, text=True,
                                    timeout=60, check=False)
            assert (result.returncode, result.stdout) == (FAILED, ""), result
            assert result.stderr == f"{plot}: cannot be written: {reason}\n", result.stderr
        assert not list(Path(folder).iterdir()), "something is left"
    for verb in (["run", quiet], ["run", "--json", quiet], ["check", quiet], ["topology", quiet], ["parts"]):
        with Path("/dev/full").open("w") as full:
            result = subprocess.run([str(labtwin), *map(str, verb)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                                    check=False)
        assert result.returncode == FAILED, (verb, result)
        assert result.stderr.count("\n") == 1 and result.stderr.endswith("No space left on device\n"), (verb, result.stderr)


def main(arguments: list[str]) -> int:
    labtwin, scenarios = Path(arguments[0]).absolute(), Path(arguments[1]).absolute() / "scenarios"
    check_interrupt(labtwin, scenarios / "noisy_neighbour.toml")
    check_killed(labtwin, scenarios / "noisy_neighbour.toml")
    check_unwritable(labtwin, scenarios / "quiet_lab.toml")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
