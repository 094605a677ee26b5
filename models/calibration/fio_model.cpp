#include "models/calibration/fio_model.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
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

// Of the log latency of one half of a mix over that of the loop, from run to run.
constexpr double kHalfScatter = 0.05;

// How far the logs of the rates of two runs of one loop in the same state may lie apart.
constexpr double kOneState = 0.25;

// Least half-width of the 90 % interval of the log rate of a number of jobs that was not measured: one job does not tell what
// its core, the path or the drive holds back. Of the fit rows of random reads of 2 to 64 jobs on a Samsung 860 PRO, predicted
// from one job, nine in ten are within it; it does not grow with the jobs.
constexpr double kWidthOfOtherJobs = 0.2;

// The loop that a tail is taken from.
LoopPoint one_queue(const TailPoint& tail) {
  return {.num_in_flight = tail.num_in_flight, .num_jobs = tail.num_jobs};
}

struct Excess {
  double value = 0.0;
  double half_width = 0.0;  // of the 90 % interval
};

Excess excess_at(const SweepModel& model, std::size_t q, const TailPoint& point) {
  if (!model.tail[q].measured()) {
    return {class_excess(model.class_tail[q].coefficients, point), model.class_tail[q].spread};
  }
  const TailProcess::Value value = model.tail[q].at(point);
  return {value.excess, model.discrepancy.tail[q] * std::sqrt(value.variance)};
}

// Of several runs of one loop those that ran in the state of the one in the middle, the faster of two: what a drive with its
// write cache off or its spare blocks spent takes says nothing of this state's latencies.
std::vector<const FioRow*> in_one_state(const std::vector<const FioRow*>& fit_rows) {
  std::map<std::pair<double, double>, std::vector<const FioRow*>> runs;
  for (const FioRow* row : fit_rows) runs[{row->point.num_in_flight, row->point.num_jobs}].push_back(row);
  std::vector<const FioRow*> chosen;
  for (auto& [loop, of_loop] : runs) {
    std::stable_sort(of_loop.begin(), of_loop.end(), [](const auto* a, const auto* b) { return a->iops > b->iops; });
    const double middle = of_loop[(of_loop.size() - 1) / 2]->iops.value_or(0.0);
    std::copy_if(of_loop.begin(), of_loop.end(), std::back_inserter(chosen),
                 [&](const FioRow* row) { return !row->iops || std::abs(std::log(*row->iops / middle)) < kOneState; });
  }
  return chosen;
}

// Overhead, halves of mixes and tails of a sweep whose curve is known.
void fit_latencies(const std::vector<const FioRow*>& all_rows, const SweepKey& key, const ClassPrior& prior,
                   SweepModel& model) {
  std::vector<OverheadMeasurement> overheads;
  std::vector<TailMeasurement> halves;
  std::array<std::vector<TailMeasurement>, kNumQuantiles> tails;
  const std::vector<const FioRow*> fit_rows = in_one_state(all_rows);
  for (const FioRow* row : fit_rows) {
    if (!row->latency_us || !row->queue_was_full()) continue;
    const TailPoint at = tail_point(model, row->point);
    const Seconds latency = Seconds::from_base(*row->latency_us * 1e-6);
    if (row->iops) {
      const Seconds loop_time = Seconds::from_base(row->point.num_in_flight * key.share() / *row->iops);
      overheads.push_back({loop_time, latency});
      halves.push_back({at, std::log(latency / loop_time), kHalfScatter});
    }
    for (std::size_t q = 0; q < kNumQuantiles; ++q) {
      if (!row->quantile_us[q]) continue;
      tails[q].push_back(measure_tail(at, Seconds::from_base(*row->quantile_us[q] * 1e-6), {latency, floor_at(model, at)}));
    }
  }
  if (key.share() < 1.0) {
    model.half_latency = TailProcess(halves, {});
  } else {
    model.overhead = fit_overhead(overheads, prior.overhead);
  }
  for (std::size_t q = 0; q < kNumQuantiles; ++q) model.tail[q] = TailProcess(tails[q], prior.tail[q].coefficients);
}

}  // namespace

SweepModel of_class(const ClassPrior& prior, const CurvePrior& curve) {
  SweepModel model;
  model.curve = unmeasured(curve);
  model.overhead = prior.overhead;
  model.class_tail = prior.tail;
  model.discrepancy = prior.discrepancy;
  return model;
}

LoopEstimate estimate(const SweepModel& model, const SweepKey& key, const LoopPoint& point) {
  const LoopRate rate = loop_rate(model.curve.curve, point);
  const auto where = static_cast<std::size_t>(regime(rate.saturation));
  const Departure::Value departure = model.departure.at(point);
  const double of_law = std::max(model.discrepancy.log_iops[where] * std::sqrt(departure.unknown_share),
                                 departure.of_other_jobs ? kWidthOfOtherJobs : 0.0);
  const double iops_width = std::hypot(kNormal90 * model.curve.log_sigma(point), model.run_scatter, of_law);
  const PerSecond iops = rate.iops * std::exp(departure.mean);
  const Seconds loop_time = point.num_in_flight / iops;
  const TailPoint where_in_tail = tail_point(model, point);
  Seconds latency = reported_latency(model.overhead, loop_time);
  double latency_width = iops_width;
  if (key.share() < 1.0) {
    const TailProcess::Value half = model.half_latency.at(where_in_tail);
    latency = loop_time * std::exp(half.excess);
    latency_width = std::hypot(iops_width, kNormal90 * std::sqrt(half.variance));
  }
  LoopEstimate result;
  result.iops = log_interval(iops.value() * key.share(), iops_width);
  result.latency_us = log_interval(latency.value() * 1e6, latency_width);
  const double stretch = point.num_in_flight / where_in_tail.num_in_flight *
                         (loop_rate(model.curve.curve, one_queue(where_in_tail)).iops / rate.iops);
  const TailScale scale{latency / stretch, floor_at(model, where_in_tail)};
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    const Excess excess = excess_at(model, q, where_in_tail);
    const double tail_width = log_half_width(excess.value, excess.half_width, scale);
    result.quantile_us[q] =
        log_interval(quantile_at(excess.value, scale).value() * stretch * 1e6, std::hypot(latency_width, tail_width));
  }
  return result;
}

Seconds floor_at(const SweepModel& model, const TailPoint& point) {
  return loop_rate(model.curve.curve, one_queue(point)).unsaturated_latency;
}

TailPoint tail_point(const SweepModel& model, const LoopPoint& point) {
  const double depth = std::min(point.num_in_flight, std::max(model.deepest, point.num_in_flight / point.num_jobs));
  TailPoint result{.num_in_flight = depth, .num_jobs = point.num_jobs, .slowdown = 1.0};
  const Seconds loop_time = depth / loop_rate(model.curve.curve, one_queue(result)).iops;
  result.slowdown = std::max(1.0, loop_time / floor_at(model, result));
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
  model.deepest = 1.0;
  for (const FioRow* row : fit_rows) model.deepest = std::max(model.deepest, row->point.num_in_flight);
  fit_latencies(fit_rows, key, prior, model);
  return model;
}

}  // namespace labtwin::calibration
