#include "models/calibration/loop_between.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "models/base/error.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kMapUnit = 4096.0;

// Beyond all known sizes a limit may bind that did not show yet, of requests below them and of bytes above: per octave.
constexpr double kWidthBeyond = 0.7;

// Half-width of the 90 % interval of the logarithm at the middle between two mixes.
constexpr double kWidthOfMix = 0.55;

double mix(double a, double b, double fraction) {
  return a + fraction * (b - a);
}

double log_half_width(const Estimate& e) {
  return e.value > 0.0 ? std::log(e.high / e.value) : 0.0;
}

LoopTimes on_the_line(const LoopTimes& a, const LoopTimes& b, double fraction) {
  // Widths and the shape of the tail are not continued beyond what is known.
  const double inside = std::clamp(fraction, 0.0, 1.0);
  LoopTimes times;
  times.loop_us = mix(a.loop_us, b.loop_us, fraction);
  times.latency_us = mix(a.latency_us, b.latency_us, fraction);
  times.rate_width = mix(a.rate_width, b.rate_width, inside);
  times.latency_width = mix(a.latency_width, b.latency_width, inside);
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    times.log_ratio[q] = mix(a.log_ratio[q], b.log_ratio[q], inside);
    times.quantile_width[q] = mix(a.quantile_width[q], b.quantile_width[q], inside);
  }
  return times;
}

// Beyond the nearest known size: not less for more bytes, and not more than in proportion.
void bound(LoopTimes& times, const BlockTimes& nearest, double block_bytes) {
  const double ratio = block_bytes / nearest.block_bytes;
  const auto bounded = [&](double value, double at_nearest) {
    return std::clamp(value, at_nearest * std::min(1.0, ratio), at_nearest * std::max(1.0, ratio));
  };
  times.loop_us = bounded(times.loop_us, nearest.times.loop_us);
  times.latency_us = bounded(times.latency_us, nearest.times.latency_us);
}

}  // namespace

LoopTimes to_times(const LoopEstimate& loop, double num_in_flight, double share) {
  LoopTimes times;
  times.loop_us = 1e6 * num_in_flight * share / loop.iops.value;
  times.latency_us = loop.latency_us.value;
  times.rate_width = log_half_width(loop.iops);
  times.latency_width = log_half_width(loop.latency_us);
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    times.log_ratio[q] = std::log(loop.quantile_us[q].value / loop.latency_us.value);
    times.quantile_width[q] = log_half_width(loop.quantile_us[q]);
  }
  return times;
}

LoopEstimate to_estimate(const LoopTimes& times, double num_in_flight, double share) {
  LoopEstimate loop;
  loop.iops = log_interval(1e6 * num_in_flight * share / times.loop_us, times.rate_width);
  loop.latency_us = log_interval(times.latency_us, times.latency_width);
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    loop.quantile_us[q] = log_interval(times.latency_us * std::exp(times.log_ratio[q]), times.quantile_width[q]);
  }
  return loop;
}

void widen(LoopTimes& times, double half_width) {
  times.rate_width = std::hypot(times.rate_width, half_width);
  times.latency_width = std::hypot(times.latency_width, half_width);
  // The tail has an error beside that of the mean.
  for (double& width : times.quantile_width) width = std::hypot(width, 1.5 * half_width);
}

std::vector<BlockTimes> telling_sizes(std::span<const BlockTimes> known, double block_bytes) {
  std::vector<BlockTimes> same;
  std::copy_if(known.begin(), known.end(), std::back_inserter(same),
               [&](const BlockTimes& b) { return (b.block_bytes < kMapUnit) == (block_bytes < kMapUnit); });
  return same.empty() ? std::vector<BlockTimes>(known.begin(), known.end()) : same;
}

LoopTimes between_blocks(std::span<const BlockTimes> sizes, double block_bytes) {
  LABTWIN_CHECK(sizes.size() > 1, "block sizes");
  // The two sizes around the one asked for, or the nearest two.
  auto above = std::find_if(sizes.begin(), sizes.end(), [&](const BlockTimes& b) { return b.block_bytes > block_bytes; });
  if (above == sizes.begin()) above = std::next(above);
  if (above == sizes.end()) above = std::prev(above);
  const BlockTimes& high = *above;
  const BlockTimes& low = *std::prev(above);
  const double fraction = (block_bytes - low.block_bytes) / (high.block_bytes - low.block_bytes);
  LoopTimes times = on_the_line(low.times, high.times, fraction);
  const double octaves_low = std::abs(std::log2(block_bytes / low.block_bytes));
  const double octaves_high = std::abs(std::log2(block_bytes / high.block_bytes));
  const double octaves = std::min(octaves_low, octaves_high);
  if (block_bytes < low.block_bytes || block_bytes > high.block_bytes) {
    bound(times, octaves_low < octaves_high ? low : high, block_bytes);
    widen(times, kWidthBeyond * octaves);
  } else {
    widen(times, kWidthOfOctave * octaves);
  }
  return times;
}

LoopTimes between_mixes(const MixTimes& low, const MixTimes& high, double read_fraction, double share) {
  const double span = high.read_fraction - low.read_fraction;
  const double fraction = span > 0.0 ? (read_fraction - low.read_fraction) / span : 0.0;
  LoopTimes times = on_the_line(low.times, high.times, fraction);
  // A neighbour without this half tells the time of the loop alone.
  if (low.share <= 0.0 || high.share <= 0.0) {
    const LoopTimes& only = low.share <= 0.0 ? high.times : low.times;
    times.log_ratio = only.log_ratio;
    times.latency_width = only.latency_width;
    times.quantile_width = only.quantile_width;
  }
  times.latency_us = mix(low.share * low.times.latency_us, high.share * high.times.latency_us, fraction) / share;
  widen(times, kWidthOfMix * std::sqrt(4.0 * fraction * (1.0 - fraction)));
  return times;
}

HalfLatencies half_latencies(const PureLoops& pure, double loop_us, double read_fraction) {
  const double floor = mix(pure.write_floor_us, pure.read_floor_us, read_fraction);
  const double waiting = loop_us - floor;
  if (waiting <= 0.0) return {pure.read_floor_us * loop_us / floor, pure.write_floor_us * loop_us / floor};
  const double write_us = pure.write_floor_us + pure.write_wait * waiting;
  return {(loop_us - (1.0 - read_fraction) * write_us) / read_fraction, write_us};
}

}  // namespace labtwin::calibration
