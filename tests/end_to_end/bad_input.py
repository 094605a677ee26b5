"""Does `labtwin check` report wrong input as promised? Each NAME.toml below the corpus that has a NAME.expected is checked (with
the arguments in NAME.args, one per line): stdout stays empty, stderr equals NAME.expected, the exit status is 2.

Usage: bad_input.py LABTWIN CORPUS [--update]
"""

import difflib
import subprocess
import sys
from pathlib import Path

WRONG_INPUT = 2


def check(labtwin: Path, corpus: Path, case: Path) -> subprocess.CompletedProcess[str]:
    arguments = case.with_suffix(".args")
    extra = arguments.read_text().splitlines() if arguments.exists() else []
    command = [str(labtwin), "check", *extra, str(case.relative_to(corpus))]
    return subprocess.run(command, cwd=corpus, capture_output=True, text=True, timeout=20, check=False)


def complaint(result: subprocess.CompletedProcess[str], expected: str) -> str:
    """What is wrong with a result; empty if nothing."""
    if result.returncode != WRONG_INPUT:
        return f"exit status {result.returncode}, stderr: {result.stderr}"
    if result.stdout:
        return f"stdout is not empty: {result.stdout}"
    difference = difflib.unified_diff(expected.splitlines(), result.stderr.splitlines(), "expected", "stderr", lineterm="")
    return "\n".join(difference)


def main(arguments: list[str]) -> int:
    labtwin, corpus = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    update = arguments[2:] == ["--update"]
    failed = 0
    cases = sorted(path for path in corpus.rglob("*.toml") if update or path.with_suffix(".expected").exists())
    for case in cases:
        result = check(labtwin, corpus, case)
        expected = case.with_suffix(".expected")
        if update and result.returncode == WRONG_INPUT:
            expected.write_text(result.stderr)
        elif not update and (text := complaint(result, expected.read_text())):
            print(f"{case.relative_to(corpus)}: {text}\n")
            failed += 1
    print(f"{len(cases)} cases, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
