#include "models/calibration/unit_model.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace labtwin::calibration {
namespace {

// Half-width of the 90 % interval of the log latency of one half of a mix that was never measured.
constexpr double kWidthOfHalf = 0.5;

// The quantile that tells whether tails were measured.
constexpr std::size_t kP99 = 2;

SweepKey pure_key(const SweepKey& mix, bool reads) {
  const bool random = mix.operation == "randrw";
  return {.operation = reads ? (random ? "randread" : "read") : (random ? "randwrite" : "write"),
          .read_percent = reads ? 100.0 : 0.0,
          .part = "all",
          .block_bytes = mix.block_bytes};
}

// The share of the I/Os of a loop of this mix that the half of `key` has.
double share_at(const SweepKey& key, double read_percent) {
  SweepKey there = key;
  there.read_percent = read_percent;
  return there.share();
}

ExpectedDrive expected_drive(const std::vector<const FioRow*>& rows, const CatalogDrive* sheet) {
  return rows.empty() ? ExpectedDrive({}, {}, sheet) : ExpectedDrive(rows.front()->device, rows.front()->drive_class, sheet);
}

}  // namespace

UnitModel::UnitModel(const std::vector<const FioRow*>& rows, const ClassPriors& priors, const CatalogDrive* sheet)
    : priors_(priors), expected_(expected_drive(rows, sheet)) {
  std::map<SweepKey, std::vector<const FioRow*>> fit_rows;
  for (const FioRow* row : rows) {
    if (drive_class_.empty()) drive_class_ = row->drive_class;
    if (io_engine_.empty()) io_engine_ = row->io_engine;
    num_drives_ = row->num_drives;
    if (row->split == Split::Fit && row->problem.empty() && row->iops && row->queue_was_full()) {
      fit_rows[row->sweep].push_back(row);
    }
  }
  for (const auto& [key, sweep_rows] : fit_rows) {
    const ClassPrior prior = expected_.prior(priors, key.pure_operation());
    sweeps_.emplace(key, fit_sweep(sweep_rows, key, prior, priors.log_host_iops(io_engine_)));
    interpolations_.emplace(key, DepthInterpolation(sweep_rows));
  }
}

DepthInterpolation::Figures UnitModel::interpolate(const SweepKey& key, const LoopPoint& point) const {
  const auto found = interpolations_.find(key);
  return found != interpolations_.end() ? found->second.at(point) : DepthInterpolation::Figures{};
}

SweepModel UnitModel::of_class_at(const SweepKey& key) const {
  const ClassPrior prior = expected_.prior(priors_, key.pure_operation());
  return of_class(prior, prior.at(Bytes::from_base(key.block_bytes), priors_.log_host_iops(io_engine_), num_drives_));
}

UnitModel::Answer UnitModel::answer(const SweepKey& key, const LoopPoint& point) const {
  if (const auto found = sweeps_.find(key); found != sweeps_.end()) {
    return {estimate(found->second, key, point), Grade::Fitted, {}, !found->second.tail[kP99].measured()};
  }
  if (auto answer = from_other_blocks(key, point)) return *std::move(answer);
  if (key.is_mix()) return from_other_mixes(key, point);
  return {estimate(of_class_at(key), key, point), expected_.grade(), expected_.note(), true};
}

std::optional<UnitModel::Answer> UnitModel::from_other_blocks(const SweepKey& key, const LoopPoint& point) const {
  const double n = point.num_in_flight;
  std::vector<BlockTimes> known;
  bool tail_of_class = true;
  for (const auto& [other, model] : sweeps_) {
    SweepKey same_block = other;
    same_block.block_bytes = key.block_bytes;
    if (same_block != key) continue;
    known.push_back({other.block_bytes, to_times(estimate(model, other, point), n, key.share())});
    tail_of_class = tail_of_class && !model.tail[kP99].measured();
  }
  if (known.empty()) return std::nullopt;
  const bool writes = key.pure_operation().ends_with("write");
  const std::vector<BlockTimes> telling = writes ? telling_sizes(known, key.block_bytes) : known;
  LoopTimes times = telling.size() > 1 ? between_blocks(telling, key.block_bytes) : as_in_class(telling.front(), key, point);
  if (telling.size() > 1 && telling.back().block_bytes < key.block_bytes) {
    const LoopTimes other = as_in_class(telling.back(), key, point);
    if (other.loop_us > times.loop_us) times = other;
  }
  return Answer{to_estimate(times, n, key.share()), Grade::Fitted, "between fitted block sizes", tail_of_class};
}

