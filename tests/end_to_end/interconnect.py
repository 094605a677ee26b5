"""Do the links inside a machine behave in a whole run? An idle bus changes nothing, more lanes are never slower, no link is busier
than always, and a bulk transfer is blamed by name for what it costs; and the comparisons that ship say of bridges, drivers and copies
of a model what rigs measured, in sign and size.

Usage: interconnect.py LABTWIN ROOT
"""

import math
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path
from typing import Any

import simulated

BOARD = {
    "lab.nodes.box.board": '"msi-meg-x570-unify"',
    "lab.nodes.box.memory.bandwidth": '"45 GB/s"',
    "lab.nodes.box.gpus.gpu0.slot": '"PCI_E1"',
}
SHORT = ("--alone", "--replications", "1")


def numbers(value: Any, key: str = "") -> dict[str, float]:
    """Every number of a JSON value by its path."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return {}
    if isinstance(value, int | float):
        return {key: float(value)}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {path: number for name, item in items for path, number in numbers(item, f"{key}.{name}").items()}


def check_idle_bus(labtwin: Path, root: Path) -> None:
    for name in ("small_team", "model_load"):
        scenario = root / f"scenarios/{name}.toml"
        without = simulated.answer(labtwin, scenario, *SHORT)
        with_board = simulated.answer(labtwin, scenario, *SHORT, settings=BOARD)
        for part in ("latency", "outcomes", "loads"):
            before, after = numbers(without.get(part, {})), numbers(with_board.get(part, {}))
            assert before.keys() == after.keys(), (name, part)
            for path, number in before.items():
                assert math.isclose(number, after[path], rel_tol=1e-9), (name, path, number, after[path])


def ttft(answer: dict[str, Any], workload: str) -> float:
    return answer["latency"][workload]["stages"]["ttft"]["mean_s"]


def tpot(answer: dict[str, Any], workload: str) -> float:
    return answer["latency"][workload]["stages"]["tpot"]["mean_s"]


def check_lanes(labtwin: Path, root: Path) -> None:
    """Prompts over two cards are the faster the wider and the newer their links are."""
    scenario = root / "scenarios/nvlink_bridge.toml"
    for links in (("pcie4x1", "pcie4x2", "pcie4x4", "pcie4x8"), ("pcie2x8", "pcie3x8", "pcie4x8")):
        times = []
        for link in links:
            settings = {f"lab.nodes.box.gpus.{gpu}.link": f'"{link}"' for gpu in ("gpu0", "gpu1")}
            times.append(ttft(simulated.answer(labtwin, scenario, *SHORT, settings=settings), "user"))
        assert times == sorted(times, reverse=True) and times[0] > times[-1], (links, times)


def check_saturation(labtwin: Path, root: Path) -> None:
    scenario = root / "scenarios/pcie_saturation.toml"
    busy = simulated.answer(labtwin, scenario, *SHORT)
    idle = simulated.answer(labtwin, scenario, *SHORT, settings={"services.loader.enabled": "false"})
    assert all(0.0 <= share <= 1.0 for share in busy["utilization"].values()), busy["utilization"]
    assert busy["utilization"]["PCIe of gpu1"] > 0.8 > 0.2 > idle["utilization"]["PCIe of gpu1"], busy["utilization"]
    (row,) = [row for row in busy["blame"] if row["resource"] == "PCIe of gpu1"]
    assert (row["kind"], row["culprit"]) == ("slowdown", "loader") and row["mean_s"] > 0.0, row
    assert not [row for row in idle["blame"] if row["resource"] == "PCIe of gpu1"], idle["blame"]
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "links.svg"
        result = simulated.run(labtwin, scenario, *SHORT, "--links", str(picture))
        assert result.returncode in simulated.ANSWERED, result.stderr
        text = "".join(xml.etree.ElementTree.parse(picture).getroot().itertext())
        assert "% busy" in text and "box.gpu1" in text, text


def check_staging(labtwin: Path, root: Path) -> None:
    """Between cards that do not reach each other, bytes are written into memory and read from there; between those that do, they
    are not. Behind the chipset all of them cross its uplink."""
    scenario = root / "scenarios/pcie_saturation.toml"
    between_cards = {"services.loader.from": '"gpu0"', "workloads.team.arrivals.users": "1"}

    def busy(settings: dict[str, str]) -> tuple[float, dict[str, float]]:
        answer = simulated.answer(labtwin, scenario, *SHORT, settings={**between_cards, **settings})
        (job,) = answer["jobs"]
        return job["read_bytes_per_s"], answer["utilization"]

    rate, shares = busy({})
    assert 2.0 * rate < 45e9 * shares["memory"] < 2.2 * rate, (rate, shares)
    rate, shares = busy({"lab.nodes.box.p2p": "true"})
    assert rate > 10e9 and shares.get("memory", 0.0) == 0.0, (rate, shares)
    rate, shares = busy({"lab.nodes.box.gpus.gpu1.slot": '"PCI_E5"'})
    assert rate < 7.6e9 and 0.8 < shares["chipset uplink"] <= 1.0, (rate, shares)


def within_a_third(measured: float, simulated_gain: float) -> bool:
    return math.copysign(1.0, measured) == math.copysign(1.0, simulated_gain) and abs(simulated_gain / measured - 1.0) <= 1 / 3


def gain(before: float, after: float) -> float:
    """Of a rate, in per cent."""
    return 100.0 * (before / after - 1.0)


def without_questions(scenario: Path, folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy whose what-ifs do not have to fit what is changed."""
    text = scenario.read_text().split("[[what_if]]")[0]
    for old, new in changes:
        text = text.replace(old, new)
    copy = folder / "changed.toml"
    copy.write_text(text)
    return copy


