"""Does a run's interval hold what is not known of its parts? Replications draw it, the first has the middle; the same seed gives the
same bytes; a what-if that leaves card and model alone has their draws, so that its change is known far better than either latency.

Usage: drawn_parameters.py LABTWIN ROOT
"""

import math
import sys
from pathlib import Path
from typing import Any

import simulated

FIFTEEN = ("--replications", "15")
# One person who asks the same every time: nothing but the parts differs from one replication to the next.
SAME_QUESTIONS = {
    "workloads.team.arrivals": '{ process = "closed_loop", users = 1 }',
    "workloads.team.turns": "1",
    "workloads.team.think": '"10 s"',
    "workloads.team.message_tokens": "500",
    "workloads.team.answer_tokens": "300",
    "services.llm.cache_ram": '"0 B"',
    "horizon": '"20 min"',
}
# Of a step, what the card takes: the rest is the server's own thread, which is not drawn.
SHARE_OF_THE_CARD = 0.9


def answer(labtwin: Path, root: Path, *options: str, **more: str) -> dict[str, Any]:
    return simulated.answer(labtwin, root / "scenarios/small_team.toml", *options, settings=SAME_QUESTIONS | more)


def width(interval: list[float]) -> float:
    return math.log(interval[1] / interval[0])


def check_interval(labtwin: Path, root: Path) -> None:
    """A latency that is nearly all decoding is as uncertain as the speed of decoding."""
    drawn = answer(labtwin, root, "--alone", *FIFTEEN)["latency"]["team"]["p95_interval_s"]
    central = answer(labtwin, root, "--alone", *FIFTEEN, draw_parameters="false")
    sigmas = {row["name"]: row["sigma"] for row in answer(labtwin, root, "--alone")["parameters"] if row["sigma"] > 0.0}
    expected = 2.0 * 1.645 * sigmas["llm.decode_rate"] * SHARE_OF_THE_CARD
    print(f"interval {drawn}, {width(drawn):.3f} in logarithms, by the law {expected:.3f}; drawn: {sigmas}")
    assert math.isclose(width(drawn), expected, rel_tol=0.15), (drawn, expected)
    assert width(central["latency"]["team"]["p95_interval_s"]) < 0.01, central["latency"]
    assert all(row["sigma"] == 0.0 for row in central["parameters"]), central["parameters"]


def check_first_is_the_middle(labtwin: Path, root: Path) -> None:
    drawn, central = (
        answer(labtwin, root, "--alone", "--replications", "1", draw_parameters=value)["latency"] for value in ("true", "false")
    )
    assert drawn == central, (drawn, central)


def check_seeds(labtwin: Path, root: Path) -> None:
    once, again, other = (answer(labtwin, root, "--alone", *FIFTEEN, seed=seed) for seed in ("1", "1", "2"))
    assert once == again
    assert once["latency"] != other["latency"], "another seed draws the same"


def check_changes_are_paired(labtwin: Path, root: Path) -> None:
    """More cores change nothing here: no replication may differ. Another card has luck of its own."""
    scenario = root / "scenarios/small_team.toml"
    settings = SAME_QUESTIONS | {"what_if": '[{ name = "more cores", set = { "lab.nodes.box.cpu.cores" = 64 } }, '
                                 '{ name = "another card", set = { "lab.nodes.box.gpus.gpu0.part" = "rtx-4090" } }]'}
    result = simulated.answer(labtwin, scenario, *FIFTEEN, settings=settings)
    same, other = result["counterfactuals"]
    assert same["change_interval_s"][0] == same["change_interval_s"][1] == 0.0, same
    spread = other["change_interval_s"][1] - other["change_interval_s"][0]
    assert spread > 0.1 * result["latency"]["team"]["p95_s"], "two cards have the same luck"


def main(arguments: list[str]) -> int:
    labtwin, root = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    check_interval(labtwin, root)
    check_first_is_the_middle(labtwin, root)
    check_seeds(labtwin, root)
    check_changes_are_paired(labtwin, root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
