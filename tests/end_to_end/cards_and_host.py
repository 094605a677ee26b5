"""Do models run as they must where cards are not alike, or where the host holds a part of the weights? Two kinds of cards are between
either alone, or at the pace of the slower one; weights that cross a link in every step cost what the link says; a model larger than
memory falls off a cliff; a limit on power costs what measured curves say.

Usage: cards_and_host.py LABTWIN ROOT
"""

import json
import math
import sys
import tempfile
from pathlib import Path

import simulated

SHORT = ("--alone", "--replications", "1")
LAB = """
title = "one person and two cards"
horizon = "20 min"
[lab.nodes.box]
board = "asrock-rack-romed8-2t"
cpu = { cores = 8 }
memory = { size = "64 GiB", bandwidth = "120 GB/s" }
gpus.fast = { part = "rtx-4090", slot = "PCIE1" }
gpus.slow = { part = "rtx-3060", slot = "PCIE3" }
drives.nvme0 = { part = "samsung-990-pro-2tb" }
[services.llm]
type = "llm_server"
node = "box"
gpus = ["fast", "slow"]
model = "llama-3.1-8b"
%s
[workloads.user]
type = "chat"
llm = "llm"
arrivals = { process = "closed_loop", users = 1 }
turns = 2
think = "5 s"
message_tokens = 500
answer_tokens = 100
timeout = "10 min"
"""
LLAMA = 'quant = "q4_k_m"\nctx_size = 8192'
VLLM = 'engine = "vllm"\nquant = "awq-int4"\nmax_model_len = 4096'
GIB = 2**30


def tpot(labtwin: Path, scenario: Path, **settings: str) -> float:
    answer = simulated.answer(labtwin, scenario, *SHORT, settings=settings)
    (workload,) = answer["latency"].values()
    return workload["stages"]["tpot"]["mean_s"]


def on(cards: str) -> dict[str, str]:
    return {"services.llm.gpus": cards}


def check_mixed_cards(labtwin: Path, folder: Path) -> None:
    for engine, text in (("llama.cpp", LLAMA), ("vllm", VLLM)):
        scenario = folder / f"{engine}.toml"
        scenario.write_text(LAB % text)
        fast, slow, both = (tpot(labtwin, scenario, **on(cards)) for cards in ('["fast"]', '["slow"]', '["fast", "slow"]'))
        print(f"{engine}: {1e3 * fast:.2f} ms a token on the one, {1e3 * slow:.2f} on the other, {1e3 * both:.2f} on both")
        assert fast < both < slow, (engine, fast, both, slow)
        if engine == "llama.cpp":
            # Of 36 GB two thirds are on the fast one; launches of layers are not shared.
            assert math.isclose(both, (2.0 * fast + slow) / 3.0, rel_tol=0.03), (fast, both, slow)
        else:
            # Half of the slow one's weights, and all-reduces.
            assert both > 0.5 * slow, (both, slow)


def check_power_limit(labtwin: Path, folder: Path) -> None:
    """At the board's power it costs next to nothing, below three quarters of it more than in proportion."""
    scenario = folder / "limited.toml"
    scenario.write_text(LAB % LLAMA)
    times = [
        tpot(labtwin, scenario, **on('["fast"]'), **{"lab.nodes.box.gpus.fast.power_limit": f'"{watts} W"'})
        for watts in (450, 350, 300, 225)
    ]
    free = tpot(labtwin, scenario, **on('["fast"]'))
    print("450, 350, 300, 225 W:", [f"{time / free:.2f} times as long" for time in times])
    assert times == sorted(times) and times[0] < 1.02 * free, (free, times)
    assert 300 / 225 < times[3] / times[2] < (300 / 225) ** 2, times


