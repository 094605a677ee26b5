#include "models/calibration/operator_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "models/base/csv.hpp"
#include "models/calibration/levenberg_marquardt.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;
using serving::OperatorBatch;
using serving::OperatorCoefficients;
using serving::OperatorWork;

// Norms stand twice in a layer and once in the table.
constexpr std::string_view kNorm = "layernorm";
// What is outside the layers and costs next to nothing.
constexpr std::array<std::string_view, 2> kOutsideLayers = {"embedding", "final_layernorm"};
// Beyond what an engine of one card ever batches, where caches outgrow the L2 and kernels change.
constexpr double kMostKvTokens = 131072.0;
constexpr double kMostPrefix = 8192.0;

constexpr double kNoise = 0.05;  // relative, of an operator
constexpr double kAttentionNoise = 0.1;
constexpr double kHeadWeight = 0.3;  // the head is one operator of some two hundred
constexpr double kWidePrior = 3.0;   // of a logarithm: a factor of 20

double microseconds(const CsvTable& table, std::size_t row, std::string_view column) {
  return table.number(row, table.column(column)).value_or(0.0) * 1e-6;
}

double count(const CsvTable& table, std::size_t row, std::string_view column) {
  return table.number(row, table.column(column)).value_or(0.0);
}

std::vector<OperatorTiming> read_sums(const fs::path& file, std::string_view counted) {
  const CsvTable table = CsvTable::read(file);
  std::map<double, double> sums;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    const std::string_view layer = table.cell(row, table.column("layer"));
    if (std::find(kOutsideLayers.begin(), kOutsideLayers.end(), layer) != kOutsideLayers.end()) continue;
    sums[count(table, row, counted)] += microseconds(table, row, "time_us") * (layer == kNorm ? 2.0 : 1.0);
  }
  std::vector<OperatorTiming> timings;
  for (const auto& [number, time] : sums) timings.push_back({number, Seconds::from_base(time)});
  return timings;
}

OperatorBatch batch_of(double chunk, double prefix, double decodes, double kv) {
  return {.num_tokens = chunk + decodes,
          .num_sampled = 0.0,
          .longest_chunk = chunk,
          .longest_prefix = prefix,
          .num_pairs = chunk * (prefix + 0.5 * chunk),
          .num_decodes = decodes,
          .kv_tokens = decodes * kv,
          .longest_kv = decodes > 0.0 ? kv : 0.0};
}

std::vector<AttentionTiming> read_attention(const fs::path& file) {
  const CsvTable table = CsvTable::read(file);
  std::vector<AttentionTiming> timings;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    const OperatorBatch batch = batch_of(count(table, row, "prefill_chunk"), count(table, row, "kv_prefill"),
                                         count(table, row, "n_decode"), count(table, row, "kv_decode"));
    if (batch.kv_tokens > kMostKvTokens || batch.longest_prefix > kMostPrefix) continue;
    timings.push_back({batch, Seconds::from_base(microseconds(table, row, "time_us"))});
  }
  return timings;
}

std::vector<SkewTiming> read_skew(const fs::path& file) {
  std::vector<SkewTiming> timings;
  if (!fs::exists(file)) return timings;
  const CsvTable table = CsvTable::read(file);
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.cell(row, table.column("regime")) != "pure") continue;
    OperatorBatch batch = batch_of(0.0, 0.0, count(table, row, "n"), count(table, row, "kv_mean"));
    batch.longest_kv = count(table, row, "kv_big");
    timings.push_back({batch, Seconds::from_base(microseconds(table, row, "t_skew_us")),
                       Seconds::from_base(microseconds(table, row, "t_mean_us"))});
  }
  return timings;
}

// What the rows of a fit weigh, so that they sum to their number.
std::vector<double> weights_by_octave(const std::vector<OperatorTiming>& rows) {
  std::vector<double> weights(rows.size(), 1.0);
  double sum = 0.0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t before = i == 0 ? 0 : i - 1;
    const std::size_t after = std::min(i + 1, rows.size() - 1);
    weights[i] =
        std::log(rows[after].count / rows[before].count) / static_cast<double>(std::max<std::size_t>(1, after - before));
    sum += weights[i];
  }
  for (double& weight : weights) weight = std::sqrt(weight * static_cast<double>(rows.size()) / sum);
  return weights;
}

LeastSquaresFit fit_logs(const std::function<void(std::span<const double>, std::span<double>)>& predict,
                         const std::vector<double>& observations, double noise, const std::vector<double>& start) {
  std::vector<Prior> priors;
  for (const double value : start) priors.push_back({value, kWidePrior});
  return fit_least_squares({.predict = predict, .observations = observations, .noise_sigma = noise, .priors = priors}, start);
}

void describe(const LeastSquaresFit& fit, std::span<const std::pair<std::string_view, std::string_view>> names,
              FitSummary& summary) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double value = std::exp(fit.parameters[i]);
    summary.parameters.push_back(
        {std::string(names[i].first), value, std::string(names[i].second), value * std::sqrt(fit.variance(i))});
  }
}

