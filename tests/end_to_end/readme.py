"""Does README show what the commands print? A block below `<!-- prints: labtwin ... -->` holds the whole answer of that command.

Usage: readme.py LABTWIN ROOT [--update]
"""

import difflib
import re
import shlex
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"(<!-- prints: labtwin ([^\n]*) -->\n```\n)(.*?)(```\n)", re.DOTALL)
# `run` says with 1 that an objective is missed, `fit-model` that a model does not load.
ANSWERED = (0, 1)


def answer(labtwin: Path, root: Path, arguments: str) -> str:
    result = subprocess.run([labtwin, *shlex.split(arguments)], cwd=root, capture_output=True, text=True, timeout=280)
    assert result.returncode in ANSWERED, result.stderr
    return result.stdout


def main(arguments: list[str]) -> int:
    labtwin, root = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    update = arguments[2:] == ["--update"]
    readme = root / "README.md"
    text = readme.read_text()
    failed = 0
    blocks = BLOCK.findall(text)
    assert blocks, "README shows no answer"
    for head, command, shown, tail in blocks:
        now = answer(labtwin, root, command)
        if update:
            text = text.replace(head + shown + tail, head + now + tail)
        elif shown != now:
            failed += 1
            print(f"labtwin {command}")
            print("\n".join(difflib.unified_diff(shown.splitlines(), now.splitlines(), "README.md", "now", lineterm="")))
    if update:
        readme.write_text(text)
    print(f"{len(blocks)} answers, {failed} changed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
