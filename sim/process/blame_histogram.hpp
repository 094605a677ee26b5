#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "models/base/units.hpp"
#include "sim/process/timeline.hpp"

namespace labtwin {

/// What one place (resource, kind, culprit) contributed to the requests of a series. Over a series the means sum to the mean
/// sojourn time and each of the shares to 1.
struct BlameShare {
  ResourceId resource = 0;
  DelayKind kind = DelayKind::Service;
  OwnerId culprit = 0;
  Seconds mean;               ///< per request
  double median_share = 0.0;  ///< of the sojourn of requests between the 45th and 55th percentile
  double tail_share = 0.0;    ///< of the sojourn of requests at or above the 95th percentile
};

/// Sojourn times and where they went, in buckets 0.5 % wide. Each bucket adds up the blame of its requests, so the blame of
/// the typical and of the slow ones comes out without keeping a single request: memory is bounded by (buckets in use) x
/// (places), some hundred kB, over any run.
class BlameHistogram {
 public:
  /// Ratio of a bucket's upper to its lower edge; quantiles are this exact or better.
  static constexpr double kBucketRatio = 1.005;

  /// `count`: how many alike.
  void add(Seconds sojourn, const Timeline& timeline, std::uint64_t count = 1);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Seconds mean() const noexcept;
  /// The quantile by linear interpolation between order statistics (Hyndman and Fan's type 7); 0 of an empty series.
  [[nodiscard]] Seconds quantile(double fraction) const;
  /// Mean of those above the quantile.
  [[nodiscard]] Seconds mean_above(double fraction) const;
  /// By descending mean, then resource, kind and culprit.
  [[nodiscard]] std::vector<BlameShare> blame() const;

 private:
  struct Bucket {
    std::uint64_t count = 0;
    double sum = 0.0;
    double min = 0.0;
    double max = 0.0;
    std::vector<double> by_place;
  };
  /// Sums over the requests whose rank, as a fraction of all, lies in a band.
  struct Band {
    double count = 0.0;
    double sum = 0.0;
    std::vector<double> by_place;
  };

  [[nodiscard]] std::size_t place_index(const Segment& segment);
  [[nodiscard]] Band band(double from, double to) const;
  [[nodiscard]] double order_statistic(std::uint64_t rank) const;

  std::map<int, Bucket> buckets_;
  std::vector<Segment> places_;  ///< durations unused
  std::unordered_map<std::uint64_t, std::size_t> place_indices_;
  std::uint64_t count_ = 0;
  double sum_ = 0.0;
};

}  // namespace labtwin
