"""What the tests of `labtwin run` share: starting it and reading its answer."""

import json
import subprocess
from pathlib import Path
from typing import Any

ANSWERED = (0, 1)  # objectives met, or missed


def run(labtwin: Path, scenario: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(labtwin), "run", str(scenario), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def answer(labtwin: Path, scenario: Path, *options: str, settings: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON answer. Settings are TOML values by dotted key."""
    result = run(labtwin, scenario, "--json", *options, *set_options(settings or {}))
    assert result.returncode in ANSWERED, result.stderr
    return json.loads(result.stdout)


def set_options(settings: dict[str, str]) -> list[str]:
    options = []
    for key, value in settings.items():
        options += ["--set", f"{key}={value}"]
    return options


def shipped_scenarios(root: Path) -> list[Path]:
    scenarios = sorted((root / "scenarios").glob("*.toml"))
    assert scenarios, root
    return scenarios
