import subprocess
import sys
from pathlib import Path

CONFIG = Path(__file__).parents[2] / "pyproject.toml"


def test_stubs_match_the_module() -> None:
    command = [sys.executable, "-m", "mypy.stubtest", "labtwin._labtwin", "--mypy-config-file", CONFIG]
    check = subprocess.run(command, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
