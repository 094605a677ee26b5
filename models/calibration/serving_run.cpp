#include "models/calibration/serving_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/calibration/served_engine.hpp"
#include "models/serving/serving_replay.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, double>, 3> kQuantiles = {{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}}};

/// A request of the file.
struct Served {
  double arrival = 0.0;
  serving::InferenceRequest request;
  std::optional<double> first;  ///< measured
  std::optional<double> last;
};

std::uint32_t tokens(const MeasurementTable& table, std::size_t row, std::string_view column) {
  const auto number = table.number(row, column);
  if (number && *number >= 1.0 && *number < 1e9) return static_cast<std::uint32_t>(*number);
  throw ConfigError({.place = {table.name(), 0, 0},
                     .key = fmt::format("row {}, {}", row + 1, column),
                     .value = std::string(table.text(row, column)),
                     .rule = "must be a number of tokens >= 1",
                     .hint = {}});
}

std::vector<Served> read_requests(const MeasurementTable& table) {
  std::vector<Served> requests;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    requests.push_back(
        {.arrival = table.number(row, "arrival_s").value_or(0.0),
         .request = {.prompt_tokens = tokens(table, row, "prompt_tokens"),
                     .output_tokens = tokens(table, row, "output_tokens"),
                     .conversation = static_cast<std::uint64_t>(table.number(row, "conversation").value_or(0.0))},
         .first = table.number(row, "first_token_s"),
         .last = table.number(row, "last_token_s")});
  }
  std::stable_sort(requests.begin(), requests.end(), [](const Served& a, const Served& b) { return a.arrival < b.arrival; });
  return requests;
}

// Copies of the engine take turns.
std::vector<serving::TokenTimes> simulate(const std::vector<Served>& requests, const ServedEngine& served) {
  std::vector<serving::TokenTimes> times(requests.size());
  const auto num_copies = static_cast<std::size_t>(served.num_copies);
  for (std::size_t copy = 0; copy < num_copies; ++copy) {
    std::vector<serving::TimedRequest> mine;
    for (std::size_t i = copy; i < requests.size(); i += num_copies) {
      mine.push_back({Seconds::from_base(requests[i].arrival), requests[i].request});
    }
    const auto engine = served.make();
    const serving::ServingReplay replayed = serving::replay(mine, *engine, *served.steps);
    for (std::size_t i = 0; i < mine.size(); ++i) times[copy + i * num_copies] = replayed.requests[i];
  }
  return times;
}

/// One figure per request; blank where it was not measured or does not exist.
using Figures = std::vector<double>;

struct ClientFigures {
  Figures ttft;
  Figures tpot;
  Figures latency;

  void add(const Served& request, double first, double last) {
    ttft.push_back(first - request.arrival);
    latency.push_back(last - request.arrival);
    if (request.request.output_tokens > 1) {
      tpot.push_back((last - first) / (request.request.output_tokens - 1.0));
    };
  }
};

double mean(const Figures& figures) {
  return std::accumulate(figures.begin(), figures.end(), 0.0) / static_cast<double>(figures.size());
}

// Linear between the order statistics.
double quantile(Figures figures, double probability) {
  std::sort(figures.begin(), figures.end());
  const double position = probability * static_cast<double>(figures.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, figures.size() - 1);
  return figures[below] + (position - static_cast<double>(below)) * (figures[above] - figures[below]);
}

void predict(std::string_view name, const Figures& simulated, const Figures& measured, const ServedEngine& engine,
             Evaluation& evaluation) {
  const auto add = [&](std::string_view suffix, const auto& statistic) {
    Prediction prediction{.quantity = fmt::format("{}_{}", name, suffix),
                          .group = engine.name,
                          .measured = std::nullopt,
                          .estimate = std::nullopt,
                          .grade = engine.grade,
                          .note = {}};
    if (!measured.empty()) prediction.measured = statistic(measured);
    if (!simulated.empty() && std::isfinite(statistic(simulated))) {
      prediction.estimate = log_interval(statistic(simulated), engine.half_width);
    } else {
      prediction.note = simulated.empty() ? "no request has such a figure" : "a request does not fit into the KV cache";
    }
    evaluation.predictions.push_back(std::move(prediction));
  };
  add("mean", [](const Figures& figures) { return mean(figures); });
  for (const auto& [suffix, probability] : kQuantiles) {
    add(suffix, [probability = probability](const Figures& figures) { return quantile(figures, probability); });
  }
}

}  // namespace

Evaluation evaluate_serving_run(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  const std::vector<Served> requests = read_requests(table);
  // A table's name is the path of its file.
  const fs::path folder = fs::path(table.name()).parent_path();
  const LlmParts parts;
  const ServedEngine engine =
      serves_llama(folder / "meta.json") ? served_llama(folder, parts, evaluation) : served_vllm(folder, parts, evaluation);
  if (progress) progress(0.5);
  const std::vector<serving::TokenTimes> times = simulate(requests, engine);
  // Of a run that was cut off, those count that were answered.
  const auto is_measured = [](const Served& request) { return request.first && request.last; };
  const bool any_measured = std::any_of(requests.begin(), requests.end(), is_measured);
  ClientFigures simulated;
  ClientFigures measured;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (any_measured && !is_measured(requests[i])) continue;
    simulated.add(requests[i], times[i].first.value(), times[i].last.value());
    if (any_measured) measured.add(requests[i], *requests[i].first, *requests[i].last);
  }
  predict("ttft_s", simulated.ttft, measured.ttft, engine, evaluation);
  predict("tpot_s", simulated.tpot, measured.tpot, engine, evaluation);
  predict("latency_s", simulated.latency, measured.latency, engine, evaluation);
  if (progress) progress(1.0);
  return evaluation;
}

}  // namespace labtwin::calibration
