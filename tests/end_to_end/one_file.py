"""Does one new file do, as CONTRIBUTING.md says? Takes the files that the page shows, adds each to a copy of the data folder (or
puts it anywhere), and uses it with the unchanged program.

Usage: one_file.py LABTWIN ROOT
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# A file of the page: its name in bold, then its text.
SHOWN = re.compile(r"\*\*`(?P<name>[^`]+)`\*\*\n+```(?:toml|csv)\n(?P<text>.*?)```", re.DOTALL)


def shown_files(page: Path) -> dict[str, str]:
    files = {match["name"]: match["text"] for match in SHOWN.finditer(page.read_text())}
    assert len(files) == 3, f"{page} shows {sorted(files)}"
    return files


def labtwin(program: Path, data: Path, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
    environment = {**os.environ, "LABTWIN_DATA": str(data)}
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode in allowed, f"{arguments}: {done.stderr}"
    return done.stdout


def main(arguments: list[str]) -> int:
    program, root = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    files = shown_files(root / "CONTRIBUTING.md")
    drive, scenario, measurements = files
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        for name in ("catalog", "calibration"):
            shutil.copytree(root / "models" / name, data / name)
        shutil.copytree(root / "scenarios", data / "scenarios")

        (data / drive.removeprefix("models/")).write_text(files[drive])
        part = Path(drive).stem
        assert part in labtwin(program, data, "parts", "drives")
        labtwin(program, data, "check", str(data / drive.removeprefix("models/")))

        (data / scenario).write_text(files[scenario])
        answer = json.loads(labtwin(program, data, "run", str(data / scenario), "--json", allowed=(0, 1)))
        assert any(row["name"].startswith(f"{part}.") for row in answer["parameters"]), "the new drive is not in use"
        assert answer["counterfactuals"], "the what-if was not run"

        (data / measurements).write_text(files[measurements])
        report = json.loads(labtwin(program, data, "validate", str(data / measurements), "--json"))
        predicted = [row for row in report["rows"] if row["quantity"] == "iops"]
        held_out = files[measurements].count("held_out")
        assert len(predicted) == held_out, f"{len(predicted)} rows predicted of {held_out}"
        for row in predicted:
            print(f"row {row['row']}: measured {row['measured']}, predicted {row['predicted']:.0f}")
            assert row["low"] <= row["measured"] <= row["high"], row
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
