#include "sim/process/blame_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace labtwin {
namespace {

/// Everything shorter, zero included, shares the lowest bucket.
constexpr double kShortest = 1e-9;

int bucket_index(double value) noexcept {
  if (value < kShortest) return -1;
  static const double scale = 1.0 / std::log(BlameHistogram::kBucketRatio);
  return static_cast<int>(std::log(value / kShortest) * scale);
}

std::uint64_t place_key(const Segment& segment) noexcept {
  return (std::uint64_t{segment.resource} << 32U) | (std::uint64_t{static_cast<std::uint8_t>(segment.kind)} << 16U) |
         segment.culprit;
}

}  // namespace

void BlameHistogram::add(Seconds sojourn, const Timeline& timeline, std::uint64_t count) {
  const double value = sojourn.value();
  const auto weight = static_cast<double>(count);
  Bucket& bucket = buckets_[bucket_index(value)];
  bucket.min = bucket.count == 0 ? value : std::min(bucket.min, value);
  bucket.max = bucket.count == 0 ? value : std::max(bucket.max, value);
  bucket.count += count;
  bucket.sum += weight * value;
  count_ += count;
  sum_ += weight * value;
  for (const Segment& segment : timeline.segments()) {
    const std::size_t place = place_index(segment);
    if (bucket.by_place.size() <= place) bucket.by_place.resize(place + 1, 0.0);
    bucket.by_place[place] += weight * segment.duration.value();
  }
}

Seconds BlameHistogram::mean() const noexcept {
  return Seconds::from_base(count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_));
}

Seconds BlameHistogram::quantile(double fraction) const {
  if (count_ == 0) return Seconds{};
  const double position = fraction * static_cast<double>(count_ - 1);
  const auto below = static_cast<std::uint64_t>(position);
  const std::uint64_t above = std::min(below + 1, count_ - 1);
  const double weight = position - static_cast<double>(below);
  return Seconds::from_base(std::lerp(order_statistic(below), order_statistic(above), weight));
}

Seconds BlameHistogram::mean_above(double fraction) const {
  const Band tail = band(fraction, 1.0);
  return Seconds::from_base(tail.count == 0.0 ? 0.0 : tail.sum / tail.count);
}

std::vector<BlameShare> BlameHistogram::blame() const {
  const Band all = band(0.0, 1.0);
  const Band median = band(0.45, 0.55);
  const Band tail = band(0.95, 1.0);
  std::vector<BlameShare> shares;
  for (std::size_t place = 0; place < places_.size(); ++place) {
    shares.push_back({.resource = places_[place].resource,
                      .kind = places_[place].kind,
                      .culprit = places_[place].culprit,
                      .mean = Seconds::from_base(all.by_place[place] / all.count),
                      .median_share = median.sum == 0.0 ? 0.0 : median.by_place[place] / median.sum,
                      .tail_share = tail.sum == 0.0 ? 0.0 : tail.by_place[place] / tail.sum});
  }
  std::sort(shares.begin(), shares.end(), [](const BlameShare& a, const BlameShare& b) {
    return std::tie(b.mean, a.resource, a.kind, a.culprit) < std::tie(a.mean, b.resource, b.kind, b.culprit);
  });
  return shares;
}

std::size_t BlameHistogram::place_index(const Segment& segment) {
  const auto [entry, is_new] = place_indices_.try_emplace(place_key(segment), places_.size());
  if (is_new) places_.push_back(segment);
  return entry->second;
}

BlameHistogram::Band BlameHistogram::band(double from, double to) const {
  Band result;
  result.by_place.resize(places_.size(), 0.0);
  const double first = from * static_cast<double>(count_);
  const double last = to * static_cast<double>(count_);
  double before = 0.0;
  for (const auto& [index, bucket] : buckets_) {
    const auto size = static_cast<double>(bucket.count);
    const double inside = std::min(last, before + size) - std::max(first, before);
    before += size;
    if (inside <= 0.0) continue;
    const double fraction = inside / size;  // of a bucket that the edge of the band cuts, each request belongs in part
    result.count += inside;
    result.sum += fraction * bucket.sum;
    for (std::size_t place = 0; place < bucket.by_place.size(); ++place) {
      result.by_place[place] += fraction * bucket.by_place[place];
    }
  }
  return result;
}

double BlameHistogram::order_statistic(std::uint64_t rank) const {
  std::uint64_t before = 0;
  for (const auto& [index, bucket] : buckets_) {
    if (rank < before + bucket.count) {
      if (bucket.count == 1) return bucket.min;
      const double position = static_cast<double>(rank - before) / static_cast<double>(bucket.count - 1);
      return std::lerp(bucket.min, bucket.max, position);
    }
    before += bucket.count;
  }
  return 0.0;
}

}  // namespace labtwin
