#include "models/calibration/class_prior_fit.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "models/calibration/fio_model.hpp"
#include "models/calibration/median.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::size_t kMinDevices = 3;
constexpr double kDatasheetBlock = 4096.0;

struct Sweep {
  std::string device;
  SweepKey key;
  std::vector<const FioRow*> rows;
  SweepModel model;
};

using ClassKey = std::pair<std::string, std::string>;

// A device counts once per block size however many series it has.
std::map<std::pair<std::string, double>, std::vector<double>> by_device_and_block(const std::vector<Sweep>& sweeps,
                                                                                  std::size_t parameter) {
  std::map<std::pair<std::string, double>, std::vector<double>> values;
  for (const Sweep& sweep : sweeps) {
    values[{sweep.device, sweep.key.block_bytes}].push_back(sweep.model.curve.parameters[parameter]);
  }
  return values;
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// The two parameters of a line over block sizes.
struct Surface {
  Prior small_blocks;
  Prior large_blocks;
};

struct DeviceMean {
  std::string device;
  double block_bytes = 0.0;
  double log_value = 0.0;
  bool is_measured = true;  ///< else promised by a datasheet
};

template <class Predict>
std::array<double, 2> fit_line(const std::vector<DeviceMean>& means, const Surface& start, const Predict& predict) {
  std::vector<double> observations;
  for (const DeviceMean& m : means) observations.push_back(m.log_value);
  const std::array<Prior, 2> priors = {{{start.small_blocks.mean, 1.0}, {start.large_blocks.mean, 0.5}}};
  const std::vector<double> at = {start.small_blocks.mean, start.large_blocks.mean};
  const LeastSquaresProblem problem{.predict =
                                        [&](std::span<const double> p, std::span<double> out) {
                                          for (std::size_t i = 0; i < means.size(); ++i)
                                            out[i] = predict(means[i].block_bytes, p[0], p[1]);
                                        },
                                    .observations = observations,
                                    .noise_sigma = 0.4,
                                    .priors = priors};
  const LeastSquaresFit fit = fit_least_squares(problem, std::span<const double>(at));
  return {fit.parameters[0], fit.parameters[1]};
}

// How far a measured device lies from the line through all others, root mean square.
template <class Predict>
double spread_over_devices(const std::vector<DeviceMean>& means, const Surface& start, const Predict& predict) {
  std::set<std::string> devices;
  for (const DeviceMean& m : means) {
    if (m.is_measured) devices.insert(m.device);
  }
  double squares = 0.0;
  for (const std::string& device : devices) {
    std::vector<DeviceMean> others;
    std::vector<double> residuals;
    std::copy_if(means.begin(), means.end(), std::back_inserter(others), [&](const auto& m) { return m.device != device; });
    const std::array<double, 2> line = fit_line(others, start, predict);
    for (const DeviceMean& m : means) {
      if (m.device == device) residuals.push_back(m.log_value - predict(m.block_bytes, line[0], line[1]));
    }
    squares += mean(residuals) * mean(residuals);
  }
  const auto n = static_cast<double>(devices.size());
  // Of few devices the spread itself is uncertain: Student's t over the normal at 95 %, to 3 %.
  return std::sqrt(squares / n) * (1.0 + 1.5 / (n - 1.0));
}

std::vector<DeviceMean> device_means(const std::vector<Sweep>& sweeps, std::size_t parameter) {
  std::vector<DeviceMean> means;
  for (const auto& [place, values] : by_device_and_block(sweeps, parameter)) {
    means.push_back({place.first, place.second, mean(values)});
  }
  return means;
}

template <class Predict>
Surface fit_surface(const std::vector<DeviceMean>& means, const Surface& start, const Predict& predict) {
  const std::array<double, 2> line = fit_line(means, start, predict);
  return {{line[0], std::max(spread_over_devices(means, start, predict), 0.2)}, {line[1], start.large_blocks.sigma}};
}

void fit_location(const std::vector<Sweep>& sweeps, const std::vector<DatasheetRate>& datasheets, ClassPrior& prior) {
  std::vector<DeviceMean> floors = device_means(sweeps, 0);
  if (prior.drive_class == "hdd" && prior.operation == "randread") {
    for (DeviceMean& m : floors) m.log_value -= log_access_time(m.device);
  }
  const Surface floor =
      fit_surface(floors, {prior.log_floor_s, prior.log_stream_bytes_per_s},
                  [](double block, double a, double b) { return std::log(std::exp(a) + block / std::exp(b)); });
  prior.log_floor_s = floor.small_blocks;
  prior.log_stream_bytes_per_s = floor.large_blocks;
  std::vector<DeviceMean> rates = device_means(sweeps, 1);
  for (const DatasheetRate& sheet : datasheets) {
    if (sheet.drive_class != prior.drive_class || sheet.operation != prior.operation) continue;
    rates.push_back({sheet.part, kDatasheetBlock, std::log(sheet.iops.value()), false});
  }
  const Surface rate = fit_surface(rates, {prior.log_iops, prior.log_bytes_per_s}, [](double block, double a, double b) {
    return -std::log(std::max(std::exp(-a), block / std::exp(b)));
  });
  // A prior that is narrower than a factor of two would fight with drives of several disks.
  prior.log_iops = {rate.small_blocks.mean, std::max(rate.small_blocks.sigma, 0.5)};
  prior.log_bytes_per_s = rate.large_blocks;
}

double measured_excess(const FioRow& row, std::size_t q, const SweepModel& model) {
  return tail_excess(Seconds::from_base(*row.quantile_us[q] * 1e-6),
                     {Seconds::from_base(*row.latency_us * 1e-6), floor_at(model, tail_point(model, row.point))});
}

// Medians over sweeps, each drawn towards the class before: one sweep of many rows counts as one, an odd one hardly.
void fit_scatter(const std::vector<Sweep>& sweeps, ClassPrior& prior) {
  std::vector<double> lost;
  std::vector<double> turnaround;
  for (const Sweep& sweep : sweeps) {
    lost.push_back(sweep.model.overhead.lost_fraction);
    turnaround.push_back(sweep.model.overhead.turnaround.value());
  }
  prior.overhead = {median(lost), Seconds::from_base(median(turnaround))};
}

std::vector<DeviceTail> device_tails(const std::vector<Sweep>& sweeps, std::size_t q) {
  std::vector<DeviceTail> tails;
  for (const Sweep& sweep : sweeps) {
    for (const FioRow* row : sweep.rows) {
      if (!row->quantile_us[q] || !row->latency_us || !row->queue_was_full()) continue;
      tails.push_back({sweep.device, tail_point(sweep.model, row->point), measured_excess(*row, q, sweep.model)});
    }
  }
  return tails;
}

// Classes of which no quantile was measured have the tails of all.
void fit_tails(const std::map<ClassKey, std::vector<Sweep>>& sweeps, std::vector<ClassPrior>& priors) {
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    std::map<std::string, std::vector<DeviceTail>> by_class;
    for (const auto& [key, of_class] : sweeps) {
      std::vector<DeviceTail> tails = device_tails(of_class, q);
      if (!tails.empty()) by_class[key.first + " " + key.second] = std::move(tails);
    }
    if (by_class.empty()) continue;
    const std::map<std::string, ClassTail> fitted = fit_class_tails(by_class);
    for (ClassPrior& prior : priors) {
      const auto found = fitted.find(prior.drive_class + " " + prior.operation);
      prior.tail[q] = found != fitted.end() ? found->second : fitted.at(kAllClasses);
    }
  }
}

