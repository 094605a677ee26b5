"""Does README show what the commands print and draw? A block below `<!-- prints: labtwin ... -->` holds the whole answer of that
command, a picture below `<!-- draws: labtwin ... -->` is what it draws with `--plot`.

Usage: readme.py LABTWIN ROOT [--update]
"""

import difflib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"(<!-- prints: labtwin ([^\n]*) -->\n```\n)(.*?)(```\n)", re.DOTALL)
PICTURE = re.compile(r"<!-- draws: labtwin ([^\n]*) -->\n!\[[^\]]*\]\(([^)]*)\)")
# `run` says with 1 that an objective is missed, `fit-model` that a model does not load.
ANSWERED = (0, 1)


def answer(labtwin: Path, root: Path, arguments: str) -> str:
    result = subprocess.run([labtwin, *shlex.split(arguments)], cwd=root, capture_output=True, text=True, timeout=280)
    assert result.returncode in ANSWERED, result.stderr
    return result.stdout


def pictures_changed(labtwin: Path, root: Path, text: str, update: bool) -> int:
    changed = 0
    pictures = PICTURE.findall(text)
    assert len(pictures) == text.count("](docs/"), "a picture without the command that draws it"
    for command, name in pictures:
        with tempfile.TemporaryDirectory() as folder:
            drawn = Path(folder) / "now.svg"
            answer(labtwin, root, f"{command} --plot {drawn}")
            if drawn.read_bytes() == (root / name).read_bytes():
                continue
            if update:
                shutil.copyfile(drawn, root / name)
            else:
                changed += 1
                print(f"{name} is not what labtwin {command} --plot draws")
    return changed


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
    failed += pictures_changed(labtwin, root, text, update)
    print(f"{len(blocks)} answers, {failed} answers or pictures changed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
