#include "sim/validation/vector_disk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"
#include "models/storage/flush.hpp"
#include "models/storage/read_device_limits.hpp"
#include "models/storage/read_drive_law.hpp"
#include "sim/validation/host_fit.hpp"
#include "sim/validation/replay_pool.hpp"

namespace labtwin::validation {
namespace {

using calibration::Estimate;
using calibration::Evaluation;
using calibration::Grade;
using calibration::MeasurementTable;
using calibration::Prediction;
using calibration::Progress;
using calibration::Split;

constexpr std::array<std::string_view, 7> kQuantities = {"qps",        "lat_mean_us",   "lat_p50_us",      "lat_p95_us",
                                                         "lat_p99_us", "ios_per_query", "rounds_per_query"};
constexpr std::size_t kNumReplayed = 5;  // the first ones; the others follow from the shape of the search
constexpr std::size_t kReplications = 2;
// Where the catalog names no discrepancy: a factor of two either way.
constexpr double kUnknownDiscrepancy = 0.42;
// The catalog's discrepancies are spreads over an eighth of the cells at a time: Student's t of 7 degrees of freedom holds 90 %
// within this many of them.
constexpr double kStudent90 = 1.895;
// An unknown host is as fast as a known one within a factor of three.
constexpr double kUnknownHost = 0.67;
constexpr std::string_view kClassHost = "vm-zen5-2vcpu";

struct Rows {
  std::vector<std::size_t> numbers;  ///< 0-based rows of the table
  std::vector<SearchRun> runs;
};

struct HostRows {
  std::vector<MeasuredSearch> fit;
  Rows held_out;
};

struct KnownHost {
  HostPart part;
  ReplayHost replay;
  bool is_class_prior = false;
};

KnownHost find_host(const catalog::Catalog& catalog, const std::string& name) {
  const std::vector<std::string>& parts = catalog.parts("hosts");
  const bool is_known = std::find(parts.begin(), parts.end(), name) != parts.end();
  HostPart part = load_host(catalog, is_known ? name : std::string(kClassHost));
  ReplayHost replay{.host = part.host, .drive = {}, .limits = {}};
  static_cast<void>(catalog.read("drives", part.host.drive, [&](const std::string&, TableReader& parameters) {
    replay.drive = storage::read_queue_depth_parameters(parameters);
    replay.limits = storage::read_device_limits(parameters);
    // Searches sync nothing.
    static_cast<void>(storage::read_flush_time(parameters));
  }));
  return {std::move(part), replay, !is_known};
}

std::array<double, kNumReplayed> values_of(const ReplayedSearch& r) {
  return {r.qps, r.lat_mean_us, r.lat_p50_us, r.lat_p95_us, r.lat_p99_us};
}

double discrepancy(const HostPart& part, std::string_view regime, std::string_view quantity) {
  if (!part.entry.fit) return kUnknownDiscrepancy;
  const auto& known = part.entry.fit->discrepancy;
  const auto found = known.find(fmt::format("{}.{}", regime, quantity));
  return found == known.end() ? kUnknownDiscrepancy : found->second;
}

// Mean and variance of the mean of log values over replications.
std::pair<double, double> log_mean(const std::vector<std::vector<ReplayedSearch>>& replications, std::size_t run,
                                   std::size_t quantity) {
  double sum = 0.0;
  double squares = 0.0;
  for (const auto& results : replications) {
    const double value = std::log(values_of(results[run])[quantity]);
    sum += value;
    squares += value * value;
  }
  const auto n = static_cast<double>(replications.size());
  const double variance = n > 1.0 ? std::max(0.0, (squares - sum * sum / n) / (n - 1.0)) : 0.0;
  return {sum / n, variance / n};
}

class HostEvaluation {
 public:
  HostEvaluation(const MeasurementTable& table, KnownHost host, std::size_t num_parallel)
      : table_(table), host_(std::move(host)), num_parallel_(num_parallel) {}

  void fit(const std::string& unit, const std::vector<MeasuredSearch>& rows, const Progress& progress, Evaluation& evaluation) {
    if (rows.empty()) return;
    factors_ = fit_host(host_.replay, rows, num_parallel_, progress);
    calibration::FitSummary summary{.unit = unit, .law = "search_host", .num_rows = rows.size(), .parameters = {}};
    for (std::size_t i = 0; i < kNumFactors; ++i) {
      summary.parameters.push_back({.name = std::string(kFactorNames[i]),
                                    .value = factors_.value[i],
                                    .unit = "",
                                    .sigma = factors_.sigma[i] * factors_.value[i]});
    }
    evaluation.fits.push_back(std::move(summary));
  }

