#include "models/calibration/fio_model.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "models/calibration/class_prior_fit.hpp"
#include "models/calibration/median.hpp"

namespace labtwin::calibration {
namespace {

double run_scatter(const std::vector<LoopResidual>& residuals) {
  std::map<std::pair<double, double>, std::vector<double>> runs;
  for (const LoopResidual& r : residuals) runs[{r.point.num_in_flight, r.point.num_jobs}].push_back(r.log_residual);
  std::vector<double> departures;
  for (const auto& [loop, of_loop] : runs) {
    if (of_loop.size() < 2) continue;
    const double middle = median(of_loop);
    for (double log_residual : of_loop) departures.push_back(log_residual - middle);
  }
  return quantile90(std::move(departures)).value_or(0.0);
}

Departure tail_departure(std::span<const TailMeasurement> measurements, const TailCoefficients& coefficients) {
  std::vector<LoopResidual> residuals;
  for (const TailMeasurement& m : measurements) {
    residuals.push_back({{.num_in_flight = m.point.num_in_flight}, m.log_ratio - log_tail_ratio(coefficients, m.point)});
  }
  return Departure(residuals);
}

}  // namespace

SweepModel of_class(const ClassPrior& prior, const CurvePrior& curve) {
  SweepModel model;
  model.curve = unmeasured(curve);
  model.overhead = prior.overhead;
  model.tail = prior.tail;
  model.discrepancy = prior.discrepancy;
  return model;
}

LoopEstimate estimate(const SweepModel& model, const SweepKey& key, const LoopPoint& point) {
  const LoopRate rate = loop_rate(model.curve.curve, point);
  const auto where = static_cast<std::size_t>(regime(rate.saturation));
  const Departure::Value departure = model.departure.at(point);
  const double iops_width = std::hypot(kNormal90 * model.curve.log_sigma(point), model.run_scatter,
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
  model.run_scatter = run_scatter(residuals);
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

}  // namespace labtwin::calibration
