"""Fit, validate and capture as a user runs them. Usage: calibration.py LABTWIN DATA_ROOT"""

import csv
import json
import math
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

LABTWIN, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
SETS = ROOT / "models" / "calibration" / "data"


def run(*words, code=0):
    result = subprocess.run([LABTWIN, *map(str, words)], capture_output=True, text=True, timeout=300)
    assert result.returncode == code, f"{words}: exit {result.returncode}, {result.stderr}"
    return result


def one_line(*words):
    """Wrong input: exit status 2, nothing on stdout, one line on stderr."""
    result = run(*words, code=2)
    lines = [line for line in result.stderr.splitlines() if line]
    assert result.stdout == "" and len(lines) == 1, (words, result.stdout, lines)
    return lines[0]


def fio_output(depth, iops, latency_us):
    latency = {"mean": latency_us * 1e3}
    percentile = {"50.000000": latency_us * 950, "95.000000": latency_us * 1200, "99.000000": latency_us * 1400}
    read = {"iops": iops, "bw_bytes": iops * 4096, "runtime": 5000, "lat_ns": latency, "clat_ns": {"percentile": percentile}}
    options = {"rw": "randread", "bs": "4k", "iodepth": str(depth)}
    return {"fio version": "fio-3.33", "timestamp": 1700000000, "global options": {"ioengine": "io_uring"},
            "jobs": [{"jobname": "r", "error": 0, "job options": options, "read": read}],
            "disk_util": [{"name": "nvme0n1"}]}


def check_fit_of_a_drive_never_seen(work):
    """A drive of 50 us and 200,000 I/Os per second, knee 2, is found again from its fio outputs."""
    runs = work / "my drive"
    runs.mkdir()
    for depth in (1, 4, 16, 64):
        latency_s = (50e-6 ** 2 + (depth / 2e5) ** 2) ** 0.5
        (runs / f"{depth}.json").write_text(json.dumps(fio_output(depth, depth / latency_s, latency_s * 1e6)))
    entry = work / "drive.toml"
    run("fit", runs, "--out", entry, "--name", "My drive")
    text = entry.read_text()
    random_read = text.split("[parameters.random_read]")[1].split("[parameters.random_write]")[0]
    values = dict(line.split(" = ") for line in random_read.splitlines() if " = " in line and not line.startswith(" "))
    assert abs(float(values["max_iops"].strip('"').split()[0]) / 2e5 - 1) < 0.05, values
    assert 40 < float(values["latency_floor"].strip('"').split()[0]) < 52, values
    assert 'random_write = "assumed"' in text
    (runs / "cut.json").write_text('{"fio version": "fio-3.33", "jobs": [')
    assert "cut.json" in one_line("fit", runs)


def check_drives_without_fitted_rows(work):
    """A unit without fitted rows is predicted from the catalog entry of its device, else from its class."""
    source = SETS / "samsung-980-pro-1tb" / "fio_depths" / "measurements.csv"
    rows = [row for row in csv.DictReader(source.open()) if row["split"] == "held_out"][:6]
    answers = {}
    for device in ("Samsung 980 PRO 1TB (no fitted row)", "samsung-980-pro-1tb", "A drive nobody has seen"):
        table = work / "unfitted.csv"
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(row | {"device": device} for row in rows)
        answers[device] = json.loads(run("validate", table, "--json").stdout)["rows"]
    by_name, by_part, unknown = answers.values()
    assert [r["predicted"] for r in by_name] == [r["predicted"] for r in by_part]
    assert all(r["note"] == "catalog entry samsung-980-pro-1tb" and r["grade"] == "fitted" for r in by_name), by_name[0]
    assert all(r["grade"] == "assumed" for r in unknown), unknown[0]
    width = {name: statistics.mean(math.log(r["high"] / r["low"]) for r in answer) for name, answer in answers.items()}
    assert width["samsung-980-pro-1tb"] < width["A drive nobody has seen"], width


def check_blank_outcomes_are_predicted_alike(work):
    source = SETS / "samsung-980-pro-1tb" / "fio_depths" / "measurements.csv"
    full = json.loads(run("validate", source, "--json").stdout)
    rows = list(csv.DictReader(source.open(newline="")))
    for row in rows:
        if row["split"] == "held_out":
            row.update(dict.fromkeys(["iops"] + [name for name in row if name.startswith("lat_")], ""))
    blank = work / "blank.csv"
    with blank.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    got = json.loads(run("validate", blank, "--json").stdout)
    key = lambda report: {(r["row"], r["quantity"]): (r["predicted"], r["low"], r["high"]) for r in report["rows"]}
    assert key(full) == key(got)
    held_out = sum(row["split"] == "held_out" for row in rows)
    assert len(got["rows"]) == len(key(got)) == 6 * held_out
    assert all(row["measured"] is None for row in got["rows"])
    # The line between the fitted points is printed beside the law; it is the law that misses less where it misses most.
    rates = next(s for s in full["sets"] if s["quantity"] == "iops")["interpolation"]
    assert rates["n"] == held_out and rates["law_p90_ape_pct"] < rates["p90_ape_pct"], rates
    assert "the line between the fitted points" in run("validate", source).stdout


