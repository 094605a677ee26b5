#include "models/calibration/nccl_text.hpp"

#include <fmt/format.h>

#include <array>
#include <sstream>
#include <vector>

#include "models/base/error.hpp"
#include "models/base/text.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::string_view kHeader = "#       size         count";
constexpr std::string_view kLooseHeader = "busbw";
constexpr std::string_view kLastLine = "# Avg bus bandwidth";
constexpr std::string_view kDevice = "device";
// size, count, type, operation, root, time.
constexpr std::size_t kFewestColumns = 6;

[[noreturn]] void fail(const std::string& file, std::size_t line, std::string rule, std::string hint) {
  throw ConfigError({.place = {file, line, 1}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
}

/// What the output says of the run as a whole.
struct Run {
  std::string card;
  int num_cards = 0;
  std::string op;
};

// `#  Rank  0 Group  0 Pid   4321 on box device  0 [0x01] NVIDIA GeForce RTX 4090`
void read_rank(std::string_view line, Run& run) {
  ++run.num_cards;
  const std::size_t bracket = line.find(']');
  if (bracket != std::string_view::npos && run.card.empty()) run.card = trim(line.substr(bracket + 1));
}

/// The operation that a program's name tells; without one, what only that operation prints.
std::string operation_of(std::string_view text, const std::vector<std::string>& first_row) {
  for (const std::string_view name : {"all_reduce", "all_gather", "reduce_scatter", "alltoall", "broadcast"}) {
    if (text.find(name) != std::string_view::npos) return std::string(name);
  }
  return first_row.size() > 3 && first_row[3] == "none" ? "all_gather" : "all_reduce";
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

void append(MeasurementTable& table, const ToolOutput& output, const Manifest& manifest) {
  Run run;
  std::vector<std::pair<std::size_t, std::vector<std::string>>> rows;
  std::istringstream stream(output.text);
  std::size_t number = 0;
  bool is_whole = false;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::string_view text = trim(line);
    if (text.starts_with(kLastLine)) is_whole = true;
    if (text.starts_with("#")) {
      if (text.find("Rank") != std::string_view::npos && text.find(kDevice) != std::string_view::npos) read_rank(text, run);
      continue;
    }
    if (!text.empty()) rows.emplace_back(number, words_of(line));
  }
  if (!is_whole) {
    fail(output.file, number, "is cut off: the last line, `# Avg bus bandwidth`, is missing", "let the program finish");
  }
  if (rows.empty() || run.num_cards < 2) fail(output.file, number, "holds no row of two cards or more", "use -g 2 or more");
  run.op = operation_of(output.text, rows.front().second);
  for (const auto& [line, row] : rows) {
    if (row.size() < kFewestColumns) fail(output.file, line, "is no row of nccl-tests", "size, count, type, redop, root, time");
    table.add_row({run.card, std::to_string(run.num_cards), manifest.conditions, manifest.conditions, run.op, row[0], row[5],
                   "out-of-place", output.file},
                  line);
  }
}

}  // namespace

bool is_nccl_text(std::string_view text) noexcept {
  return text.find(kHeader) != std::string_view::npos ||
         (text.find("# nThread") != std::string_view::npos && text.find("nGpus") != std::string_view::npos) ||
         (text.find(kLooseHeader) != std::string_view::npos && text.find("algbw") != std::string_view::npos);
}

MeasurementTable read_nccl_outputs(const std::string& name, std::span<const ToolOutput> outputs, const Manifest& manifest) {
  MeasurementTable table(name, {"gpu", "num_gpus", "topology", "link", "op", "message_bytes", "time_us", "notes", "source"});
  for (const ToolOutput& output : outputs) append(table, output, manifest);
  return table;
}

}  // namespace labtwin::calibration