# The rig that measured the driver.
SIXTEEN_LANES = (("msi-meg-x570-unify", "asrock-rack-romed8-2t"), ("PCI_E1", "PCIE1"), ("PCI_E3", "PCIE3"))


def check_bridges(labtwin: Path, root: Path) -> None:
    scenario = root / "scenarios/nvlink_bridge.toml"
    plain = simulated.answer(labtwin, scenario, *SHORT)
    bridge = simulated.answer(
        labtwin,
        scenario,
        *SHORT,
        settings={"lab.nodes.box.bridges": '[{ between = ["gpu0", "gpu1"], link = "nvlink3x4" }]'},
    )
    with tempfile.TemporaryDirectory() as folder:
        wide = without_questions(scenario, Path(folder), *SIXTEEN_LANES)
        without, driver = (
            simulated.answer(labtwin, wide, *SHORT, settings={"lab.nodes.box.p2p": p2p}) for p2p in ("false", "true")
        )
    found = {
        "prompts, bridge": (42.0, gain(ttft(plain, "user"), ttft(bridge, "user"))),
        "answers, bridge": (4.0, gain(tpot(plain, "user"), tpot(bridge, "user"))),
        "prompts, driver": (14.4, gain(ttft(without, "user"), ttft(driver, "user"))),
    }
    for name, (measured, here) in found.items():
        print(f"{name}: measured {measured:+.1f} %, here {here:+.1f} %")
        assert within_a_third(measured, here), (name, measured, here)


def check_one_card(labtwin: Path, root: Path) -> None:
    """A model that one card holds does not feel the slot: rigs of club-3090 lose at most 3 %."""
    scenario = root / "scenarios/nvlink_bridge.toml"
    one = {"services.llm.gpus": '["gpu1"]', "lab.nodes.box.gpus.gpu0.slot": '""'}
    wide = simulated.answer(labtwin, scenario, *SHORT, settings={**one, "lab.nodes.box.gpus.gpu1.slot": '"PCI_E1"'})
    narrow = simulated.answer(labtwin, scenario, *SHORT, settings={**one, "lab.nodes.box.gpus.gpu1.slot": '"PCI_E5"'})
    assert math.isclose(tpot(wide, "user"), tpot(narrow, "user"), rel_tol=0.03), (wide["latency"], narrow["latency"])


def check_copies(labtwin: Path, root: Path) -> None:
    """Many people get far more out of copies than out of one model over four cards, whose library goes through the memory of the
    host although the driver lets the cards reach each other. Let do so, it is faster."""
    scenario = root / "scenarios/four_cards.toml"

    def rate(**settings: str) -> float:
        changes = {f"services.llm.{key}": value for key, value in settings.items()}
        return simulated.answer(labtwin, scenario, *SHORT, settings=changes)["latency"]["users"]["n"]

    one = rate()
    for copies, measured in ((2, 2363.5 / 1007.5), (4, 3424.9 / 1007.5)):
        ratio = rate(data_parallel_size=str(copies)) / one
        print(f"{copies} copies over one model on four cards: measured {measured:.2f} times, here {ratio:.2f}")
        assert abs(ratio / measured - 1.0) <= 1 / 3, (copies, measured, ratio)
    assert rate(nccl_p2p_level='"SYS"') > 1.2 * one


def check_pipeline(labtwin: Path, root: Path) -> None:
    """A pipeline of four exchanges little: many people get more out of it than out of one model whose every layer is shared, one
    person gets less."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = without_questions(root / "scenarios/four_cards.toml", Path(folder))

        def rates(users: int, stages: int) -> float:
            settings = {"workloads.users.arrivals.users": str(users), "services.llm.pipeline_parallel_size": str(stages)}
            return simulated.answer(labtwin, scenario, *SHORT, settings=settings)["latency"]["users"]["n"]

        many, one = rates(256, 4) / rates(256, 1), rates(1, 4) / rates(1, 1)
    print(f"four stages over four shares of every layer: {many:.2f} times with 256 users, {one:.2f} with one")
    assert one < 1.0 < many, (one, many)


def main(arguments: list[str]) -> int:
    labtwin, root = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    check_idle_bus(labtwin, root)
    check_lanes(labtwin, root)
    check_saturation(labtwin, root)
    check_staging(labtwin, root)
    check_one_card(labtwin, root)
    check_bridges(labtwin, root)
    check_copies(labtwin, root)
    check_pipeline(labtwin, root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