def check_wrong_inputs(work):
    good = (SETS / "samsung-980-pro-1tb" / "fio_depths" / "measurements.csv").read_text()
    header, rest = good.split("\n", 1)
    assert "no such file" in one_line("validate", work / "nothing.csv")
    cases = {
        "no_class.csv": (header.replace("class,", "klass,") + "\n" + rest, "`class` is missing"),
        "words.csv": ("a,b\n1,2\n", "no known kind"),
        "empty.csv": ("", "empty.csv"),
        "other_unit.csv": (header.replace("lat_mean_us", "lat_mean_ms") + "\n" + rest, "`lat_mean_ms` must be `lat_mean_us`"),
        "block_in_kib.csv": (header.replace("bs_bytes", "bs_kib") + "\n" + rest, "`bs_kib` must be `bs_bytes`"),
        "no_rate.csv": (header.replace("iops", "io_rate") + "\n" + rest, "`iops` is missing: it marks a set of kind fio_sweep"),
        "number.csv": (header + "\n" + rest.replace(",4096,", ",many,", 1), "must be a number"),
    }
    for name, (text, expected) in cases.items():
        (work / name).write_text(text)
        assert expected in one_line("validate", work / name), name
    bounds = work / "bounds"
    bounds.mkdir()
    (bounds / "measurements.csv").write_text(good)
    bound = '[[bound]]\nquantity = "iops"\nmedian_ape_pct = {}\np90_ape_pct = 20.0\nreason = "{}"\n'
    for limit, reason in (("inf", "because"), ("5.0", "")):
        (bounds / "manifest.toml").write_text(bound.format(limit, reason))
        assert "manifest.toml" in one_line("validate", bounds)
    file = work / "a file"
    file.write_text("")
    assert "no folder" in one_line("capture", "drive", file)
    assert "no folder" in one_line("capture", "drive", "/dev/null")
    assert "free" in one_line("capture", "drive", work, "--size", "8000 TB")


def check_implausible_runs_are_not_fitted(work):
    """A run from memory among the fitted rows is named and left out; predictions are those without it."""
    rows = list(csv.DictReader((SETS / "samsung-970-evo-2tb" / "fio_depths" / "measurements.csv").open()))
    bad = next(row for row in rows if row["split"] == "fit" and row["rw"] == "randread" and row["iodepth"] == "1")
    answers = []
    for changes in ({"lat_mean_us": "0.9"}, {"split": "neither"}):
        table = work / "implausible.csv"
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(row | changes if row is bad else row for row in rows)
        answers.append(run("validate", table, "--json"))
    assert "0.9 us a read: served from memory" in answers[0].stderr, answers[0].stderr
    assert "not used" not in answers[1].stderr
    assert json.loads(answers[0].stdout)["rows"] == json.loads(answers[1].stdout)["rows"]


BENCH = """  Device 0: NVIDIA GeForce RTX 3090, compute capability 8.6, VMM: yes
| model                          |       size |     params | backend    | ngl |          test |                  t/s |
| ------------------------------ | ---------: | ---------: | ---------- | --: | ------------: | -------------------: |
| llama 7B Q4_0                  |   3.56 GiB |     6.74 B | CUDA       |  99 |         pp512 |      4876.21 +- 11.0 |
| llama 7B Q4_0                  |   3.56 GiB |     6.74 B | CUDA       |  99 |         tg128 |        145.40 +- 0.3 |
"""


def check_outputs_of_language_models(work):
    """llama-bench's table as it stands in a terminal, and an answer of Ollama with the card in a manifest."""
    table = work / "bench.md"
    table.write_text(BENCH)
    rows = json.loads(run("validate", table, "--json").stdout)["rows"]
    assert [(r["quantity"], r["measured"]) for r in rows] == [("prefill_tok_s", 4876.21), ("decode_tok_s", 145.4)], rows
    assert all(r["low"] <= r["measured"] <= r["high"] for r in rows), rows
    answers = work / "answers"
    answers.mkdir()
    answer = {"model": "llama3.1:8b-instruct-q4_K_M", "created_at": "2026-01-01T00:00:00Z", "done": True,
              "prompt_eval_count": 1000, "prompt_eval_duration": 250_000_000, "eval_count": 300, "eval_duration": 2_500_000_000}
    (answers / "a.json").write_text(json.dumps(answer))
    assert "does not tell which card it ran on" in one_line("validate", answers)
    (answers / "manifest.toml").write_text('device = "RTX 3090"\n')
    rows = json.loads(run("validate", answers, "--json").stdout)["rows"]
    assert [r["measured"] for r in rows] == [4000.0, 120.0] and all(r["predicted"] for r in rows), rows
    left_out = run("validate", answers, "--leave-out", "card").stderr
    assert "decode_tok_s, cuda, card left out: n 1," in left_out and "card seen" not in left_out, left_out
    assert "it can be: card" in one_line("validate", answers, "--leave-out", "cart")
    (answers / "bench.txt").write_text(BENCH)
    assert "one folder for each tool" in one_line("validate", answers)
    table.write_text(BENCH[:-40])
    assert "bench.md:5:" in (line := one_line("validate", table)) and "cut off" in line, line


