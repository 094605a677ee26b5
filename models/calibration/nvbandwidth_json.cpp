#include "models/calibration/nvbandwidth_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "models/base/error.hpp"
#include "models/base/text.hpp"
#include "models/calibration/row_words.hpp"

namespace labtwin::calibration {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const std::string& file, std::string rule, std::string hint = {}) {
  throw ConfigError({.place = {file, 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
}

/// Which way a test copies, in the words of kind pcie_links; nothing for tests of other things (latency, local memory).
std::optional<std::string> direction_of(const std::string& test) {
  if (holds(test, "latency") || holds(test, "local")) return std::nullopt;
  const bool both_ways = holds(test, "bidirectional");
  if (test.starts_with("device_to_device")) return both_ways ? "bidir" : "p2p";
  if (both_ways) return "bidir";
  if (test.starts_with("host_to_device")) return "h2d";
  if (test.starts_with("device_to_host")) return "d2h";
  return std::nullopt;
}

std::string notes_of(const std::string& test, std::size_t row, std::size_t column, const std::string& direction) {
  std::string notes = holds(test, "_sm") ? "SM copy" : "memcpy CE";
  if (direction == "bidir" && test.starts_with("host_to_device")) notes += ", h2d while d2h runs";
  if (direction == "bidir" && test.starts_with("device_to_host")) notes += ", d2h while h2d runs";
  if (test.starts_with("device_to_device")) notes += fmt::format(", P2P on, GPU{}-GPU{}", row, column);
  return notes;
}

/// A cell of a matrix: text in the output, `N/A` on the diagonal.
std::string cell_text(const json& cell) {
  if (cell.is_number()) return fmt::format("{}", cell.get<double>());
  const std::string text = cell.is_string() ? cell.get<std::string>() : "";
  return text == "N/A" ? "" : text;
}

void append_test(MeasurementTable& table, const json& test, const std::string& file, const Manifest& manifest) {
  const std::string name = test.value("name", "");
  const auto direction = direction_of(name);
  const auto matrix = test.find("bandwidth_matrix");
  if (!direction || matrix == test.end() || !matrix->is_array()) return;
  for (std::size_t row = 0; row < matrix->size(); ++row) {
    for (std::size_t column = 0; column < (*matrix)[row].size(); ++column) {
      const std::string value = cell_text((*matrix)[row][column]);
      if (value.empty() || value == "0.00") continue;
      table.add_row({manifest.device, manifest.conditions, "", "", *direction, "nvbandwidth", "pinned", "gb_s", value,
                     notes_of(name, row, column, *direction), file});
    }
  }
}

}  // namespace

bool is_nvbandwidth_json(std::string_view text) noexcept {
  return text.find("\"nvbandwidth\"") != std::string_view::npos;
}

MeasurementTable read_nvbandwidth_outputs(const std::string& name, std::span<const ToolOutput> outputs,
                                          const Manifest& manifest) {
  MeasurementTable table(name, {"device", "board_or_slot", "gen", "lanes", "direction", "method", "pinned", "quantity", "value",
                                "notes", "source"});
  for (const ToolOutput& output : outputs) {
    const json document = json::parse(output.text, nullptr, false);
    if (document.is_discarded()) {
      fail(output.file, "is cut off or damaged: no complete JSON of nvbandwidth", "let `nvbandwidth -j` finish");
    }
    const json& run = document.at("nvbandwidth");
    const auto tests = run.find("testcases");
    if (tests == run.end() || !tests->is_array()) fail(output.file, "holds no `testcases`", "run nvbandwidth with -j");
    for (const json& test : *tests) append_test(table, test, output.file, manifest);
  }
  if (table.num_rows() == 0) fail(name, "holds no test of a copy that ran");
  return table;
}

}  // namespace labtwin::calibration
