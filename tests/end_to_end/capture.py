"""Does `labtwin capture` measure with the real tools, leave nothing behind, and write sets that `fit`, `check` and `validate` take?

Usage: capture.py LABTWIN ROOT
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def run(labtwin: Path, *arguments: str | Path, timeout: int = 200) -> subprocess.CompletedProcess[str]:
    command = [str(labtwin), *(str(word) for word in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "measurements.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def check_drive(labtwin: Path, folder: Path) -> None:
    scratch, out, part = folder / "scratch", folder / "drive", folder / "drive.toml"
    scratch.mkdir()
    captured = run(labtwin, "capture", "drive", scratch, "--size", "16 MiB", "--seconds", "1", "--out", out, "--class", "nvme")
    assert captured.returncode == 0, captured
    assert not list(scratch.iterdir()), "the scratch file is still there"
    rows = rows_of(out)
    assert len(rows) == 32 and all(float(row["iops"]) > 0 for row in rows), rows
    beside = rows_of(out / "beside_reads")
    assert [row["bg_iodepth"] for row in beside] == ["2", "4", "8", "16", "32", "64"], beside
    fitted = run(labtwin, "fit", out, "--name", "the drive here", "--out", part)
    assert fitted.returncode == 0, fitted
    assert run(labtwin, "check", part).returncode == 0


def check_network(labtwin: Path, folder: Path) -> None:
    out = folder / "network"
    captured = run(labtwin, "capture", "network", "--seconds", "1", "--rate", "100 Gbit/s", "--udp-rate", "10 Mbit/s", "--out", out)
    assert captured.returncode == 0, captured
    tcp, udp = rows_of(out), rows_of(out / "udp")
    assert len(tcp) == 2 and all(0 < float(row["goodput_mbit"]) < 100_000 for row in tcp), tcp
    assert [row["payload_bytes"] for row in udp] == ["1400", "200"] and all(0 <= float(row["loss_frac"]) <= 1 for row in udp), udp
    report = json.loads(run(labtwin, "validate", out, out / "udp", "--json").stdout)
    assert len(report["rows"]) == 4 and all(row["predicted"] is not None for row in report["rows"]), report


def check_wrong_input(labtwin: Path, folder: Path) -> None:
    nobody = run(labtwin, "capture", "network", "127.0.0.1", "--port", "9", "--seconds", "1", "--out", folder / "none")
    assert nobody.returncode == 2 and "iperf3 measured nothing: " in nobody.stderr, nobody
    assert nobody.stderr.count("\n") == 1 and not (folder / "none").exists(), nobody
    for option, value in (("--udp-rate", "-3 Mbit/s"), ("--rate", "fast")):
        wrong = run(labtwin, "capture", "network", option, value, "--out", folder / "none")
        assert wrong.returncode == 2 and option in wrong.stderr and not (folder / "none").exists(), wrong
    no_folder = run(labtwin, "capture", "drive", folder / "nowhere")
    assert no_folder.returncode == 2 and "is no folder" in no_folder.stderr, no_folder


def main(arguments: list[str]) -> int:
    labtwin = Path(arguments[0]).absolute()
    with tempfile.TemporaryDirectory() as folder:
        check_wrong_input(labtwin, Path(folder))
        check_network(labtwin, Path(folder))
        check_drive(labtwin, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
