#include "models/calibration/power_cap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <span>
#include <vector>

#include "models/calibration/levenberg_marquardt.hpp"
#include "models/calibration/llm_times.hpp"
#include "models/serving/locked_clocks.hpp"
#include "models/serving/power_limit.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::array<std::string_view, 2> kColumns = {"tok_s_prompt_a", "tok_s_prompt_b"};
constexpr double kNoise = 0.02;        // of one rate
constexpr double kDiscrepancy = 0.04;  // of the law between caps
constexpr double kUnknownPower = 300.0;
constexpr double kNoCap = 1e4;
constexpr double kRateSpread = 0.6;  // of the law of throughput, in the logarithm
// Locked clocks that a row does not tell lie anywhere between the lowest and the highest of a card, seventeen times as fast:
// the middle of the logarithms, and how far the ends are from it.
constexpr double kLockedClocks = 0.24;
constexpr double kLockedSpread = 1.0;
constexpr double kToldSpread = 0.25;  // of the law of clocks

enum Parameter : std::size_t { LogRate, LogKnee, Slope, NumParameters };

/// Full rate and the law of models/serving/power_limit.hpp.
double log_rate(std::span<const double> p, double cap_w) {
  return p[LogRate] + serving::log_limited_share(cap_w / std::exp(p[LogKnee]), p[Slope]);
}

/// A curve of one card, engine, model, workload and prompt.
struct Curve {
  std::vector<std::size_t> rows;
  std::array<Prior, NumParameters> belief;
  std::vector<double> covariance = std::vector<double>(NumParameters * NumParameters, 0.0);
  bool fitted = false;
  Grade grade = Grade::Fitted;
};

std::string unit_of(const MeasurementTable& table, std::size_t row) {
  return fmt::format("{}, {}, {}, {}", table.text(row, "gpu"), table.text(row, "engine"), table.text(row, "model"),
                     table.text(row, "workload"));
}

/// The number behind `N=` of `decode concurrent N=6`; one stream where it is not told.
double streams_of(std::string_view workload) {
  const std::size_t at = workload.find("N=");
  return at == std::string_view::npos ? 1.0 : std::max(1.0, std::strtod(std::string(workload.substr(at + 2)).c_str(), nullptr));
}

// The run without a cap and at free clocks, from card, engine and model alone.
LlmTime free_run(const MeasurementTable& table, std::size_t row, LlmTimes& times) {
  const std::string_view workload = table.text(row, "workload");
  const double streams = streams_of(workload);
  const bool is_prompt = workload.starts_with("prefill");
  const std::string_view quantity = is_prompt ? "prefill_tok_s" : streams > 1.0 ? "throughput_out_tok_s" : "decode_tok_s";
  const std::string model(table.text(row, "model"));
  return times.time({.gpu = std::string(table.text(row, "gpu")),
                     .engine = std::string(table.text(row, "engine")),
                     .model = model,
                     .quant = model,
                     .quantity = std::string(quantity),
                     .speculation = {},
                     .num_cards = table.number(row, "n_gpus").value_or(1.0),
                     .batch = streams});
}

double uncapped_rate(const MeasurementTable& table, std::size_t row, LlmTimes& times) {
  const LlmTime time = free_run(table, row, times);
  return time.run.seconds_of(time.seconds);
}

/// The clocks that a row tells.
serving::LockedClocks clocks_of(const MeasurementTable& table, std::size_t row) {
  constexpr double kMega = 1e6;
  const auto clock = [&](std::string_view column) -> std::optional<PerSecond> {
    const auto value = table.number(row, column);
    return value && *value > 0.0 ? std::optional(PerSecond::from_base(kMega * *value)) : std::nullopt;
  };
  return {.graphics = clock("sm_clock_mhz"), .memory = clock("mem_clock_mhz")};
}

/// The share of its rate that a run keeps at the clocks of its row; nothing if the row tells none, or the card's entry.
std::optional<double> share_at_clocks(const MeasurementTable& table, std::size_t row, LlmTimes& times) {
  const serving::LockedClocks clocks = clocks_of(table, row);
  const auto card = times.parts().card(table.text(row, "gpu"));
  if (!clocks.graphics || !card || !card->spec.boost_clock) return std::nullopt;
  const serving::ThroughputTerms free = times.terms(free_run(table, row, times).run);
  const serving::ClockShares shares = serving::clock_shares(clocks, card->spec);
  const bool is_prompt = table.text(row, "workload").starts_with("prefill");
  const serving::ThroughputTerms locked =
      is_prompt ? serving::prompt_at_clocks(free, shares) : serving::at_clocks(free, shares);
  const auto sum = [](const serving::ThroughputTerms& terms) { return std::accumulate(terms.begin(), terms.end(), 0.0); };
  return sum(free) / sum(locked);
}

// A card draws its board's power at most, and decoding needs three quarters of it.
std::array<Prior, NumParameters> belief_of(const MeasurementTable& table, std::size_t row, LlmTimes& times) {
  const auto card = times.parts().card(table.text(row, "gpu"));
  const double power = card && card->spec.board_power ? card->spec.board_power->value() : kUnknownPower;
  return {{{std::log(uncapped_rate(table, row, times)), kRateSpread}, {std::log(0.75 * power), 0.15}, {0.9, 0.4}}};
}

/// Nothing is measured of the curve: parameters do not know of each other.
void believe(Curve& curve) {
  for (std::size_t i = 0; i < NumParameters; ++i) {
    curve.covariance[i * NumParameters + i] = curve.belief.at(i).sigma * curve.belief.at(i).sigma;
  }
  curve.grade = Grade::Assumed;
}