  void predict(const Rows& rows, const Progress& progress, Evaluation& evaluation) const {
    if (rows.runs.empty()) return;
    const ReplayPlan plan{.runs = rows.runs, .hosts = {scaled(host_.replay, factors_)}, .num_replications = kReplications};
    const auto replayed = replay_all(plan, num_parallel_, progress)[0];
    for (std::size_t i = 0; i < rows.runs.size(); ++i) {
      const SearchRun& run = rows.runs[i];
      const std::string regime = regime_name(regime_of(run, host_.replay.limits.read_window));
      for (std::size_t q = 0; q < kQuantities.size(); ++q) {
        const double model = discrepancy(host_.part, regime, kQuantities[q]);
        double variance = host_.is_class_prior ? kUnknownHost * kUnknownHost : 0.0;
        double log_value = std::log(kQuantities[q] == "ios_per_query" ? run.counts.num_reads : run.counts.num_rounds);
        if (q < kNumReplayed) {
          const auto [mean, luck] = log_mean(replayed, i, q);
          log_value = mean;
          variance += luck + factor_variance();
        }
        const double half_width = std::hypot(kStudent90 * model, calibration::kNormal90 * std::sqrt(variance));
        add(rows.numbers[i], q, fmt::format("{} {}", regime, run.is_graph ? "beam" : "ivf"),
            calibration::log_interval(std::exp(log_value), half_width), evaluation);
      }
    }
  }

 private:
  // A time answers to the factors at most in proportion, shares that sum to one.
  [[nodiscard]] double factor_variance() const {
    const double largest = *std::max_element(factors_.sigma.begin(), factors_.sigma.end());
    return largest * largest;
  }

  void add(std::size_t row, std::size_t quantity, std::string group, const Estimate& estimate, Evaluation& evaluation) const {
    Prediction prediction;
    prediction.row = row + 1;
    prediction.quantity = kQuantities[quantity];
    prediction.group = std::move(group);
    prediction.measured = table_.number(row, kQuantities[quantity]);
    prediction.estimate = estimate;
    prediction.grade = host_.is_class_prior ? Grade::Assumed : Grade::Fitted;
    if (host_.is_class_prior) prediction.note = fmt::format("unknown host, taken for {}", kClassHost);
    evaluation.predictions.push_back(std::move(prediction));
  }

  const MeasurementTable& table_;
  KnownHost host_;
  std::size_t num_parallel_;
  HostFactors factors_;
};

std::map<std::string, HostRows> rows_by_host(const MeasurementTable& table, Evaluation& evaluation) {
  std::map<std::string, HostRows> hosts;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    const Split split = table.split(row);
    if (split == Split::Neither) continue;
    try {
      SearchRun run = read_search_run(table, row);
      HostRows& host = hosts[run.host];
      if (split == Split::HeldOut) {
        host.held_out.numbers.push_back(row);
        host.held_out.runs.push_back(std::move(run));
        continue;
      }
      const auto qps = table.number(row, "qps");
      const auto median = table.number(row, "lat_p50_us");
      if (qps && median && *qps > 0.0 && *median > 0.0) host.fit.push_back({std::move(run), *qps, *median});
    } catch (const ModelError& error) {
      if (split != Split::HeldOut) continue;
      for (const std::string_view quantity : kQuantities) {
        evaluation.predictions.push_back(calibration::unpredicted(table, row, quantity, error.what()));
      }
    }
  }
  return hosts;
}

}  // namespace

Evaluation evaluate_vector_disk(const MeasurementTable& table, const Progress& progress, std::size_t num_parallel) {
  const catalog::Catalog catalog;
  Evaluation evaluation;
  for (const auto& [name, rows] : rows_by_host(table, evaluation)) {
    HostEvaluation host(table, find_host(catalog, name), num_parallel);
    host.fit(name, rows.fit, progress, evaluation);
    host.predict(rows.held_out, progress, evaluation);
  }
  std::stable_sort(evaluation.predictions.begin(), evaluation.predictions.end(),
                   [](const Prediction& a, const Prediction& b) { return a.row < b.row; });
  return evaluation;
}

}  // namespace labtwin::validation
