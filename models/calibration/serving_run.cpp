#include "models/calibration/serving_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/calibration/card_operators.hpp"
#include "models/calibration/serving_setup.hpp"
#include "models/calibration/tensor_exchange.hpp"
#include "models/interconnect/card_group.hpp"
#include "models/serving/card_memory.hpp"
#include "models/serving/serving_replay.hpp"
#include "models/serving/vllm_memory.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;

// Half-widths of the 90 % interval of the logarithm, assumed: the two runs with tables at hand are within 5 %; tables of
// another model on the card say less; coefficients of the two cards differ by up to 40 % from their mean.
constexpr double kWithTables = 0.10;
constexpr double kWithTablesOfAnother = 0.20;
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
  ServedModel served;
  serving::VllmSchedulerSettings engine;
  std::unique_ptr<const serving::StepTimeModel> steps;
  double half_width = kWithoutTables;  ///< of the 90 % interval of the logarithm
  Grade grade = Grade::Assumed;
};

double kv_blocks(const ServedModel& served, serving::AcceleratorSpec card) {
  const ServingMeta& meta = served.meta;
  if (meta.card_memory) card.memory = *meta.card_memory / (serving::usable_memory(card) / card.memory);
  serving::VllmSettings settings;
  settings.memory_utilization = meta.memory_utilization;
  settings.max_batched_tokens = meta.max_batched_tokens;
  settings.max_sequences = meta.max_sequences;
  settings.tensor_parallel = meta.tensor_parallel;
  settings.block_tokens = meta.block_tokens;
  settings.max_context = meta.max_context.value_or(0.0);
  return serving::vllm_memory(served.shape, served.weights, card, settings).kv_blocks;
}

/// What the cards of the run exchange: all-reduces of the tensors that they share or, where each holds some of the experts, of
/// the tokens of all engines once a layer. Their link is told nowhere: the card's own, over which cards that can reach each
/// other directly.
std::optional<serving::ExchangeCoefficients> exchange_of(const ServedModel& served, const LlmParts::Card& card) {
  const ServingMeta& meta = served.meta;
  const bool splits_experts = meta.splits_experts && served.shape.experts && meta.data_parallel > 1.0;
  if (meta.tensor_parallel <= 1.0 && !splits_experts) return std::nullopt;
  interconnect::CardGroup group;
  group.num_cards = static_cast<int>(splits_experts ? meta.data_parallel : meta.tensor_parallel);
  group.link.generation = card.spec.pcie_generation.value_or(group.link.generation);
  group.link.lanes = card.spec.pcie_lanes.value_or(group.link.lanes);
  const bool is_direct =
      !interconnect::is_geforce(card.part) && interconnect::library_lets_reach(card.spec.vendor, group.num_cards, false);
  group.path = is_direct ? "pcie direct" : "pcie staged";
  group.staging = interconnect::staging_of(card.spec.architecture);
  if (splits_experts) group.expert_copies = group.num_cards;
  return splits_experts ? expert_exchange(group, served.shape) : tensor_exchange(group, served.shape);
}

void set_steps(const fs::path& folder, const std::optional<LlmParts::Card>& card, Setup& setup, Evaluation& evaluation) {
  const ServedModel& served = setup.served;
  serving::OperatorCoefficients coefficients;
  if (auto fit = fit_beside(folder, served.meta, served.work)) {
    coefficients = fit->coefficients;
    setup.grade = Grade::Fitted;
    setup.half_width = kWithTables;
    evaluation.fits.push_back(std::move(fit->summary));
  } else if (card) {
    const CardOperators known = card_operators(card->part, card->spec);
    coefficients = known.coefficients;
    setup.grade = known.grade;
    setup.half_width = known.grade == Grade::Fitted ? kWithTablesOfAnother : kWithoutTables;
    evaluation.notes.push_back(known.source);
  } else {
    throw_unknown_part(folder, "hardware.device_name", served.meta.card);
  }
  setup.steps = std::make_unique<serving::OperatorStepTime>(coefficients, served.work);
  if (!card) return;
  if (const auto exchange = exchange_of(served, *card)) {
    setup.steps = std::make_unique<serving::ExchangeStepTime>(std::move(setup.steps), *exchange);
  }
}

Setup set_up(const fs::path& folder, Evaluation& evaluation) {
  const LlmParts parts;
  Setup setup{.served = read_served_model(folder, parts), .engine = {}, .steps = nullptr};
  const ServingMeta& meta = setup.served.meta;
  const auto card = parts.card(meta.card);
  set_steps(folder, card, setup, evaluation);
  if (!meta.num_blocks && !card) throw_unknown_part(folder, "hardware.device_name", meta.card);
  const std::optional<double> computed = card ? std::optional(kv_blocks(setup.served, card->spec)) : std::nullopt;
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
  const auto num_engines = static_cast<std::size_t>(setup.served.meta.data_parallel);
  for (std::size_t engine = 0; engine < num_engines; ++engine) {
    std::vector<serving::TimedRequest> mine;
    for (std::size_t i = engine; i < requests.size(); i += num_engines) {
      mine.push_back({Seconds::from_base(requests[i].arrival),
                      {.prompt_tokens = requests[i].prompt_tokens, .output_tokens = requests[i].output_tokens}});
    }
    const serving::ServingReplay replayed = serving::replay(mine, setup.engine, *setup.steps);
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
  const auto add = [&](std::string_view suffix, const auto& statistic) {
    Prediction prediction{.quantity = fmt::format("{}_{}", name, suffix),
                          .group = "vllm",
                          .measured = std::nullopt,
                          .estimate = std::nullopt,
                          .grade = setup.grade,
                          .note = {}};
    if (!measured.empty()) prediction.measured = statistic(measured);
    if (!simulated.empty() && std::isfinite(statistic(simulated))) {
      prediction.estimate = log_interval(statistic(simulated), setup.half_width);
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