void learn(const MeasurementTable& table, std::string_view column, const std::string& unit, Curve& curve,
           Evaluation& evaluation) {
  std::vector<double> caps;
  std::vector<double> rates;
  for (const std::size_t row : curve.rows) {
    const auto cap = table.number(row, "power_cap_w");
    const auto rate = table.split(row) == Split::Fit ? table.number(row, column) : std::nullopt;
    if (!cap || !rate || *cap <= 0.0 || *rate <= 0.0) continue;
    caps.push_back(*cap);
    rates.push_back(std::log(*rate));
  }
  if (caps.empty()) {
    if (!curve.fitted) believe(curve);
    return;
  }
  const LeastSquaresProblem problem{.predict =
                                        [&](std::span<const double> p, std::span<double> out) {
                                          for (std::size_t i = 0; i < caps.size(); ++i) out[i] = log_rate(p, caps[i]);
                                        },
                                    .observations = rates,
                                    .noise_sigma = kNoise,
                                    .priors = curve.belief};
  const std::vector<double> start = {*std::max_element(rates.begin(), rates.end()), curve.belief[LogKnee].mean,
                                     curve.belief[Slope].mean};
  const LeastSquaresFit fit = fit_least_squares(problem, std::span<const double>(start));
  for (std::size_t i = 0; i < NumParameters; ++i) curve.belief.at(i) = {fit.parameters[i], std::sqrt(fit.variance(i))};
  curve.covariance = fit.covariance;
  curve.fitted = true;
  const double rate = std::exp(fit.parameters[LogRate]);
  const double knee = std::exp(fit.parameters[LogKnee]);
  evaluation.fits.push_back({.unit = fmt::format("{} ({})", unit, column),
                             .law = "power_cap",
                             .num_rows = caps.size(),
                             .parameters = {{"full_rate", rate, "token/s", rate * curve.belief[LogRate].sigma},
                                            {"knee", knee, "W", knee * curve.belief[LogKnee].sigma},
                                            {"slope", fit.parameters[Slope], "", curve.belief[Slope].sigma}}});
}

double log_variance(const Curve& curve, std::span<const double> p, double cap_w) {
  constexpr double kStep = 1e-4;
  std::array<double, NumParameters> gradient{};
  for (std::size_t i = 0; i < NumParameters; ++i) {
    std::vector<double> moved(p.begin(), p.end());
    moved[i] += kStep;
    gradient.at(i) = (log_rate(moved, cap_w) - log_rate(p, cap_w)) / kStep;
  }
  double variance = 0.0;
  for (std::size_t i = 0; i < NumParameters; ++i) {
    for (std::size_t j = 0; j < NumParameters; ++j) {
      variance += gradient.at(i) * gradient.at(j) * curve.covariance[i * NumParameters + j];
    }
  }
  return variance;
}

void predict(const MeasurementTable& table, std::string_view column, const Curve& curve, LlmTimes& times,
             Evaluation& evaluation) {
  std::vector<double> p;
  for (const Prior& belief : curve.belief) p.push_back(belief.mean);
  for (const std::size_t row : curve.rows) {
    if (table.split(row) != Split::HeldOut) continue;
    const auto cap = table.number(row, "power_cap_w");
    const bool is_capped = cap && *cap > 0.0;
    const bool is_locked = !is_capped && table.text(row, "engine").find("locked") != std::string_view::npos;
    // Without a cap a card runs at its full rate, which is what the law tends to.
    const double at = is_capped ? *cap : kNoCap;
    const auto told = is_locked ? share_at_clocks(table, row, times) : std::nullopt;
    const double clocks = !is_locked ? 1.0 : told.value_or(kLockedClocks);
    const double of_clocks = !is_locked ? 0.0 : told ? kToldSpread : kLockedSpread;
    const double spread = std::sqrt(log_variance(curve, p, at) + kDiscrepancy * kDiscrepancy + of_clocks * of_clocks);
    evaluation.predictions.push_back({.row = row + 1,
                                      .quantity = std::string(column),
                                      .group = std::string(table.text(row, "workload")),
                                      .measured = table.number(row, column),
                                      .estimate = log_interval(clocks * std::exp(log_rate(p, at)), kNormal90 * spread),
                                      .grade = is_locked ? Grade::Assumed : curve.grade,
                                      .note = told           ? "the share by its clocks; no row of this run is marked `fit`"
                                              : is_locked    ? "clocks are locked, the row does not tell at what"
                                              : curve.fitted ? ""
                                                             : "no row of this curve is marked `fit`"});
  }
}

}  // namespace

Evaluation evaluate_power_cap(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  LlmTimes times;
  std::map<std::string, std::vector<std::size_t>> units;
  for (std::size_t row = 0; row < table.num_rows(); ++row) units[unit_of(table, row)].push_back(row);
  for (const auto& [unit, rows] : units) {
    const Curve unmeasured{.rows = rows, .belief = belief_of(table, rows.front(), times)};
    Curve before = unmeasured;
    for (const std::string_view column : kColumns) {
      Curve curve = unmeasured;
      learn(table, column, unit, curve, evaluation);
      // Another prompt of the same run is a few per cent off.
      if (!curve.fitted && before.fitted) curve = before;
      predict(table, column, curve, times, evaluation);
      before = std::move(curve);
    }
  }
  if (progress) progress(1.0);
  return evaluation;
}

}  // namespace labtwin::calibration
