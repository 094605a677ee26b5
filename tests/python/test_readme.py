"""What the documents name exists: paths and verbs of ./dev."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
FOLDERS = r"(?:bindings|cmake|images|models|notebooks|scenarios|sim|tests)"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_exist(document: Path) -> None:
    # A path in bold heads a file that the page shows for others to make.
    text = re.sub(r"\*\*`[^`]+`\*\*", "", document.read_text())
    named = re.findall(rf"`({FOLDERS}/[\w./-]*\w)`|\]\(((?!https?:)[^)#]+)\)", text)
    missing = [path for pair in named for path in pair if path and not (ROOT / path).exists()]
    assert named
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_verbs_of_dev_exist(document: Path) -> None:
    help_text = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True).stdout
    verbs = set(re.findall(r"\./dev (\w+)", document.read_text()))
    assert verbs
    assert verbs <= set(re.findall(r"^\./dev (\w+)", help_text, re.MULTILINE))
