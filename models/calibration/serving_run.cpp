#include "models/calibration/serving_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/calibration/llm_parts.hpp"
#include "models/calibration/operator_tables.hpp"
#include "models/calibration/serving_meta.hpp"
#include "models/serving/card_memory.hpp"
#include "models/serving/serving_replay.hpp"
#include "models/serving/vllm_memory.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;

// Half-widths of the 90 % interval of the logarithm, assumed: the two runs with tables at hand are within 5 %, coefficients of
// the two cards differ by up to 40 % from their mean.
constexpr double kWithTables = 0.10;
constexpr double kWithoutTables = 0.40;

constexpr std::array<std::pair<std::string_view, double>, 3> kQuantiles = {{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}}};

/// A request of the file.
struct Served {
  double arrival = 0.0;
  std::uint32_t prompt_tokens = 1;
  std::uint32_t output_tokens = 1;
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
    requests.push_back({.arrival = table.number(row, "arrival_s").value_or(0.0),
                        .prompt_tokens = tokens(table, row, "prompt_tokens"),
                        .output_tokens = tokens(table, row, "output_tokens"),
                        .first = table.number(row, "first_token_s"),
                        .last = table.number(row, "last_token_s")});
  }
  std::stable_sort(requests.begin(), requests.end(), [](const Served& a, const Served& b) { return a.arrival < b.arrival; });
  return requests;
}

/// What is known of the run beside its requests.
struct Setup {
  ServingMeta meta;
  serving::OperatorWork work;
  serving::OperatorCoefficients coefficients;
  serving::VllmSchedulerSettings engine;
  bool has_tables = false;
  Grade grade = Grade::Assumed;
};

[[noreturn]] void unknown(const fs::path& meta, std::string key, const std::string& name) {
  throw ConfigError({.place = {meta.string(), 0, 0},
                     .key = std::move(key),
                     .value = fmt::format("\"{}\"", name),
                     .rule = "is not in the catalog",
                     .hint = "labtwin parts gpus, labtwin parts llms"});
}

double kv_blocks(const ServingMeta& meta, const LlmParts::Model& model, const serving::ModelWeights& weights,
                 serving::AcceleratorSpec card) {
  if (meta.card_memory) card.memory = *meta.card_memory / (serving::usable_memory(card) / card.memory);
  serving::VllmSettings settings;
  settings.memory_utilization = meta.memory_utilization;
  settings.max_batched_tokens = meta.max_batched_tokens;
  settings.max_sequences = meta.max_sequences;
  settings.tensor_parallel = meta.tensor_parallel;
  settings.block_tokens = meta.block_tokens;
  settings.max_context = meta.max_context.value_or(0.0);
  return serving::vllm_memory(model.shape, weights, card, settings).kv_blocks;
}

