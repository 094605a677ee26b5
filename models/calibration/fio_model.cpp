#include "models/calibration/fio_model.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::calibration {
namespace {

// A state between two fitted ones: `fraction` of the way from a to b, with `extra` variance for the way.
SweepModel blend(const SweepModel& a, const SweepModel& b, double fraction, double extra_variance) {
  SweepModel mid = a;
  const auto mix = [&](double x, double y) { return x + fraction * (y - x); };
  for (std::size_t i = 0; i < kNumCurveParameters; ++i)
    mid.curve.parameters[i] = mix(a.curve.parameters[i], b.curve.parameters[i]);
  for (std::size_t i = 0; i < mid.curve.covariance.size(); ++i) {
    mid.curve.covariance[i] = mix(a.curve.covariance[i], b.curve.covariance[i]);
  }
  for (std::size_t i : {0U, 1U}) mid.curve.covariance[i * kNumCurveParameters + i] += extra_variance;
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    for (std::size_t i = 0; i < kNumTailCoefficients; ++i) mid.tail[q][i] = mix(a.tail[q][i], b.tail[q][i]);
  }
  for (std::size_t i = 0; i < kNumTailCoefficients; ++i) mid.part_latency[i] = mix(a.part_latency[i], b.part_latency[i]);
  mid.overhead.lost_fraction = mix(a.overhead.lost_fraction, b.overhead.lost_fraction);
  mid.overhead.turnaround = a.overhead.turnaround + fraction * (b.overhead.turnaround - a.overhead.turnaround);
  mid.departure = {};
  mid.tail_departure = {};
  mid.num_fit_rows = 0;
  return mid;
}

Departure tail_departure(std::span<const TailMeasurement> measurements, const TailCoefficients& coefficients) {
  std::vector<LoopResidual> residuals;
  for (const TailMeasurement& m : measurements) {
    residuals.push_back({{.num_in_flight = m.point.num_in_flight}, m.log_ratio - log_tail_ratio(coefficients, m.point)});
  }
  return Departure(residuals);
}

SweepModel of_class(const ClassPrior& prior, const CurvePrior& curve) {
  SweepModel model;
  model.curve = unmeasured(curve);
  model.overhead = prior.overhead;
  model.tail = prior.tail;
  model.discrepancy = prior.discrepancy;
  return model;
}

}  // namespace

LoopEstimate estimate(const SweepModel& model, const SweepKey& key, const LoopPoint& point) {
  const LoopRate rate = loop_rate(model.curve.curve, point);
  const auto where = static_cast<std::size_t>(regime(rate.saturation));
  const Departure::Value departure = model.departure.at(point);
  const double iops_width = std::hypot(kNormal90 * model.curve.log_sigma(point),
                                       model.discrepancy.log_iops[where] * std::sqrt(departure.unknown_share));
  const PerSecond iops = rate.iops * std::exp(departure.mean);
  const Seconds loop_time = point.num_in_flight / iops;
  // The drift belongs to the depth of one queue: further jobs add queues, not depth.
  const double depth = std::min(point.num_in_flight, std::max(model.deepest, point.num_in_flight / point.num_jobs));
  const TailPoint tail_point{rate.saturation, depth};
  double latency_us = reported_latency(model.overhead, loop_time).value() * 1e6;
  double latency_width = iops_width;
  if (key.share() < 1.0) {
    latency_us = loop_time.value() * 1e6 * std::exp(log_tail_ratio(model.part_latency, tail_point));
    latency_width = std::hypot(iops_width, model.discrepancy.log_tail.front());
  }
  LoopEstimate result;
  result.iops = log_interval(iops.value() * key.share(), iops_width);
  result.latency_us = log_interval(latency_us, latency_width);
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    const Departure::Value tail_departure = model.tail_departure[q].at({.num_in_flight = depth, .num_jobs = point.num_jobs});
    const double value = latency_us * std::exp(log_tail_ratio(model.tail[q], tail_point) + tail_departure.mean);
    const double tail_width = model.discrepancy.log_tail[q] * std::sqrt(tail_departure.unknown_share);
    result.quantile_us[q] = log_interval(value, std::hypot(latency_width, tail_width));
  }
  return result;
}