def check_streaming(labtwin: Path, folder: Path) -> None:
    """A gigabyte and a half of weights over a link that carries 85 % of its lanes."""
    scenario = folder / "streamed.toml"
    scenario.write_text(LAB % VLLM)
    inside = tpot(labtwin, scenario, **on('["fast"]'))
    before = 0.0
    for lanes, rate in ((16, 31.5e9), (8, 15.75e9), (4, 7.88e9), (1, 1.97e9)):
        link = {"lab.nodes.box.gpus.fast.link": f'"pcie4x{lanes}"', "services.llm.cpu_offload_gb": "1.5"}
        outside = tpot(labtwin, scenario, **on('["fast"]'), **link)
        expected = 1.5 * GIB / (0.85 * rate)
        print(f"pcie4x{lanes}: {1e3 * inside:.1f} ms a token in memory, {1e3 * outside:.1f} streamed")
        assert expected < outside < expected + inside and outside > before, (lanes, expected, outside)
        before = outside
    # The links of both cards are narrower than half of any desktop's memory, whether the lab tells it or not.
    both = {**on('["fast", "slow"]'), "services.llm.cpu_offload_gb": "1.5"}
    told, untold = (tpot(labtwin, scenario, **both, **memory) for memory in ({}, {"lab.nodes.box.memory": '{ size = "64 GiB" }'}))
    assert math.isclose(told, untold, rel_tol=1e-9), (told, untold)


def check_short_memory(labtwin: Path, root: Path) -> None:
    scenario = root / "scenarios/experts_in_ram.toml"
    drive = {
        "lab.nodes.box.drives": '{ nvme0 = { part = "samsung-990-pro-2tb" } }',
        "services.llm.load": '{ from = "nvme0" }',
    }
    plain = tpot(labtwin, scenario)
    times = [tpot(labtwin, scenario, **drive, **{"lab.nodes.box.memory.size": f'"{gib} GiB"'}) for gib in (96, 64, 48, 32, 16)]
    print("experts with less and less memory:", [f"{1e3 * time:.0f} ms" for time in times])
    assert math.isclose(times[0], plain, rel_tol=1e-6) and math.isclose(times[1], plain, rel_tol=1e-6), (plain, times)
    assert times[1:] == sorted(times[1:]) and times[-1] > 3.0 * plain, times
    # Of 128 experts four are picked in each of 36 layers: with 16 GiB less memory, so much more of them is read.
    slopes = [after - before for before, after in zip(times[2:], times[3:], strict=False)]
    read = 16 * GIB * 4 / 128
    for slope in slopes:
        assert 5e9 < read / slope < 8e9, slopes  # B/s of the drive


# Of Llama 3.1 8B.
CONFIG = {
    "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 128256,
    "max_position_embeddings": 131072, "tie_word_embeddings": False,
}


def check_model_file(labtwin: Path, folder: Path) -> None:
    """A model that no catalog has is as fast as one of the same shape; a file that is none is one message."""
    scenario = folder / "file.toml"
    scenario.write_text(LAB % VLLM)
    known = tpot(labtwin, scenario, **on('["fast"]'))
    config = folder / "config.json"
    config.write_text(json.dumps(CONFIG))
    scenario.write_text((LAB % VLLM).replace("llama-3.1-8b", "config.json"))
    read = tpot(labtwin, scenario, **on('["fast"]'))
    print(f"{1e3 * known:.3f} ms a token of the catalog's model, {1e3 * read:.3f} of its config.json")
    assert math.isclose(known, read, rel_tol=0.01), (known, read)
    config.write_text(json.dumps({key: value for key, value in CONFIG.items() if key != "num_attention_heads"}))
    for message, name in (("num_attention_heads: is missing", "config.json"), ("there is no such file", "other.json")):
        scenario.write_text((LAB % VLLM).replace("llama-3.1-8b", name))
        result = simulated.run(labtwin, scenario, *SHORT)
        assert result.returncode == 2 and message in result.stderr, result
        assert len(result.stderr.splitlines()) == 1, result.stderr


