"""Does `labtwin fit-model` answer with the status that it promises, and does wrong input get one clear message?

Usage: fit_model.py LABTWIN ROOT
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def run(labtwin: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(labtwin), "fit-model", *(str(word) for word in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def check_verdicts(labtwin: Path) -> None:
    loads = run(labtwin, "llama-3.1-8b", "--on", "NVIDIA GeForce RTX 3090 24GB", "--context", "32768")
    assert loads.returncode == 0 and loads.stdout.startswith("LOADS  llama-3.1-8b"), loads
    fails = run(labtwin, "llama-3.1-70b", "--on", "rtx-3090", "--json")
    assert fails.returncode == 1, fails
    case = json.loads(fails.stdout)["cases"][0]
    parts = ("weights_bytes", "kv_cache_bytes", "compute_buffer_bytes", "reserve_bytes")
    assert abs(sum(case[part] for part in parts) - case["total_bytes"]) < 1.0, case
    assert case["total_bytes"] > case["usable_bytes"] and not case["loads"], case
    assert case["changes"] and all(change["total_bytes"] <= 16 * case["usable_bytes"] for change in case["changes"]), case


def check_mixed_cards(labtwin: Path) -> None:
    """Layers are dealt by memory; vLLM gives every card an equal part, so that the smallest counts."""
    mixed = json.loads(run(labtwin, "qwen3-32b", "--on", "rtx-3090+rtx-3060", "--json").stdout)["cases"][0]
    assert mixed["card"] == "rtx-3090+rtx-3060" and mixed["cards"] == 2 and mixed["loads"], mixed
    alone = [json.loads(run(labtwin, "qwen3-32b", "--on", card, "--json").stdout)["cases"][0]["usable_bytes"]
             for card in ("rtx-3090", "rtx-3060")]
    assert abs(mixed["usable_bytes"] - sum(alone)) < 1.0, (mixed, alone)
    vllm = ("qwen3-32b", "--quant", "awq-int4", "--engine", "vllm", "--context", "2048", "--json")
    equal, two_small = (json.loads(run(labtwin, *vllm, "--on", cards).stdout)["cases"][0]["usable_bytes"]
                        for cards in ("rtx-3090+rtx-3060", "rtx-3060+rtx-3060"))
    assert abs(equal - two_small) < 1.0, (equal, two_small)
    both = run(labtwin, "qwen3-32b", "--on", "rtx-3090+rtx-3060", "--cards", "2")
    assert both.returncode == 2 and "two ways to say how many" in both.stderr, both


def check_weight_streaming(labtwin: Path) -> None:
    """vLLM's nearest change leaves weights to the memory of the host."""
    fails = run(labtwin, "qwen3-32b", "--on", "rtx-3090", "--engine", "vllm", "--context", "8192", "--json")
    (case,) = json.loads(fails.stdout)["cases"]
    (gib,) = [int(change["what"].split()[1]) for change in case["changes"] if change["what"].startswith("cpu_offload_gb")]
    missing = (case["total_bytes"] - case["usable_bytes"]) / 2**30
    assert missing <= gib < missing + 1.0, (gib, missing)


def check_experts_in_host(labtwin: Path) -> None:
    fails = run(labtwin, "gpt-oss-120b", "--quant", "mxfp4", "--on", "rtx-4090", "--json")
    (case,) = json.loads(fails.stdout)["cases"]
    (layers,) = [int(change["what"].split()[1]) for change in case["changes"] if change["what"].startswith("n_cpu_moe")]
    # Thirty-six layers hold nearly all of 63 GB in experts: on 23.5 GiB a third of them fits.
    assert 20 <= layers <= 27, case["changes"]


def check_table(labtwin: Path) -> None:
    cards = ("--on", "rtx-3090", "--on", "apple-m4-max")
    table = run(labtwin, "llama-3.1-8b", "qwen3-32b", *cards, "--context", "8192", "--context", "32768")
    assert table.returncode == 1, table
    lines = table.stdout.splitlines()
    assert len(lines) == 5 and lines[0].split() == ["model", "context", "rtx-3090", "apple-m4-max"], table.stdout