SweepModel fit_sweep(const std::vector<const FioRow*>& fit_rows, const SweepKey& key, const ClassPrior& prior,
                     const Prior& log_host_iops) {
  const double num_drives = fit_rows.empty() ? 1.0 : fit_rows.front()->num_drives;
  const CurvePrior curve_prior = prior.at(Bytes::from_base(key.block_bytes), log_host_iops, num_drives);
  SweepModel model = of_class(prior, curve_prior);
  std::vector<LoopMeasurement> loops;
  for (const FioRow* row : fit_rows) {
    if (row->iops && row->queue_was_full()) loops.push_back({row->point, PerSecond::from_base(*row->iops / key.share())});
  }
  model.num_fit_rows = loops.size();
  model.curve = fit_curve(loops, curve_prior);
  std::vector<LoopResidual> residuals;
  for (const LoopMeasurement& m : loops) {
    residuals.push_back({m.point, std::log(m.iops / loop_rate(model.curve.curve, m.point).iops)});
  }
  model.departure = Departure(residuals);
  std::vector<OverheadMeasurement> overheads;
  std::vector<TailMeasurement> part_latencies;
  std::array<std::vector<TailMeasurement>, kNumQuantiles> tails;
  for (const FioRow* row : fit_rows) {
    if (!row->latency_us || !row->queue_was_full()) continue;
    const LoopRate rate = loop_rate(model.curve.curve, row->point);
    const TailPoint at{rate.saturation, row->point.num_in_flight};
    if (row->iops) {
      const double loop_s = row->point.num_in_flight * key.share() / *row->iops;
      overheads.push_back({Seconds::from_base(loop_s), Seconds::from_base(*row->latency_us * 1e-6)});
      part_latencies.push_back({at, std::log(*row->latency_us * 1e-6 / loop_s)});
    }
    for (std::size_t q = 0; q < kNumQuantiles; ++q) {
      if (row->quantile_us[q]) tails[q].push_back({at, std::log(*row->quantile_us[q] / *row->latency_us)});
    }
  }
  if (key.share() < 1.0) {
    model.part_latency = fit_tail(part_latencies, {});
  } else {
    model.overhead = fit_overhead(overheads, prior.overhead);
  }
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    model.tail[q] = fit_tail(tails[q], prior.tail[q]);
    model.tail_departure[q] = tail_departure(tails[q], model.tail[q]);
  }
  model.num_tail_rows = tails[2].size();
  model.deepest = 1.0;
  for (const FioRow* row : fit_rows) model.deepest = std::max(model.deepest, row->point.num_in_flight);
  return model;
}

UnitModel::UnitModel(const std::vector<const FioRow*>& rows, const ClassPriors& priors) : priors_(priors) {
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
    const ClassPrior prior = priors.find(drive_class_, key.pure_operation());
    sweeps_.emplace(key, fit_sweep(sweep_rows, key, prior, priors.log_host_iops(io_engine_)));
  }
}

CurvePrior UnitModel::prior_of(const SweepKey& key) const {
  return priors_.find(drive_class_, key.pure_operation())
      .at(Bytes::from_base(key.block_bytes), priors_.log_host_iops(io_engine_), num_drives_);
}

UnitModel::Answer UnitModel::model(const SweepKey& key) const {
  if (const auto found = sweeps_.find(key); found != sweeps_.end()) return {found->second, Grade::Fitted, {}};
  if (auto answer = between_blocks(key)) return *std::move(answer);
  if (auto answer = between_mixes(key)) return *std::move(answer);
  const ClassPrior prior = priors_.find(drive_class_, key.pure_operation());
  return {of_class(prior, prior_of(key)), Grade::Assumed, "prior of the drive's class: this drive was not measured"};
}