def check_capture(work):
    """A real fio on 64 MiB, one second a point; only where fio is installed and direct I/O works."""
    if shutil.which("fio") is None:
        return "fio is not installed: no capture tried"
    folder, out = work / "drive", work / "captured"
    folder.mkdir()
    result = subprocess.run([LABTWIN, "capture", "drive", folder, "--size", "64 MiB", "--seconds", "1", "--out", out],
                            capture_output=True, text=True, timeout=280)
    assert list(folder.iterdir()) == [], "the scratch file was left behind"
    assert result.returncode == 0, result.stderr
    rows = list(csv.DictReader((out / "measurements.csv").open(newline="")))
    assert len(rows) == 32
    pairs = list(csv.DictReader((out / "beside_writes" / "measurements.csv").open(newline="")))
    assert [row["fg_iodepth"] for row in pairs if float(row["bg_mb_s"]) > 0] == ["1", "4"], pairs
    entry = work / "captured.toml"
    run("fit", out, "--name", "Captured", "--out", entry)
    assert "write_on_read" in entry.read_text()
    assert "no mistakes" in run("check", entry).stdout
    assert str(work) not in (out / "measurements.csv").read_text() + (out / "manifest.toml").read_text()
    return f"captured {len(rows)} points, {sum(r['flag'] != '' for r in rows)} flagged"


def check_capture_broken_off(work):
    """Ctrl-C while the scratch file is filled, between and within runs: gone within a second, nothing left, nothing written."""
    if shutil.which("fio") is None:
        return
    for number, delay_s in enumerate((0.05, 0.4, 1.7)):
        folder, out = work / f"broken {number}", work / f"never {number}"
        folder.mkdir()
        process = subprocess.Popen([LABTWIN, "capture", "drive", folder, "--size", "64 MiB", "--seconds", "30", "--out", out],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(delay_s)
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        output, errors = process.communicate(timeout=30)
        assert time.monotonic() - begin < 1.0, f"took {time.monotonic() - begin:.1f} s to stop"
        assert process.returncode == 2 and output == "" and "stopped" in errors, (process.returncode, output, errors)
        assert list(folder.iterdir()) == [], "the scratch file was left behind"
        assert not out.exists()


def check_fits_that_are_part_of_an_entry(work):
    """Sustained writes and fill tests make tables that an entry takes."""
    sustained = run("fit", SETS / "sk-hynix-pe8110-960gb" / "sustained_write").stdout
    assert "[parameters.sustained_write]" in sustained and '"sustained_write.spare" = ' in sustained, sustained
    test = work / "fill.csv"
    test.write_text("drive,capacity_gb,type,phase1_mb_s,phase1_until_gb,phase2_mb_s\nMine,1000,TLC,3000,200,900\n")
    cache = run("fit", test).stdout
    assert "[parameters.slc_cache]" in cache and 'capacity = "1000 GB"' in cache, cache
    entry = work / "with-cache.toml"
    shipped = ROOT / "models" / "catalog" / "drives" / "crucial-mx200-250gb.toml"
    parameters, grades = cache.split("[grades]")
    entry.write_text(shipped.read_text().replace("[grades]", parameters + "[grades]", 1) if "[grades]" in shipped.read_text()
                     else shipped.read_text().replace("[source]", parameters + "[source]", 1))
    run("check", entry)
    assert "several devices" in one_line("fit", SETS / "consumer-ssds" / "slc_cache")


def main():
    assert os.access(LABTWIN, os.X_OK)
    with tempfile.TemporaryDirectory(prefix="labtwin-test-") as name:
        work = pathlib.Path(name)
        check_fit_of_a_drive_never_seen(work)
        check_drives_without_fitted_rows(work)
        check_blank_outcomes_are_predicted_alike(work)
        check_fits_that_are_part_of_an_entry(work)
        check_wrong_inputs(work)
        check_implausible_runs_are_not_fitted(work)
        check_outputs_of_language_models(work)
        check_capture_broken_off(work)
        print(check_capture(work))


main()