def check_speed(labtwin: Path) -> None:
    """What loads is told with its speed: within what the memory allows, slower behind more context, nothing of what does not."""
    whole = run(labtwin, "llama-3.1-8b", "--on", "rtx-3090", "--context", "32768", "--json")
    (case,) = json.loads(whole.stdout)["cases"]
    decode = case["speed"]["decode_tok_s"]
    assert 0.3 * 936e9 < decode["value"] * case["weights_bytes"] < 936e9, case
    assert decode["low"] < decode["value"] < decode["high"], case
    longer = case["speed"]["decode_tok_s_at_full_context"]["value"]
    assert 0.5 * decode["value"] < longer < 0.97 * decode["value"], case
    text = run(labtwin, "llama-3.1-8b", "--on", "rtx-3090", "--context", "32768").stdout
    assert "One sequence decodes" in text and "throughput of llama.cpp on rtx-3090 (fitted)" in text, text
    for question in (("llama-3.3-70b", "--on", "rtx-3090"), ("qwen3-32b", "--on", "rtx-3090+rtx-3060"),
                     ("qwen3-8b", "--on", "rtx-3090", "--layers", "20"),
                     ("qwen3-8b", "--on", "rtx-3090", "--engine", "vllm", "--cards", "2")):
        assert "speed" not in json.loads(run(labtwin, *question, "--json").stdout)["cases"][0], question


def check_shared_memory(labtwin: Path) -> None:
    """A chip that shares the memory of its host is sold with more and with less; a card is not."""
    most, half = (json.loads(run(labtwin, "llama-3.1-8b", "--on", card, "--json").stdout)["cases"][0]
                  for card in ("M4 Max", "M4 Max 64GB"))
    assert half["card"] == "apple-m4-max-64gb" and abs(most["usable_bytes"] - 2.0 * half["usable_bytes"]) < 1.0, (most, half)
    again = run(labtwin, "llama-3.1-8b", "--on", half["card"], "--json")
    assert json.loads(again.stdout)["cases"][0]["usable_bytes"] == half["usable_bytes"], again


def check_context_of_models(labtwin: Path) -> None:
    """Alone, a model that was not made for so much context is a mistake; in a table it is told in its place."""
    table = run(labtwin, "llama-3-8b", "llama-3.1-8b", "--on", "rtx-3090", "--context", "32768")
    assert table.returncode == 1 and "made for 8192" in table.stdout.splitlines()[1], table
    assert "loads" in table.stdout.splitlines()[2], table
    whole = run(labtwin, "llama-3-8b", "--on", "rtx-3090")
    assert "with all 8192 tokens" in whole.stdout, whole


# Which model loads on which card with which context, in q4_k_m, as the law of the memory has it: the margins are gigabytes.
CARDS = ("rtx-3090", "rtx-4090", "rtx-5090", "apple-m4-max", "ryzen-ai-max-395")
VERDICTS = {
    ("llama-3.1-8b", "4096"): ("loads", "loads", "loads", "loads", "loads"),
    ("llama-3.1-8b", "32768"): ("loads", "loads", "loads", "loads", "loads"),
    ("qwen3-32b", "4096"): ("loads", "loads", "loads", "loads", "loads"),
    ("qwen3-32b", "32768"): ("fails", "fails", "loads", "loads", "loads"),
    ("llama-3.3-70b-instruct", "4096"): ("fails", "fails", "fails", "loads", "loads"),
    ("llama-3.3-70b-instruct", "32768"): ("fails", "fails", "fails", "loads", "loads"),
}


def check_many_verdicts(labtwin: Path) -> None:
    models = tuple(dict.fromkeys(model for model, _ in VERDICTS))
    cards = tuple(word for card in CARDS for word in ("--on", card))
    table = run(labtwin, *models, "--quant", "q4_k_m", *cards, "--context", "4096", "--context", "32768")
    assert table.returncode == 1, table
    for line in table.stdout.splitlines()[1:]:
        model, context, *cells = line.split()
        assert tuple(word for word in cells if word in {"loads", "fails"}) == VERDICTS[model, context], line