// The departures of the neighbours from their class prior, carried over to the block size in between by its logarithm.
std::optional<UnitModel::Answer> UnitModel::between_blocks(const SweepKey& key) const {
  const std::pair<const SweepKey, SweepModel>* below = nullptr;
  const std::pair<const SweepKey, SweepModel>* above = nullptr;
  for (const auto& sweep : sweeps_) {
    SweepKey same_block = sweep.first;
    same_block.block_bytes = key.block_bytes;
    if (same_block != key) continue;
    if (sweep.first.block_bytes < key.block_bytes) below = &sweep;
    if (sweep.first.block_bytes > key.block_bytes && above == nullptr) above = &sweep;
  }
  if (below == nullptr && above == nullptr) return std::nullopt;
  const auto& low = below != nullptr ? *below : *above;
  const auto& high = above != nullptr ? *above : *below;
  const double span = std::log(high.first.block_bytes / low.first.block_bytes);
  const double way = std::log(key.block_bytes / low.first.block_bytes);
  const double fraction = span > 0.0 ? way / span : 0.0;
  const double octaves = std::min(std::abs(way), std::abs(way - span)) / std::log(2.0);
  SweepModel model = blend(low.second, high.second, fraction, 0.01 * octaves);
  const CurvePrior here = prior_of(key);
  const CurvePrior at_low = prior_of(low.first);
  const CurvePrior at_high = prior_of(high.first);
  CurveFit& curve = model.curve;
  for (std::size_t i = 0; i < kNumCurveParameters; ++i) {
    const double prior_between =
        at_low.parameters[i].mean + fraction * (at_high.parameters[i].mean - at_low.parameters[i].mean);
    curve.parameters[i] += here.parameters[i].mean - prior_between;
  }
  curve = with_parameters(curve);
  return Answer{std::move(model), Grade::Fitted, "between fitted block sizes"};
}

std::optional<UnitModel::Answer> UnitModel::between_mixes(const SweepKey& key) const {
  if (!key.is_mix()) return std::nullopt;
  // A mix of 100 % reads is the pure operation.
  const std::pair<const SweepKey, SweepModel>* below = nullptr;
  const std::pair<const SweepKey, SweepModel>* above = nullptr;
  const bool random = key.operation == "randrw";
  for (const auto& sweep : sweeps_) {
    const SweepKey& other = sweep.first;
    const bool related = other.is_mix() ? other.operation == key.operation && other.part == key.part
                                        : (other.operation.starts_with("rand") == random);
    if (!related || other.block_bytes != key.block_bytes) continue;
    if (other.read_percent <= key.read_percent && (below == nullptr || other.read_percent > below->first.read_percent))
      below = &sweep;
    if (other.read_percent > key.read_percent && (above == nullptr || other.read_percent < above->first.read_percent))
      above = &sweep;
  }
  if (below == nullptr && above == nullptr) return std::nullopt;
  const auto& low = below != nullptr ? *below : *above;
  const auto& high = above != nullptr ? *above : *below;
  const double span = high.first.read_percent - low.first.read_percent;
  const double fraction = span > 0.0 ? (key.read_percent - low.first.read_percent) / span : 0.0;
  SweepModel model = blend(low.second, high.second, fraction, 0.04);
  // Each I/O takes its own time, so the mean times mix, not the rates: latency floor and time per I/O at saturation.
  auto& parameters = model.curve.parameters;
  const auto mean_time = [&](double log_low, double log_high) {
    return std::log(std::exp(log_low) + fraction * (std::exp(log_high) - std::exp(log_low)));
  };
  const auto& at_low = low.second.curve.parameters;
  const auto& at_high = high.second.curve.parameters;
  parameters[0] = mean_time(at_low[0], at_high[0]);
  parameters[1] = -mean_time(-at_low[1], -at_high[1]);
  model.curve = with_parameters(model.curve);
  return Answer{std::move(model), Grade::Fitted, "between fitted mixes"};
}

}  // namespace labtwin::calibration