// What the parameters' covariance (or another part of the interval) leaves to the law: the discrepancy with which the interval
// would just have covered this residual.
double left_to_law(double log_residual, double explained_half_width, double unknown_share) {
  const double rest = log_residual * log_residual - explained_half_width * explained_half_width;
  return std::sqrt(std::max(0.0, rest) / unknown_share);
}

struct LeftOut {
  std::array<std::vector<double>, kNumRegimes> rates;
  std::array<std::vector<double>, kNumQuantiles> tails;
};

void add_left_out(const SweepModel& model, const SweepKey& key, const FioRow& row, LeftOut& result) {
  const LoopEstimate loop = estimate(model, key, row.point);
  const auto where = static_cast<std::size_t>(regime(loop_rate(model.curve.curve, row.point).saturation));
  if (row.iops) {
    const double unknown = model.departure.at(row.point).unknown_share;
    result.rates[where].push_back(left_to_law(std::log(loop.iops.value / *row.iops),
                                              std::hypot(kNormal90 * model.curve.log_sigma(row.point), model.run_scatter),
                                              unknown));
  }
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    if (!row.quantile_us[q] || !row.latency_us || !model.tail[q].measured()) continue;
    const TailProcess::Value known = model.tail[q].at(tail_point(model, row.point));
    result.tails[q].push_back((known.excess - measured_excess(row, q, model)) / std::sqrt(known.variance));
  }
}

