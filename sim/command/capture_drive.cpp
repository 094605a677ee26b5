#include "sim/command/capture_drive.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/base/units.hpp"
#include "models/calibration/fio_json.hpp"
#include "sim/command/capture_pair.hpp"
#include "sim/command/captured_set.hpp"
#include "sim/command/scratch_file.hpp"
#include "sim/command/tool_runner.hpp"

namespace labtwin::command {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string folder;
  std::string size = "1 GiB";
  double seconds = 2.0;
  std::string out = "capture";
  std::string name = "captured drive";
  std::string drive_class;
};

const Tool kFio{.program = "fio", .install = "apt install fio"};

std::string run_fio(const std::vector<std::string>& arguments) {
  ToolAnswer answer = run_tool(kFio, arguments);
  if (!answer.succeeded && !interrupted()) {
    throw ConfigError({.place = {"fio", 0, 0}, .key = {}, .value = {}, .rule = "failed on the scratch file", .hint = {}});
  }
  return std::move(answer.output);
}

constexpr std::array kOperations = {"randread", "randwrite", "read", "write"};
constexpr std::array kDepths = {1, 4, 16, 64};
constexpr std::array kBlocks = {"4k", "128k"};

struct Cell {
  std::string operation;
  std::string block;
  int depth = 1;
};

std::vector<Cell> grid() {
  std::vector<Cell> cells;
  for (const char* operation : kOperations) {
    for (const char* block : kBlocks) {
      for (int depth : kDepths) cells.push_back({operation, block, depth});
    }
  }
  return cells;
}

std::vector<std::string> common_arguments(const ScratchFile& scratch, double seconds) {
  return {"--filename=" + scratch.path().string(),
          fmt::format("--size={:.0f}", scratch.size().value()),
          "--ioengine=libaio",
          "--direct=1",
          "--time_based",
          fmt::format("--runtime={:g}", seconds),
          "--ramp_time=0.3",
          "--randrepeat=0",
          "--norandommap",
          "--percentile_list=50:95:99:99.9",
          "--output-format=json"};
}

std::vector<std::string> cell_arguments(const ScratchFile& scratch, const Cell& cell, double seconds) {
  std::vector<std::string> arguments = common_arguments(scratch, seconds);
  arguments.insert(arguments.begin(), {fmt::format("--name={}", cell.operation), "--rw=" + cell.operation, "--bs=" + cell.block,
                                       fmt::format("--iodepth={}", cell.depth)});
  return arguments;
}

// Written once, so that reads find data and writes find blocks that are allocated.
void fill(const ScratchFile& scratch) {
  static_cast<void>(run_fio({"--name=fill", "--rw=write", "--bs=1m", "--iodepth=4", "--ioengine=libaio", "--direct=1",
                             "--filename=" + scratch.path().string(), fmt::format("--size={:.0f}", scratch.size().value()),
                             "--output-format=json"}));
}

void show_progress(std::size_t done, std::size_t all, const Cell& cell) {
  if (isatty(fileno(stderr)) == 0) return;
  fmt::print(stderr, "\r{:>3} of {}: {} {} depth {}      ", done + 1, all, cell.operation, cell.block, cell.depth);
  if (done + 1 == all) fmt::print(stderr, "\n");
}

// A name must not tell on which machine or where it was measured.
constexpr const char* kSource = "labtwin capture drive";

/// What fio told, by kind.
struct Captured {
  calibration::MeasurementTable sweeps;
  calibration::MeasurementTable beside_writes;
  calibration::MeasurementTable beside_reads;
};

// Random reads beside another job, for every pair.
void measure_pairs(const std::vector<CapturePair>& pairs, const std::vector<std::string>& common,
                   const calibration::FioContext& context, calibration::MeasurementTable& table) {
  for (const CapturePair& pair : pairs) {
    if (interrupted()) return;
    std::vector<std::string> arguments = common;
    const std::vector<std::string> jobs = pair_arguments(pair);
    arguments.insert(arguments.end(), jobs.begin(), jobs.end());
    const std::string output = run_fio(arguments);
    if (interrupted()) return;
    calibration::MeasurementTable both = calibration::fio_table(context.device);
    calibration::append_fio_json(both, kSource, output, context);
    append_pair(table, pair, both);
  }
}

Captured measure(const Options& options, const ScratchFile& scratch) {
  Captured captured{calibration::fio_table(options.name), pair_table(options.name), pair_table(options.name)};
  const calibration::FioContext context{options.name, options.drive_class, ""};
  const std::vector<Cell> cells = grid();
  for (std::size_t i = 0; i < cells.size() && !interrupted(); ++i) {
    show_progress(i, cells.size(), cells[i]);
    const std::string output = run_fio(cell_arguments(scratch, cells[i], options.seconds));
    if (!interrupted()) calibration::append_fio_json(captured.sweeps, kSource, output, context);
  }
  const std::vector<std::string> common = common_arguments(scratch, options.seconds);
  measure_pairs(pairs_beside_writes(captured.sweeps), common, context, captured.beside_writes);
  measure_pairs(pairs_beside_reads(), common, context, captured.beside_reads);
  return captured;
}

int capture(const Options& options) {
  const Bytes size = parse_quantity<Bytes>(options.size);
  if (size < Bytes::from_base(16.0 * 1048576.0)) {
    throw ConfigError(
        {.place = {"--size", 0, 0}, .key = {}, .value = options.size, .rule = "must be at least 16 MiB", .hint = {}});
  }
  note_signals();
  const Captured captured = [&] {
    const ScratchFile scratch(options.folder, size);
    fill(scratch);
    return measure(options, scratch);
  }();
  if (interrupted()) {
    fmt::print(stderr, "stopped; the scratch file is removed, nothing was written\n");
    return 2;
  }
  for (const std::string& line : calibration::flagged_runs(captured.sweeps)) fmt::print(stderr, "{}\n", line);
  const std::string conditions =
      fmt::format("scratch file of {}, direct I/O, {:g} s a point, libaio, one job", format_quantity(size), options.seconds);
  const fs::path out = options.out;
  write_captured_set(out, captured.sweeps, {"fio_sweep", options.name, conditions, kSource});
  const auto write_pairs = [&](const calibration::MeasurementTable& table, const char* folder) {
    if (table.num_rows() > 0) write_captured_set(out / folder, table, {"interference", options.name, conditions, kSource});
  };
  write_pairs(captured.beside_writes, "beside_writes");
  write_pairs(captured.beside_reads, "beside_reads");
  fmt::print("{} runs in {}, {} of reads beside others below it; next: labtwin fit {} --out drive.toml\n",
             captured.sweeps.num_rows(), options.out, captured.beside_writes.num_rows() + captured.beside_reads.num_rows(),
             options.out);
  return 0;
}

}  // namespace

void add_capture_drive(Verb& capture_verb) {
  const auto options = std::make_shared<Options>();
  capture_verb.add("drive", "Measure the drive below a folder with fio, on a scratch file in it")
      .argument("DIR", options->folder, "Folder on the drive; the scratch file is made in it and removed")
      .option("--size", options->size, "Size of the scratch file, e.g. \"1 GiB\"")
      .option("--seconds", options->seconds, 1.0, 600.0, "Length of each of the 40 runs")
      .option("--out", options->out, "Folder for measurements.csv and manifest.toml")
      .option("--name", options->name, "Name of the drive")
      .option("--class", options->drive_class, "nvme, optane, sata_ssd or hdd; guessed without it")
      .runs([options] { return capture(*options); });
}

}  // namespace labtwin::command