Setup set_up(const fs::path& folder, Evaluation& evaluation) {
  Setup setup;
  const fs::path file = folder / "meta.json";
  setup.meta = read_serving_meta(file);
  const ServingMeta& meta = setup.meta;
  const LlmParts parts;
  const auto model = parts.model(meta.model);
  if (!model) unknown(file, "model", meta.model);
  const auto card = parts.card(meta.card);
  const auto quant = parts.quant(meta.dtype == "bfloat16" || meta.dtype == "float16" ? "bf16" : meta.dtype);
  if (!quant) unknown(file, "engine_kwargs.dtype", meta.dtype);
  const serving::ModelWeights weights = serving::model_weights(model->shape, *quant);
  setup.work = serving::operator_work(model->shape, weights, meta.tensor_parallel);
  if (meta.splits_experts) setup.work.expert_weights = setup.work.expert_weights / meta.data_parallel;

  const fs::path tables = folder / fmt::format("operators_tp{:.0f}", meta.tensor_parallel);
  setup.has_tables = fs::exists(tables);
  if (setup.has_tables) {
    OperatorFit fit = fit_operators(read_operator_tables(tables), setup.work, meta.card);
    setup.coefficients = fit.coefficients;
    setup.grade = Grade::Fitted;
    evaluation.fits.push_back(std::move(fit.summary));
  } else if (card) {
    setup.coefficients = serving::typical_coefficients(card->spec);
  } else {
    unknown(file, "hardware.device_name", meta.card);
  }
  if (!meta.num_blocks && !card) unknown(file, "hardware.device_name", meta.card);
  const std::optional<double> computed = card ? std::optional(kv_blocks(meta, *model, weights, card->spec)) : std::nullopt;
  if (meta.num_blocks && computed) {
    evaluation.notes.push_back(fmt::format(
        "{:.0f} blocks of KV cache as the engine reported; {:.0f} from card, model and settings", *meta.num_blocks, *computed));
  }
  setup.engine = {.num_blocks = static_cast<std::size_t>(meta.num_blocks.value_or(computed.value_or(0.0))),
                  .block_tokens = static_cast<std::uint32_t>(meta.block_tokens),
                  .max_sequences = static_cast<std::uint32_t>(meta.max_sequences),
                  .max_batched_tokens = static_cast<std::uint32_t>(meta.max_batched_tokens),
                  .caches_prefixes = meta.caches_prefixes};
  return setup;
}

// Copies of the engine take turns.
std::vector<serving::TokenTimes> simulate(const std::vector<Served>& requests, const Setup& setup) {
  std::vector<serving::TokenTimes> times(requests.size());
  const auto num_engines = static_cast<std::size_t>(setup.meta.data_parallel);
  for (std::size_t engine = 0; engine < num_engines; ++engine) {
    std::vector<serving::TimedRequest> mine;
    for (std::size_t i = engine; i < requests.size(); i += num_engines) {
      mine.push_back({Seconds::from_base(requests[i].arrival),
                      {.prompt_tokens = requests[i].prompt_tokens, .output_tokens = requests[i].output_tokens}});
    }
    const serving::ServingReplay replayed = serving::replay(mine, setup.engine, setup.coefficients, setup.work);
    for (std::size_t i = 0; i < mine.size(); ++i) times[engine + i * num_engines] = replayed.requests[i];
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
    if (request.output_tokens > 1) tpot.push_back((last - first) / (request.output_tokens - 1.0));
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

void predict(std::string_view name, const Figures& simulated, const Figures& measured, const Setup& setup,
             Evaluation& evaluation) {
  const double half_width = setup.has_tables ? kWithTables : kWithoutTables;
  const auto add = [&](std::string_view suffix, const auto& statistic) {
    Prediction prediction{.quantity = fmt::format("{}_{}", name, suffix),
                          .group = "vllm",
                          .measured = std::nullopt,
                          .estimate = std::nullopt,
                          .grade = setup.grade,
                          .note = {}};
    if (!measured.empty()) prediction.measured = statistic(measured);
    if (!simulated.empty() && std::isfinite(statistic(simulated))) {
      prediction.estimate = log_interval(statistic(simulated), half_width);
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
  const Setup setup = set_up(fs::path(table.name()).parent_path(), evaluation);
  if (progress) progress(0.5);
  const std::vector<serving::TokenTimes> times = simulate(requests, setup);
  ClientFigures simulated;
  ClientFigures measured;
  bool all_measured = true;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    simulated.add(requests[i], times[i].first.value(), times[i].last.value());
    all_measured = all_measured && requests[i].first && requests[i].last;
    if (all_measured) measured.add(requests[i], *requests[i].first, *requests[i].last);
  }
  if (!all_measured) measured = {};
  predict("ttft_s", simulated.ttft, measured.ttft, setup, evaluation);
  predict("tpot_s", simulated.tpot, measured.tpot, setup, evaluation);
  predict("latency_s", simulated.latency, measured.latency, setup, evaluation);
  if (progress) progress(1.0);
  return evaluation;
}

}  // namespace labtwin::calibration
