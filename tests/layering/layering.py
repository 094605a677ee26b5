"""Do the boundaries between the layers hold? Reads what the sources include (and which clocks they name); each rule is one
CTest case.

Usage: layering.py --list, or layering.py ROOT RULE
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]|\b(\w+_clock)::now', re.MULTILINE)

# Model families that combine others: the catalog makes laws of every family, calibration fits them.
COMBINING_FAMILIES = ("base", "catalog", "calibration")
# The part of sim/ that the command and the Python module link: it must not load SimGrid.
WITHOUT_ENGINE = ("sim/scenario/", "sim/run/", "sim/output/", "sim/command/", "sim/main.cpp", "bindings/")
WITH_ENGINE = ("sim/engine/", "sim/process/", "sim/service/", "sim/simulation/", "sim/validation/")


class Include(NamedTuple):
    file: str  # relative to the root
    line: int
    header: str


def includes(root: Path) -> Iterator[Include]:
    for folder in ("models", "sim", "bindings"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            text = path.read_text()
            for match in INCLUDE.finditer(text):
                line = text.count("\n", 0, match.end()) + 1
                yield Include(path.relative_to(root).as_posix(), line, match.group(1) or match.group(2))


def family(path: str) -> str | None:
    """The model family of a file or header, None outside models/ and for files directly in it."""
    parts = path.split("/")
    return parts[1] if parts[0] == "models" and len(parts) > 2 else None


def crosses_families(include: Include) -> bool:
    own, other = family(include.file), family(include.header)
    return own not in (None, *COMBINING_FAMILIES) and other not in (None, "base", own)


# Each rule holds for an include line or is broken by it.
RULES = {
    "simgrid_only_in_engine": lambda i: i.header.startswith("simgrid/") and not i.file.startswith("sim/engine/"),
    "toml_only_in_table_reader": lambda i: i.header.startswith("toml++/") and i.file != "models/base/document.cpp",
    "boost_graph_only_in_topology": lambda i: i.header.startswith("boost/graph/") and not i.file.startswith("models/topology/"),
    "pybind11_only_in_bindings": lambda i: i.header.startswith("pybind11/") and not i.file.startswith("bindings/"),
    "models_know_nothing_above": lambda i: i.file.startswith("models/") and i.header.startswith(("sim/", "bindings/")),
    "base_knows_no_family": lambda i: family(i.file) == "base" and family(i.header) not in (None, "base"),
    "families_do_not_meet": crosses_families,
    "models_have_no_clock": lambda i: i.file.startswith("models/") and i.header.endswith(("_clock", "ctime", "thread")),
    "models_have_one_source_of_randomness": lambda i: i.file.startswith("models/") and i.header == "random",
    "command_and_module_without_engine": lambda i: i.file.startswith(WITHOUT_ENGINE) and i.header.startswith(WITH_ENGINE),
    "nothing_includes_tests": lambda i: i.header.startswith("tests/"),
}


def main(arguments: list[str]) -> int:
    if arguments == ["--list"]:
        print(*RULES, sep=";", end="")
        return 0
    root, rule = Path(arguments[0]), arguments[1]
    found = list(includes(root))
    broken = [include for include in found if RULES[rule](include)]
    for include in broken:
        print(f"{include.file}:{include.line}: includes {include.header}, against {rule}")
    return 1 if broken or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