TRACES = {
    "azure.csv": "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,300,10\n2023-11-16 18:17:04.03,200,8\n",
    "splitwise.csv": "arrived_at,num_prefill_tokens,num_decode_tokens\n0.0,300,10\n0.06,200,8\n",
    "mooncake.jsonl": '{"timestamp": 0, "input_length": 300, "output_length": 10, "hash_ids": [1]}\n'
    '{"timestamp": 60, "input_length": 200, "output_length": 8, "hash_ids": [2]}\n',
    "bench.json": '{\n "num_prompts": 2,\n "request_rate": "inf",\n "input_lens": [300, 200],\n "output_lens": [10, 8],\n'
    ' "start_times": [5.0, 5.06]\n}\n',
}


def check_traces(labtwin: Path, folder: Path) -> None:
    """The same two requests in every format give the same answers."""
    scenario = folder / "replay.toml"
    text = (LAB % VLLM).split("[workloads.user]")[0].replace('"fast", "slow"', '"fast"')
    latencies = set()
    for name, trace in TRACES.items():
        (folder / name).write_text(trace)
        scenario.write_text(
            text
            + f'[workloads.user]\ntype = "chat"\nllm = "llm"\ntimeout = "1 min"\n'
            f'arrivals = {{ process = "trace", file = "{name}" }}\n'
        )
        row = simulated.answer(labtwin, scenario, *SHORT)["latency"]["user"]
        assert row["n"] == 2 and row["stages"]["itl"]["n"] == 9 + 7, (name, row)
        latencies.add(f"{row['mean_s']:.6f}")
    assert len(latencies) == 1, latencies


WINDOWS = "category,model,client_chunk,window_start_s,rate_per_s,cv,arrival_family\nlanguage,small,1,0,0.5,1.5,Weibull\n"
LENGTHS = "category,model,client_chunk,mean_rate_per_s,field,p10,p25,p50,p75,p90,p95,p99,mean\n" + "".join(
    f"language,small,1,0.5,{field}_tokens,10,20,30,40,50,60,80,32\n" for field in ("input", "output")
)


def check_sessions(labtwin: Path, folder: Path) -> None:
    """Sessions need somebody who begins them, and share what their trace says; ServeGen's clients ask at their rate."""
    requests = ",".join(
        f'{{"t": {9 * i}, "in": {64 * (i + 4)}, "out": 8, "hash_ids": {list(range(1, i + 5))}, "think_time": 2}}' for i in range(3)
    )
    (folder / "weka.jsonl").write_text(f'{{"id": "a", "block_size": 64, "requests": [{requests}]}}\n')
    (folder / "windows.csv").write_text(WINDOWS)
    (folder / "lengths.csv").write_text(LENGTHS)
    scenario = folder / "sessions.toml"
    text = (LAB % VLLM).split("[workloads.user]")[0].replace('"fast", "slow"', '"fast"')
    text += '[workloads.user]\ntype = "chat"\nllm = "llm"\ntimeout = "1 min"\narrivals = '
    scenario.write_text(text + '{ process = "trace", file = "weka.jsonl" }\n')
    refused = simulated.run(labtwin, scenario, *SHORT)
    assert refused.returncode == 2 and "arrivals.users: is missing" in refused.stderr, refused
    scenario.write_text(text + '{ process = "trace", file = "weka.jsonl", users = 1 }\n')
    row = simulated.answer(labtwin, scenario, *SHORT)["outcomes"][0]
    assert (row["completed"], row["prompt_tokens"], row["prefix_hit_tokens"]) == (3, 64 * 15, 64 * 9), row
    servegen = '{ process = "servegen", windows = "windows.csv", lengths = "lengths.csv", model = "small", scale = 0.5 }\n'
    scenario.write_text(text + servegen)
    row = simulated.answer(labtwin, scenario, *SHORT)["outcomes"][0]
    assert row["arrived"] > 0 and row["arrived"] == row["completed"] + row["in_system"], row