def check_wrong_input(labtwin: Path, folder: Path) -> None:
    config = folder / "config.json"
    config.write_text('{"num_hidden_layers": 2, "hidden_size": 64, "vocab_size": 100}')
    cut = folder / "cut.gguf"
    cut.write_bytes(b"GGUF\x03\x00\x00\x00\x01")
    card = ("--on", "rtx-3090")
    cases = [
        (("llama-3.1-8b", *card, "--quant", "q4_k_n"), 'is no known quantisation (did you mean "q4_k_m"?)'),
        (("llama-3.1-8b", *card, "--quant", "q9"), "is no known quantisation (nearest are q"),
        (("llama-3.1-8b", *card, "--quant", "fp8"), "--quant = fp8: is none that llama.cpp reads"),
        (("llama-3.1-8b", *card, "--kv", "fp8"), "--kv = fp8: is no type of a KV cache of llama.cpp"),
        (("llama-3.1-8b", *card, "--engine", "vllm", "--kv", "q8_0"), "--kv = q8_0: is no type of a KV cache of vllm"),
        (("llama-3.1-8b", *card, "--context", "32k"), "(did you mean 32768?)"),
        (("llama-3.1-8b", *card, "--quantt", "q8_0"), '--quantt: is no option of fit-model (did you mean "--quant"?)'),
        (("llama-3.1-8b", *card, "--engine", "vllm", "--layers", "20"), "--layers: is of llama.cpp"),
        (("llama-3.1-8b", *card, "--desktop", "600"), "--desktop = 600: "),
        (("llama-3.1-8b", *card, "--desktop", "60 GiB"), "--desktop = 60 GiB: leaves nothing of a card with 24.00 GiB"),
        (("llama-3.1-8b", "--on", "rtx-3091"), '(did you mean "rtx-3090"?)'),
        (("llama-3.1-8b", "--on", "strix"), '(did you mean "ryzen-ai-max-395"?)'),
        (("llama-3.1-8b", "--on", "rtx-3090+rtx-3091"), 'rtx-3091: is not in the catalog'),
        (("llama-3.1-8b", "--on", "rtx-3090+"), "names no card on one side of a +"),
        (("llama-3.1-8b", "--on", "RTX 3090 48GB"), "rtx-3090 has 24 GiB"),
        (("llama-3.1-8b", "--on", "M4 Max 256GB"), "apple-m4-max has 128 GiB"),
        (("llama-3-8b", *card, "--context", "32768"), "was made for 8192 tokens at most"),
        ((config, *card), "num_attention_heads: is missing"),
        ((cut, *card), "is cut off within its header"),
        (("llama-3.1-8b",), "--on"),
    ]
    verb = subprocess.run([str(labtwin), "fit-modle", "llama-3.1-8b"], capture_output=True, text=True, timeout=60, check=False)
    assert verb.returncode == 2 and verb.stderr == 'fit-modle: is no verb of labtwin (did you mean "fit-model"?)\n', verb
    for arguments, message in cases:
        result = run(labtwin, *arguments)
        assert result.returncode == 2 and message in result.stderr, (arguments, result)
        assert len(result.stderr.splitlines()) == 1, result.stderr


def main() -> None:
    labtwin = Path(sys.argv[1])
    check_verdicts(labtwin)
    check_mixed_cards(labtwin)
    check_weight_streaming(labtwin)
    check_experts_in_host(labtwin)
    check_table(labtwin)
    check_speed(labtwin)
    check_shared_memory(labtwin)
    check_context_of_models(labtwin)
    check_many_verdicts(labtwin)
    with tempfile.TemporaryDirectory() as folder:
        check_wrong_input(labtwin, Path(folder))


if __name__ == "__main__":
    main()
