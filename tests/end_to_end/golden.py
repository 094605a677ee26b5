"""Does each shipped scenario still give the answer that was kept? A difference says that something changed, not that it is
wrong; look at it, and keep the new answer with --update-golden if the change is meant.

Usage: golden.py LABTWIN ROOT [--update-golden]
"""

import difflib
import sys
from pathlib import Path

import simulated

HEADER = """\
# The summary of {command}
# as it was when it was kept: it shows changes and proves no correctness. Renewed by tests/end_to_end/golden.py --update-golden.

"""
# Short, but the job of every scenario has begun.
OPTIONS = ("--replications", "1", "--set", "horizon='15 min'")


def summary(labtwin: Path, scenario: Path) -> str:
    result = simulated.run(labtwin, scenario, *OPTIONS)
    assert result.returncode in simulated.ANSWERED, result.stderr
    command = " ".join(("labtwin run", f"scenarios/{scenario.name}", *OPTIONS[:3], f'"{OPTIONS[3]}"'))
    return HEADER.format(command=command) + result.stdout


def main(arguments: list[str]) -> int:
    labtwin, root = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    update = arguments[2:] == ["--update-golden"]
    failed = 0
    scenarios = simulated.shipped_scenarios(root)
    golden = root / "tests/golden"
    for scenario in scenarios:
        kept, new = golden / f"{scenario.stem}.txt", summary(labtwin, scenario)
        if update:
            kept.write_text(new)
            continue
        old = kept.read_text() if kept.exists() else ""
        if old != new:
            failed += 1
            print("\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), kept.name, "now", lineterm="")))
    leftover = {path.stem for path in golden.glob("*.txt")} - {scenario.stem for scenario in scenarios}
    if leftover:
        print(f"kept answers without a scenario: {sorted(leftover)}")
    print(f"{len(scenarios)} scenarios, {failed} changed")
    return 1 if failed or leftover else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
