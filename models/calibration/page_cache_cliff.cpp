#include "models/calibration/page_cache_cliff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "models/calibration/levenberg_marquardt.hpp"
#include "models/storage/page_cache.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::string_view kQuantity = "qps";
constexpr double kMebibyte = 1048576.0;
constexpr double kPageBytes = 4096.0;

// How unevenly pages of an index are read: the exponent of the passages that conversations ask for (see page_cache.hpp).
constexpr double kPopularity = 0.8;

// What is believed of a search without any measurement: 1.4 ms of processor, and 2000 faults of 100 us where nothing is cached.
// Logarithms of seconds.
constexpr double kUnknownSigma = 0.8;
const Prior kWarm{std::log(1.4e-3), kUnknownSigma};
const Prior kMissed{std::log(0.2), kUnknownSigma};

// How far the law itself is off, as standard deviations of logarithms: caches of one exponent for all, and what else needs the
// memory.
constexpr double kWarmDiscrepancy = 0.08;
constexpr double kMissDiscrepancy = 0.25;

/// What the memory leaves of the file, for a row.
struct Place {
  std::string unit;
  double misses = 0.0;
  std::string problem;
};

Place place_of(const MeasurementTable& table, std::size_t row) {
  Place place;
  place.unit = fmt::format("{} on {}", table.text(row, "system"), table.text(row, "storage"));
  const auto memory = table.number(row, "memory_mib");
  const auto resident = table.number(row, "resident_mib");
  const auto mapped = table.number(row, "mapped_mib");
  if (!memory || !resident || !mapped || *mapped <= 0.0) {
    place.problem = "memory_mib, resident_mib or mapped_mib is missing";
  } else if (*memory < *resident) {
    place.problem = "the process needs more memory than there is: it does not start";
  } else {
    const storage::WorkingSet set{.num_blocks = std::max(1.0, *mapped * kMebibyte / kPageBytes), .popularity = kPopularity};
    place.misses = 1.0 - storage::lru_hit_ratio(set, (*memory - *resident) * kMebibyte / kPageBytes);
  }
  return place;
}

/// What is known of one of the two times.
struct Belief {
  Prior log_seconds;
  std::size_t num_rows = 0;

  void learn(double seconds, double sigma) {
    const double log = std::log(seconds);
    const auto n = static_cast<double>(num_rows++);
    log_seconds = {(log_seconds.mean * n + log) / (n + 1.0), sigma / std::sqrt(n + 1.0)};
  }
  [[nodiscard]] double seconds() const { return std::exp(log_seconds.mean); }
};

/// What the rows marked `fit` tell.
/// Law:    time of a search = warm + misses x missed, misses the share of page reads that an LRU cache of memory - resident
///         does not hold of the mapped file; warm = with everything cached, missed = what faults add with nothing cached.
/// Inputs: memory, resident and mapped amounts in MiB; one row per system and storage where something is missed, and one where
///         nothing is.
/// Valid:  searches one after the other per thread: a fault keeps one read in flight and stops its thread. Resident is what
///         the process needs and cannot drop, as the smallest limit it started with tells.
/// Source: Che's approximation (page_cache.hpp); page faults of a mapped file are reads of 4 KiB at depth 1.
/// Error:  calibration/data/qdrant-glove-100/page_cache.
struct Knowledge {
  Belief warm{kWarm};
  std::map<std::string, Belief> missed;

  [[nodiscard]] Belief missed_of(const std::string& unit) const {
    const auto found = missed.find(unit);
    return found != missed.end() ? found->second : Belief{kMissed};
  }
};

Knowledge learn(const MeasurementTable& table, const std::vector<Place>& places) {
  Knowledge known;
  const auto each_fit_row = [&](bool warm, auto visit) {
    for (std::size_t row = 0; row < table.num_rows(); ++row) {
      const auto qps = table.number(row, kQuantity);
      if (table.split(row) != Split::Fit || !places[row].problem.empty() || !qps || *qps <= 0.0) continue;
      if ((places[row].misses == 0.0) == warm) visit(places[row], 1.0 / *qps);
    }
  };
  each_fit_row(true, [&](const Place&, double seconds) { known.warm.learn(seconds, kWarmDiscrepancy); });
  each_fit_row(false, [&](const Place& place, double seconds) {
    const double faults = seconds - known.warm.seconds();
    if (faults > 0.0)
      known.missed.emplace(place.unit, Belief{kMissed}).first->second.learn(faults / place.misses, kMissDiscrepancy);
  });
  return known;
}

Prediction predict(const MeasurementTable& table, std::size_t row, const Place& place, const Knowledge& known) {
  if (!place.problem.empty()) return unpredicted(table, row, kQuantity, place.problem);
  const Belief missed = known.missed_of(place.unit);
  const double warm = known.warm.seconds();
  const double faults = place.misses * missed.seconds();
  const double share = faults / (warm + faults);
  const double sigma = std::hypot((1.0 - share) * std::hypot(known.warm.log_seconds.sigma, kWarmDiscrepancy),
                                  share * std::hypot(missed.log_seconds.sigma, kMissDiscrepancy));
  const bool fitted = place.misses == 0.0 ? known.warm.num_rows > 0 : missed.num_rows > 0;
  return {.row = row + 1,
          .quantity = std::string(kQuantity),
          .group = place.misses == 0.0 ? "fits into memory" : "does not fit",
          .measured = table.number(row, kQuantity),
          .estimate = log_interval(1.0 / (warm + faults), kNormal90 * sigma),
          .grade = fitted ? Grade::Fitted : Grade::Assumed,
          .note = fitted ? "" : "no row of this storage was fitted: faults of a usual NVMe drive"};
}

// On which side of the cliff: whether searches take less than twice what they take with everything in memory.
Prediction side_of_cliff(const Prediction& rate, const Knowledge& known) {
  const double cliff = 0.5 / known.warm.seconds();
  Prediction side{.row = rate.row,
                  .quantity = "outcome",
                  .group = rate.group,
                  .measured = std::nullopt,
                  .estimate = std::nullopt,
                  .note = {}};
  if (rate.measured) side.measured = *rate.measured > cliff ? 1.0 : 0.0;
  if (rate.estimate) {
    const double value = rate.estimate->value > cliff ? 1.0 : 0.0;
    side.estimate = Estimate{value, rate.estimate->low > cliff ? 1.0 : 0.0, rate.estimate->high > cliff ? 1.0 : 0.0};
  }
  return side;
}

FitSummary summary_of(const std::string& unit, std::string_view name, const Belief& belief) {
  return {.unit = unit,
          .law = "page_cache",
          .num_rows = belief.num_rows,
          .parameters = {{std::string(name), belief.seconds(), "s", belief.seconds() * belief.log_seconds.sigma}}};
}

}  // namespace

Evaluation evaluate_page_cache(const MeasurementTable& table, const Progress& progress) {
  std::vector<Place> places;
  for (std::size_t row = 0; row < table.num_rows(); ++row) places.push_back(place_of(table, row));
  const Knowledge known = learn(table, places);
  Evaluation evaluation;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.split(row) != Split::HeldOut) continue;
    evaluation.predictions.push_back(predict(table, row, places[row], known));
    evaluation.derived.push_back(side_of_cliff(evaluation.predictions.back(), known));
  }
  if (known.warm.num_rows > 0) evaluation.fits.push_back(summary_of("all rows", "warm", known.warm));
  for (const auto& [unit, missed] : known.missed) evaluation.fits.push_back(summary_of(unit, "missed", missed));
  if (progress) progress(1.0);
  return evaluation;
}

}  // namespace labtwin::calibration