// Matrices and head: bandwidth, rate, knee, passes, overhead.
void fit_matrices(const OperatorTables& tables, const OperatorWork& work, OperatorFit& result) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames = {
      {{"bandwidth", "B/s"}, {"matrix_rate", "flop/s"}, {"knee", "1"}, {"activation_passes", "1"}, {"matrix_overhead", "s"}}};
  const auto apply = [&](std::span<const double> p) {
    OperatorCoefficients c = result.coefficients;
    c.bandwidth = BytesPerSecond::from_base(std::exp(p[0]));
    c.matrix_rate = FlopsPerSecond::from_base(std::exp(p[1]));
    c.knee = std::exp(p[2]);
    c.activation_passes = std::exp(p[3]);
    c.layer_overhead = Seconds::from_base(std::exp(p[4]));
    return c;
  };
  const std::vector<double> weights = weights_by_octave(tables.layer);
  std::vector<double> observations;
  for (std::size_t i = 0; i < tables.layer.size(); ++i)
    observations.push_back(weights[i] * std::log(tables.layer[i].time.value()));
  for (const OperatorTiming& row : tables.head) observations.push_back(kHeadWeight * std::log(row.time.value()));
  const auto predict = [&](std::span<const double> p, std::span<double> predictions) {
    const OperatorCoefficients c = apply(p);
    std::size_t at = 0;
    for (std::size_t i = 0; i < tables.layer.size(); ++i) {
      const Seconds time = matrix_time(c, work, tables.layer[i].count) + c.layer_overhead;
      predictions[at++] = weights[i] * std::log(time.value());
    }
    for (const OperatorTiming& row : tables.head)
      predictions[at++] = kHeadWeight * std::log(head_time(c, work, row.count).value());
  };
  const double floor = tables.layer.front().time.value();
  const double last = tables.layer.back().time.value();
  const std::vector<double> start = {std::log(work.layer_weights.value() / floor),
                                     std::log(work.token.value() * tables.layer.back().count / last), std::log(3.0),
                                     std::log(3.0), std::log(0.03 * floor)};
  const LeastSquaresFit fit = fit_logs(predict, observations, kNoise, start);
  result.coefficients = apply(fit.parameters);
  describe(fit, kNames, result.summary);
}

// Attention: rate, chain, overhead of a launch, rate of mixed decodes, overhead of a decode.
void fit_attention(const OperatorTables& tables, const OperatorWork& work, OperatorFit& result) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames = {{{"attention_rate", "flop/s"},
                                                                                           {"attention_chain", "s"},
                                                                                           {"attention_overhead", "s"},
                                                                                           {"mixed_decode_rate", "flop/s"},
                                                                                           {"decode_overhead", "s"}}};
  const auto apply = [&](std::span<const double> p) {
    OperatorCoefficients c = result.coefficients;
    c.attention_rate = FlopsPerSecond::from_base(std::exp(p[0]));
    c.attention_chain = Seconds::from_base(std::exp(p[1]));
    c.mixed_decode_rate = FlopsPerSecond::from_base(std::exp(p[3]));
    c.decode_overhead = Seconds::from_base(std::exp(p[4]));
    return c;
  };
  const auto is_pure = [](const AttentionTiming& row) { return row.batch.longest_chunk == 0.0; };
  const auto num_pure = static_cast<double>(std::count_if(tables.attention.begin(), tables.attention.end(), is_pure));
  const double num_mixed = static_cast<double>(tables.attention.size()) - num_pure;
  const double pure_weight = num_pure > 0.0 ? std::sqrt(std::max(1.0, num_mixed / num_pure)) : 1.0;
  const auto weight = [&](const AttentionTiming& row) { return is_pure(row) ? pure_weight : 1.0; };
  std::vector<double> observations;
  for (const AttentionTiming& row : tables.attention) observations.push_back(weight(row) * std::log(row.time.value()));
  const auto predict = [&](std::span<const double> p, std::span<double> predictions) {
    const OperatorCoefficients c = apply(p);
    const Seconds overhead = Seconds::from_base(std::exp(p[2]));
    for (std::size_t i = 0; i < tables.attention.size(); ++i) {
      const AttentionTiming& row = tables.attention[i];
      predictions[i] = weight(row) * std::log((attention_time(c, work, row.batch) + overhead).value());
    }
  };
  const double rate = 0.6 * result.coefficients.matrix_rate.value();
  const std::vector<double> start = {std::log(rate), std::log(30e-9), std::log(8e-6), std::log(0.02 * rate), std::log(1e-6)};
  const LeastSquaresFit fit = fit_logs(predict, observations, kAttentionNoise, start);
  result.coefficients = apply(fit.parameters);
  // The two overheads of a layer are always there together.
  result.coefficients.layer_overhead += Seconds::from_base(std::exp(fit.parameters[2]));
  describe(fit, kNames, result.summary);
}

// The share of the way from the mean to the longest cache, by least squares.
void fit_skew(const OperatorTables& tables, const OperatorWork& work, OperatorFit& result) {
  double along = 0.0;
  double squared = 0.0;
  for (const SkewTiming& row : tables.skew) {
    const double way = row.batch.num_decodes * row.batch.longest_kv - row.batch.kv_tokens;
    const double slope = (work.token_kv * way / result.coefficients.bandwidth).value();
    along += slope * (row.time - row.of_mean).value();
    squared += slope * slope;
  }
  if (squared > 0.0) result.coefficients.skew = std::max(0.0, along / squared);
  result.summary.parameters.push_back({"skew", result.coefficients.skew, "1", 0.0});
}

}  // namespace

OperatorTables read_operator_tables(const fs::path& folder) {
  return {.layer = read_sums(folder / "dense.csv", "tokens"),
          .head = read_sums(folder / "per_sequence.csv", "sequences"),
          .attention = read_attention(folder / "attention.csv"),
          .skew = read_skew(folder / "skew.csv")};
}

OperatorFit fit_operators(const OperatorTables& tables, const OperatorWork& work, const std::string& unit) {
  OperatorFit result;
  result.summary = {.unit = unit,
                    .law = "operators",
                    .num_rows = tables.layer.size() + tables.head.size() + tables.attention.size() + tables.skew.size(),
                    .parameters = {}};
  fit_matrices(tables, work, result);
  fit_attention(tables, work, result);
  fit_skew(tables, work, result);
  return result;
}

}  // namespace labtwin::calibration