// Every depth of a sweep but the first is left out in turn and predicted from the others: between them, and beyond the deepest.
void fit_discrepancy(const std::vector<Sweep>& sweeps, const ClassPriors& start, ClassPrior& prior) {
  LeftOut left_out;
  for (const Sweep& sweep : sweeps) {
    std::set<double> depths;
    for (const FioRow* row : sweep.rows) depths.insert(row->point.num_in_flight);
    if (depths.size() < 4) continue;
    for (auto depth = std::next(depths.begin()); depth != depths.end(); ++depth) {
      std::vector<const FioRow*> others;
      for (const FioRow* row : sweep.rows) {
        if (row->point.num_in_flight != *depth) others.push_back(row);
      }
      const SweepModel model = fit_sweep(others, sweep.key, prior, start.log_host_iops(sweep.rows.front()->io_engine));
      for (const FioRow* row : sweep.rows) {
        if (row->point.num_in_flight == *depth) add_left_out(model, sweep.key, *row, left_out);
      }
    }
  }
  for (std::size_t i = 0; i < kNumRegimes; ++i) {
    if (const auto q90 = quantile90(left_out.rates[i])) prior.discrepancy.log_iops[i] = *q90;
  }
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    if (const auto q90 = quantile90(left_out.tails[q])) prior.discrepancy.tail[q] = *q90;
  }
}

std::map<ClassKey, std::vector<Sweep>> fit_sweeps(const std::vector<FioRow>& rows, const ClassPriors& priors) {
  std::map<std::pair<std::string, SweepKey>, std::vector<const FioRow*>> groups;
  for (const FioRow& row : rows) {
    if (row.split == Split::Fit && row.problem.empty() && row.iops && row.queue_was_full() && !row.sweep.is_mix()) {
      groups[{row.unit, row.sweep}].push_back(&row);
    }
  }
  std::map<ClassKey, std::vector<Sweep>> sweeps;
  for (const auto& [place, members] : groups) {
    const FioRow& first = *members.front();
    const ClassPrior prior = priors.find(first.drive_class, place.second.operation);
    sweeps[{first.drive_class, place.second.operation}].push_back(
        {first.device, place.second, members, fit_sweep(members, place.second, prior, priors.log_host_iops(first.io_engine))});
  }
  return sweeps;
}

}  // namespace

std::optional<double> quantile90(std::vector<double> values) {
  if (values.size() < 5) return std::nullopt;
  for (double& value : values) value = std::abs(value);
  std::sort(values.begin(), values.end());
  // One more row than were seen must lie below it: the ceil(0.9 (n + 1))-th.
  const std::size_t rank = (9 * (values.size() + 1) + 9) / 10;
  return std::max(values[std::min(values.size(), rank) - 1], 0.005);
}

ClassPriors fit_class_locations(const std::vector<FioRow>& rows, const ClassPriors& start,
                                const std::vector<DatasheetRate>& datasheets) {
  std::vector<ClassPrior> priors = start.priors();
  const std::map<ClassKey, std::vector<Sweep>> sweeps = fit_sweeps(rows, start);
  fit_tails(sweeps, priors);
  for (ClassPrior& prior : priors) {
    const auto found = sweeps.find({prior.drive_class, prior.operation});
    if (found == sweeps.end()) continue;
    std::set<std::string> devices;
    for (const Sweep& sweep : found->second) devices.insert(sweep.device);
    prior.num_devices = devices.size();
    if (devices.size() >= kMinDevices) fit_location(found->second, datasheets, prior);
    fit_scatter(found->second, prior);
  }
  return {std::move(priors), start.engines()};
}

ClassPriors fit_class_priors(const std::vector<FioRow>& rows, const ClassPriors& start,
                             const std::vector<DatasheetRate>& datasheets) {
  std::vector<ClassPrior> priors = fit_class_locations(rows, start, datasheets).priors();
  const std::map<ClassKey, std::vector<Sweep>> sweeps = fit_sweeps(rows, start);
  for (ClassPrior& prior : priors) {
    const auto found = sweeps.find({prior.drive_class, prior.operation});
    if (found != sweeps.end()) fit_discrepancy(found->second, start, prior);
  }
  return {std::move(priors), start.engines()};
}

}  // namespace labtwin::calibration