// From one size to another as in the class.
LoopTimes UnitModel::as_in_class(const BlockTimes& known, const SweepKey& key, const LoopPoint& point) const {
  SweepKey there = key;
  there.block_bytes = known.block_bytes;
  const PerSecond rate_there = loop_rate(of_class_at(there).curve.curve, point).iops;
  const double longer = rate_there / loop_rate(of_class_at(key).curve.curve, point).iops;
  LoopTimes times = known.times;
  times.loop_us *= longer;
  times.latency_us *= longer;
  widen(times, kWidthOfOctave * std::abs(std::log2(key.block_bytes / known.block_bytes)));
  return times;
}

UnitModel::Answer UnitModel::from_other_mixes(const SweepKey& key, const LoopPoint& point) const {
  const double n = point.num_in_flight;
  std::map<double, MixTimes> known;
  const auto add = [&](const SweepKey& other, const LoopEstimate& loop) {
    const double share = share_at(key, other.read_percent);
    known[other.read_percent] = {other.read_percent / 100.0, share, to_times(loop, n, other.share())};
  };
  for (const auto& [other, model] : sweeps_) {
    if (other.operation == key.operation && other.part == key.part && other.block_bytes == key.block_bytes) {
      add(other, estimate(model, other, point));
    }
  }
  if (known.empty()) return from_pure_loops(key, point);
  bool all_fitted = true;
  for (const bool reads : {false, true}) {
    const SweepKey pure = pure_key(key, reads);
    const Answer end = answer(pure, point);
    if (end.grade == Grade::Fitted) add(pure, end.loop);
    const bool needed = reads ? known.rbegin()->first < key.read_percent : known.begin()->first > key.read_percent;
    if (end.grade != Grade::Fitted && needed) {
      all_fitted = false;
      add(pure, end.loop);
    }
  }
  // A mix of 100 % reads is the last of all.
  const auto beyond = known.upper_bound(key.read_percent);
  const auto above = beyond == known.end() ? std::prev(beyond) : beyond;
  const MixTimes& low = std::prev(above)->second;
  const LoopTimes times = between_mixes(low, above->second, key.read_percent / 100.0, key.share());
  return {to_estimate(times, n, key.share()), all_fitted ? Grade::Fitted : Grade::Assumed, "between fitted mixes", false};
}

UnitModel::Answer UnitModel::from_pure_loops(const SweepKey& key, const LoopPoint& point) const {
  const double n = point.num_in_flight;
  const SweepKey read_key = pure_key(key, true);
  const SweepKey write_key = pure_key(key, false);
  const Answer reads = answer(read_key, point);
  const Answer writes = answer(write_key, point);
  const double fraction = key.read_percent / 100.0;
  const bool read_half = key.part == "read" || (key.part == "all" && fraction >= 0.5);
  const MixTimes low{0.0, read_half ? 0.0 : 1.0, to_times(writes.loop, n, 1.0)};
  const MixTimes high{1.0, read_half ? 1.0 : 0.0, to_times(reads.loop, n, 1.0)};
  LoopTimes times = between_mixes(low, high, fraction, read_half ? fraction : 1.0 - fraction);
  times.latency_us = times.loop_us;
  if (key.part != "all") {
    const auto found = sweeps_.find(read_key);
    const DepthCurve& curve = (found != sweeps_.end() ? found->second : of_class_at(read_key)).curve.curve;
    const bool one_queue = drive_class_ != "nvme" && drive_class_ != "optane";
    const PureLoops pure{answer(read_key, {}).loop.latency_us.value, answer(write_key, {}).loop.latency_us.value,
                         one_queue ? 1.0 : loop_rate(curve, point).saturation};
    const HalfLatencies half = half_latencies(pure, times.loop_us, fraction);
    times.latency_us = read_half ? half.read_us : half.write_us;
    times.latency_width = std::hypot(times.latency_width, kWidthOfHalf);
    for (double& width : times.quantile_width) width = std::hypot(width, kWidthOfHalf);
  }
  const bool fitted = reads.grade == Grade::Fitted && writes.grade == Grade::Fitted;
  return {to_estimate(times, n, key.share()), fitted ? Grade::Fitted : expected_.grade(),
          fitted ? "from reads and writes alone" : expected_.note(), reads.tail_of_class || writes.tail_of_class};
}

}  // namespace labtwin::calibration