def check_copies(labtwin: Path, folder: Path) -> None:
    """Copies load from one drive, read once, each over its own link; a router that keeps conversations finds their prefixes."""
    scenario = folder / "copies.toml"
    copies = VLLM + '\ndata_parallel_size = 2\nload = { from = "nvme0" }'
    scenario.write_text((LAB % copies).replace("users = 1", "users = 6").replace("turns = 2", "turns = 8"))
    loads = {row["service"]: row for row in simulated.answer(labtwin, scenario, *SHORT)["loads"]}
    assert set(loads) == {"llm", "llm (copy 2)"}, loads
    alone = simulated.answer(labtwin, scenario, *SHORT, settings={"services.llm.data_parallel_size": "1", **on('["fast"]')})
    (one,) = alone["loads"]
    first, second = loads["llm"]["ready_s"], loads["llm (copy 2)"]["ready_s"]
    print(f"ready after {one['ready_s']:.1f} s alone, {first:.1f} and {second:.1f} of two copies")
    assert one["ready_s"] > 2.0 and math.isclose(first, one["ready_s"], rel_tol=0.05), (one, first)
    assert first <= second < 1.5 * first, (first, second)
    hits = {}
    for routing in ("round_robin", "session_affinity", "cache_aware"):
        answer = simulated.answer(labtwin, scenario, *SHORT, settings={"services.llm.routing": f'"{routing}"'})
        row = answer["outcomes"][0]
        hits[routing] = row["prefix_hit_tokens"] / row["prompt_tokens"]
    print("prefix hits:", ", ".join(f"{100 * share:.0f} % with {routing}" for routing, share in hits.items()))
    assert min(hits["session_affinity"], hits["cache_aware"]) > hits["round_robin"] + 0.1, hits


def check_locked_clocks(labtwin: Path, folder: Path) -> None:
    """Decoding goes by the clock of the memory, prompts by that of the graphics; of a cap and a clock the lower one holds."""
    scenario = folder / "clocks.toml"
    scenario.write_text(LAB % VLLM)

    def stages(**clocks: str) -> tuple[float, float]:
        settings = {f"lab.nodes.box.gpus.fast.{key}": f'"{value}"' for key, value in clocks.items()}
        (workload,) = simulated.answer(labtwin, scenario, *SHORT, settings={**on('["fast"]'), **settings})["latency"].values()
        return workload["stages"]["tpot"]["mean_s"], workload["stages"]["ttft"]["mean_s"]

    token, prompt = stages()
    by_graphics = stages(locked_clock="1260 MHz")
    by_memory = stages(locked_memory_clock="5.25 GHz")
    print(f"half the graphics clock: {by_graphics[0] / token:.2f} x a token, {by_graphics[1] / prompt:.2f} x a prompt; "
          f"half the memory clock: {by_memory[0] / token:.2f} and {by_memory[1] / prompt:.2f}")
    assert by_graphics[0] < 1.3 * token and 1.4 * prompt < by_graphics[1] < 2.05 * prompt, (by_graphics, token, prompt)
    assert 1.6 * token < by_memory[0] < 2.05 * token and by_memory[1] < 1.3 * prompt, (by_memory, token, prompt)
    assert stages(locked_clock="2.9 GHz") == (token, prompt)
    capped = stages(power_limit="250 W")
    assert stages(power_limit="250 W", locked_clock="2.4 GHz") == capped
    assert stages(power_limit="440 W", locked_clock="1260 MHz") == by_graphics


def main(arguments: list[str]) -> int:
    labtwin, root = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    with tempfile.TemporaryDirectory() as folder:
        check_mixed_cards(labtwin, Path(folder))
        check_power_limit(labtwin, Path(folder))
        check_streaming(labtwin, Path(folder))
        check_model_file(labtwin, Path(folder))
        check_traces(labtwin, Path(folder))
        check_sessions(labtwin, Path(folder))
        check_copies(labtwin, Path(folder))
        check_locked_clocks(labtwin, Path(folder))
    check_short_memory(labtwin, root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
