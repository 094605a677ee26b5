#include "models/calibration/slot_tables.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "models/base/file.hpp"
#include "models/calibration/tool_json.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A step that was timed: what stands beside each coefficient, and how long it took.
struct Timing {
  std::vector<double> counts;
  double seconds = 0.0;
};

struct Timings {
  std::vector<Timing> decodes;  ///< first, more, tiles, tile_more, context
  std::vector<Timing> prompts;  ///< pass, prompt_token, pair
  double ubatch = 512.0;
};

double required(const json& line, std::string_view key, const std::string& file) {
  const auto value = json_number(line, key);
  if (!value || *value < 0.0) {
    fail_output(file, "a line holds no `" + std::string(key) + "`: it is neither of llama-batched-bench nor of llama-bench",
                "llama-batched-bench --output-format jsonl, llama-bench -o jsonl");
  }
  return *value;
}

void add_decodes(double sequences, double context, double seconds, Timings& timings) {
  if (seconds <= 0.0) return;
  const bool is_tiled = sequences > serving::kMostVectors;
  timings.decodes.push_back({{is_tiled ? 0.0 : 1.0, is_tiled ? 0.0 : sequences - 1.0, is_tiled ? 1.0 : 0.0,
                              is_tiled ? sequences : 0.0, sequences * context},
                             seconds});
}

void add_prompts(double num_prompts, double num_tokens, double depth, double seconds, Timings& timings) {
  if (seconds <= 0.0) return;
  timings.prompts.push_back({{std::ceil(num_prompts * num_tokens / timings.ubatch), num_prompts * num_tokens,
                              num_prompts * num_tokens * (depth + 0.5 * num_tokens)},
                             seconds});
}

void read_line(const json& line, const std::string& file, Timings& timings) {
  if (const auto ubatch = json_number(line, "n_ubatch")) timings.ubatch = std::max(1.0, *ubatch);
  if (line.contains("t_tg")) {
    const double sequences = required(line, "pl", file);
    const double prompt_tokens = required(line, "pp", file);
    const double generated_tokens = required(line, "tg", file);
    add_prompts(sequences, prompt_tokens, 0.0, required(line, "t_pp", file), timings);
    if (generated_tokens > 0.0)
      add_decodes(sequences, prompt_tokens + 0.5 * generated_tokens, required(line, "t_tg", file) / generated_tokens, timings);
    return;
  }
  const double rate = required(line, "avg_ts", file);
  const double prompt_tokens = required(line, "n_prompt", file);
  const double generated_tokens = required(line, "n_gen", file);
  const double depth = json_number(line, "n_depth").value_or(0.0);
  if (rate <= 0.0 || (prompt_tokens > 0.0 && generated_tokens > 0.0)) return;
  if (prompt_tokens > 0.0) add_prompts(1.0, prompt_tokens, depth, prompt_tokens / rate, timings);
  if (generated_tokens > 0.0) add_decodes(1.0, depth + 0.5 * generated_tokens, 1.0 / rate, timings);
}

Eigen::VectorXd solve(const std::vector<Timing>& timings, const std::vector<std::size_t>& used) {
  const auto rows = static_cast<Eigen::Index>(timings.size());
  Eigen::MatrixXd counts(rows, static_cast<Eigen::Index>(used.size()));
  for (Eigen::Index row = 0; row < rows; ++row) {
    const Timing& timing = timings[static_cast<std::size_t>(row)];
    for (std::size_t column = 0; column < used.size(); ++column) {
      counts(row, static_cast<Eigen::Index>(column)) = timing.counts[used[column]] / timing.seconds;
    }
  }
  return counts.colPivHouseholderQr().solve(Eigen::VectorXd::Ones(rows));
}

/// Least squares of relative errors among coefficients that are not negative: the most negative one is left out until none is.
std::vector<double> fit(const std::vector<Timing>& timings, std::size_t num_coefficients) {
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < num_coefficients; ++i) {
    if (std::any_of(timings.begin(), timings.end(), [&](const Timing& timing) { return timing.counts[i] > 0.0; })) {
      used.push_back(i);
    }
  }
  std::vector<double> coefficients(num_coefficients, 0.0);
  while (!used.empty()) {
    const Eigen::VectorXd solution = solve(timings, used);
    Eigen::Index least = 0;
    if (solution.minCoeff(&least) >= 0.0) {
      for (std::size_t i = 0; i < used.size(); ++i) coefficients[used[i]] = solution[static_cast<Eigen::Index>(i)];
      break;
    }
    used.erase(used.begin() + least);
  }
  return coefficients;
}

std::vector<fs::path> tables_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Whether the timings differ in what stands beside a coefficient.
bool varies(const std::vector<Timing>& timings, std::size_t coefficient) {
  return std::any_of(timings.begin(), timings.end(),
                     [&](const Timing& timing) { return timing.counts[coefficient] != timings.front().counts[coefficient]; });
}

}  // namespace

std::optional<SlotFit> fit_slots_beside(const fs::path& folder, const std::string& unit) {
  const std::vector<fs::path> files = tables_in(folder);
  if (files.empty()) return std::nullopt;
  Timings timings;
  for (const fs::path& file : files) {
    for (const json& line : json_objects({file.string(), read_text_file(file)})) read_line(line, file.string(), timings);
  }
  if (!varies(timings.decodes, 1) || !varies(timings.prompts, 1)) {
    fail_output(folder.string(), "its tables hold too little: decodes of one sequence and of several, prompts of two lengths",
                "llama-batched-bench -npp 128,1024 -ntg 48 -npl 1,2,4,8,16 --output-format jsonl");
  }
  const std::vector<double> decode = fit(timings.decodes, 5);
  const std::vector<double> prompt = fit(timings.prompts, 3);
  const bool has_tiles = varies(timings.decodes, 3);
  SlotFit result{
      .coefficients = {.first = Seconds::from_base(decode[0]),
                       .more = Seconds::from_base(decode[1]),
                       .tiles = Seconds::from_base(decode[2]),
                       .tile_more = Seconds::from_base(decode[3]),
                       .context = Seconds::from_base(decode[4]),
                       .pass = Seconds::from_base(prompt[0]),
                       .prompt_token = Seconds::from_base(prompt[1]),
                       .pair = Seconds::from_base(prompt[2]),
                       .ubatch = timings.ubatch,
                       .has_tiles = has_tiles},
      .summary = {
          .unit = unit, .law = "slot_steps", .num_rows = timings.decodes.size() + timings.prompts.size(), .parameters = {}}};
  constexpr std::array<std::string_view, 5> kDecode = {"first", "more", "tiles", "tile_more", "context"};
  constexpr std::array<std::string_view, 3> kPrompt = {"pass", "prompt_token", "pair"};
  for (std::size_t i = 0; i < decode.size(); ++i)
    result.summary.parameters.push_back({std::string(kDecode[i]), decode[i], "s", 0.0});
  for (std::size_t i = 0; i < prompt.size(); ++i)
    result.summary.parameters.push_back({std::string(kPrompt[i]), prompt[i], "s", 0.0});
  return result;
}

}  // namespace labtwin::calibration
