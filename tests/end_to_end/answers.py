"""Do `labtwin check` and `labtwin parts` answer as promised on right input? All files that labtwin ships pass the check, and the
JSON forms of the answers say the same as the text.

Usage: answers.py LABTWIN ROOT
"""

import json
import subprocess
import sys
from pathlib import Path


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)


def shipped_files(root: Path) -> list[Path]:
    patterns = ("scenarios/*.toml", "scenarios/labs/*.toml", "models/catalog/*/*.toml", "tests/support/bad/labs/box.toml")
    return [path for pattern in patterns for path in sorted(root.glob(pattern))]


def check_shipped_files(labtwin: Path, root: Path) -> None:
    files = shipped_files(root)
    result = run(labtwin, "check", *files)
    assert result.returncode == 0, result.stderr
    assert not result.stderr, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == len(files), result.stdout
    assert all(line.endswith(", no mistakes") for line in lines), result.stdout


def check_json(labtwin: Path, root: Path) -> None:
    right = root / "tests/support/bad/labs/box.toml"
    wrong = root / "tests/support/bad/unknown_keys.toml"
    result = run(labtwin, "check", "--json", right, wrong)
    assert result.returncode == 2, result.returncode
    assert not result.stderr, result.stderr
    first, second = json.loads(result.stdout)["files"]
    assert first == {"file": str(right), "kind": "lab", "ok": True, "diagnostics": []}, first
    assert second["kind"] == "scenario", second
    assert not second["ok"], second
    expected = {"line": 2, "column": 1, "key": "warmup", "rule": "unknown key", "hint": 'did you mean "warm_up"?'}
    assert expected.items() <= second["diagnostics"][0].items(), second


def check_parts(labtwin: Path, root: Path) -> None:
    catalog = root / "models/catalog"
    names = {f"{path.parent.name}/{path.stem}" for path in catalog.glob("*/*.toml")}
    listed = run(labtwin, "parts").stdout.splitlines()
    assert {line.split()[0] for line in listed} == names, listed
    parts = json.loads(run(labtwin, "parts", "--json").stdout)["parts"]
    assert {f"{part['family']}/{part['part']}" for part in parts} == names, parts
    for part in parts:
        assert part["source"]["text"], part
        assert all(parameter["grade"] for parameter in part["parameters"]), part
    unknown = run(labtwin, "parts", "no-such-part-anywhere")
    assert (unknown.returncode, unknown.stdout) == (2, ""), unknown
    assert unknown.stderr == "no-such-part-anywhere: is neither a family nor a part of the catalog\n", unknown


def main(arguments: list[str]) -> int:
    labtwin, root = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    check_shipped_files(labtwin, root)
    check_json(labtwin, root)
    check_parts(labtwin, root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
