#include "models/calibration/drive_entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>

#include "models/base/error.hpp"
#include "models/calibration/unit_model.hpp"
#include "models/storage/ncq_power.hpp"
#include "models/storage/queue_depth_curve.hpp"

namespace labtwin::calibration {
namespace {

struct ClassName {
  const char* operation;
  const char* key;
};
constexpr std::array<ClassName, 4> kClasses = {
    {{"randread", "random_read"}, {"randwrite", "random_write"}, {"read", "sequential_read"}, {"write", "sequential_write"}}};
constexpr double kBinding = 1.0;  // of a logarithm: how far below its prior a limit surely binds
constexpr std::array<double, 3> kTailDepths = {1.0, 16.0, 256.0};

using SweepList = std::vector<std::pair<SweepKey, SweepModel>>;

/// Parameters of one class of the entry and their relative standard deviations.
struct EntryClass {
  double floor_s = 0.0;
  double stream = 0.0;
  double iops = 0.0;
  double bandwidth = 0.0;
  double knee = 2.0;
  double exponent = 1.0;
  double sigma_floor = 0.0;
  double sigma_iops = 0.0;
  double discrepancy = 0.0;
  std::size_t num_rows = 0;
  bool fitted = false;
  std::vector<std::array<double, kNumQuantiles + 1>> tail;  // utilization, ratios
};

// The two limits of a curve, drive and host, seen as one.
double saturated_iops(const DepthCurve& curve) {
  return loop_rate(curve, {.num_in_flight = 4096.0, .num_jobs = 1.0}).iops.value();
}

// The one knee that stands for both: the least squares of log X over depths 1 to 256.
double effective_knee(const DepthCurve& curve) {
  const double floor = 1.0 / loop_rate(curve, {}).iops.value();
  const double iops = saturated_iops(curve);
  double best_knee = 1.0;
  double best = 1e300;
  for (double knee = 1.0; knee <= 16.0; knee *= 1.05) {
    double squares = 0.0;
    for (double depth = 1.0; depth <= 256.0; depth *= 2.0) {
      const double one = std::pow(std::pow(floor / depth, knee) + std::pow(1.0 / iops, knee), -1.0 / knee);
      const double error = std::log(one / loop_rate(curve, {.num_in_flight = depth, .num_jobs = 1.0}).iops.value());
      squares += error * error;
    }
    if (squares < best) {
      best = squares;
      best_knee = knee;
    }
  }
  return best_knee;
}

// A loop whose rate grows with depth itself is one that the drive's cache serves: nothing is reordered there.
double ncq_exponent(double depth_exponent) {
  return depth_exponent > 0.5 ? 0.0 : std::max(0.0, depth_exponent);
}

// a and b of log(a + block b) by least squares over the sweeps, drawn towards the class.
std::array<double, 2> fit_two(const SweepList& sweeps, const std::array<Prior, 2>& priors,
                              const std::function<double(const SweepModel&)>& observe,
                              const std::function<double(double, double, double)>& predict) {
  std::vector<double> observations;
  for (const auto& sweep : sweeps) observations.push_back(observe(sweep.second));
  const LeastSquaresProblem problem{.predict =
                                        [&](std::span<const double> p, std::span<double> out) {
                                          for (std::size_t i = 0; i < sweeps.size(); ++i) {
                                            out[i] = predict(sweeps[i].first.block_bytes, p[0], p[1]);
                                          }
                                        },
                                    .observations = observations,
                                    .noise_sigma = 0.05,
                                    .priors = priors};
  // Of two limits the one that does not bind has no slope: each gets a start where it does.
  LeastSquaresFit best;
  best.cost = std::numeric_limits<double>::infinity();
  for (const std::array<double, 2>& shift : {std::array{0.0, 0.0}, std::array{-kBinding, 0.0}, std::array{0.0, -kBinding}}) {
    const std::array<double, 2> start = {priors[0].mean + shift[0], priors[1].mean + shift[1]};
    LeastSquaresFit fit = fit_least_squares(problem, std::span<const double>(start));
    if (fit.cost < best.cost) best = std::move(fit);
  }
  return {best.parameters[0], best.parameters[1]};
}

// A quantile over the mean.
double quantile_ratio(const SweepModel& model, std::size_t q, const LoopPoint& point) {
  const DepthCurve& curve = model.curve.curve;
  const TailPoint at = tail_point(model, point);
  const TailScale scale{point.num_in_flight / loop_rate(curve, point).iops, floor_at(model, at)};
  const double excess =
      model.tail[q].measured() ? model.tail[q].at(at).excess : class_excess(model.class_tail[q].coefficients, at);
  return quantile_at(excess, scale) / scale.mean;
}

void add_tail(const SweepModel& model, EntryClass& result) {
  for (double depth : kTailDepths) {
    const LoopRate rate = loop_rate(model.curve.curve, {.num_in_flight = depth, .num_jobs = 1.0});
    std::array<double, kNumQuantiles + 1> knot{};
    knot[0] = rate.saturation;
    for (std::size_t q = 0; q < kNumQuantiles; ++q) {
      knot[q + 1] = quantile_ratio(model, q, {.num_in_flight = depth, .num_jobs = 1.0});
      if (q > 0) knot[q + 1] = std::max(knot[q + 1], knot[q]);
    }
    if (result.tail.empty() || knot[0] > result.tail.back()[0] + 0.02) result.tail.push_back(knot);
  }
}

EntryClass fit_class(const SweepList& sweeps, const ClassPrior& prior) {
  EntryClass result;
  result.fitted = true;
  const auto floor = fit_two(
      sweeps, {{{prior.log_floor_s.mean, 2.0}, prior.log_stream_bytes_per_s}},
      [](const SweepModel& m) { return -std::log(loop_rate(m.curve.curve, {}).iops.value()); },
      [](double block, double a, double b) { return std::log(std::exp(a) + block / std::exp(b)); });
  const auto rate = fit_two(
      sweeps, {{{prior.log_iops.mean, 2.0}, prior.log_bytes_per_s}},
      [](const SweepModel& m) { return std::log(saturated_iops(m.curve.curve)); },
      [](double block, double a, double b) { return -std::log(std::max(std::exp(-a), block / std::exp(b))); });
  result.floor_s = std::exp(floor[0]);
  result.stream = std::exp(floor[1]);
  result.iops = std::exp(rate[0]);
  result.bandwidth = std::exp(rate[1]);
  const auto& main = *std::max_element(sweeps.begin(), sweeps.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.num_fit_rows, -a.first.block_bytes) < std::pair(b.second.num_fit_rows, -b.first.block_bytes);
  });
  const CurveFit& curve = main.second.curve;
  result.knee = effective_knee(curve.curve);
  result.exponent = ncq_exponent(curve.curve.depth_exponent);
  result.sigma_floor = curve.log_sigma({});
  result.sigma_iops = curve.log_sigma({.num_in_flight = 256.0, .num_jobs = 1.0});
  for (const auto& sweep : sweeps) result.num_rows += sweep.second.num_fit_rows;
  add_tail(main.second, result);
  return result;
}

storage::NcqClass ncq_class(const EntryClass& c) {
  return {.positioning_time = Seconds::from_base(c.floor_s),
          .bandwidth = BytesPerSecond::from_base(c.bandwidth),
          .ncq_exponent = c.exponent};
}

storage::QueueDepthClass queue_depth_class(const EntryClass& c) {
  return {.latency_floor = Seconds::from_base(c.floor_s),
          .stream_bandwidth = BytesPerSecond::from_base(c.stream),
          .max_iops = PerSecond::from_base(c.iops),
          .bandwidth = BytesPerSecond::from_base(c.bandwidth),
          .knee = c.knee};
}

/// In the order of kClasses.
using EntryClasses = std::array<EntryClass, kClasses.size()>;

std::unique_ptr<storage::DriveLaw> law_of(const EntryClasses& c, bool spinning) {
  if (spinning) return storage::make_ncq_power({ncq_class(c[0]), ncq_class(c[1]), ncq_class(c[2]), ncq_class(c[3])});
  return storage::make_queue_depth_curve(
      {queue_depth_class(c[0]), queue_depth_class(c[1]), queue_depth_class(c[2]), queue_depth_class(c[3])});
}

// Half-width of 90 % of how far the law of the entry lies from the rows it was made of.
double residual_of_law(const std::vector<FioRow>& rows, std::string_view operation, const EntryClass& c, bool spinning) {
  const auto law = law_of({c, c, c, c}, spinning);
  double squares = 0.0;
  double count = 0.0;
  for (const FioRow& row : rows) {
    if (row.split != Split::Fit || row.sweep.operation != operation || !row.iops || !row.queue_was_full()) continue;
    const storage::IoClass io{.block_size = Bytes::from_base(row.sweep.block_bytes)};
    const double residual = std::log(closed_loop(*law, io, row.point.num_in_flight).iops.value() / *row.iops);
    squares += residual * residual;
    ++count;
  }
  // Of few rows the spread itself is uncertain: Student's t over the normal at 95 %, to 3 %.
  return kNormal90 * std::sqrt(squares / std::max(1.0, count)) * (1.0 + 1.5 / std::max(1.0, count - 1.0));
}

EntryClass class_of_prior(const ClassPrior& prior) {
  EntryClass result;
  result.floor_s = std::exp(prior.log_floor_s.mean);
  result.stream = std::exp(prior.log_stream_bytes_per_s.mean);
  result.iops = std::exp(prior.log_iops.mean);
  result.bandwidth = std::exp(prior.log_bytes_per_s.mean);
  result.knee = std::exp(prior.log_knee.mean);
  result.exponent = ncq_exponent(prior.depth_exponent.mean);
  result.sigma_floor = prior.log_floor_s.sigma;
  result.sigma_iops = prior.log_iops.sigma;
  result.discrepancy = *std::max_element(prior.discrepancy.log_iops.begin(), prior.discrepancy.log_iops.end());
  SweepModel model;
  model.curve = unmeasured(prior.at(Bytes::from_base(4096.0), {std::log(3e5), 0.5}));
  model.class_tail = prior.tail;
  add_tail(model, result);
  return result;
}

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) result += c;
  }
  return result + '"';
}

std::string class_text(const char* key, const EntryClass& c, bool spinning) {
  std::string text = fmt::format("\n[parameters.{}]\n", key);
  if (spinning) {
    text += fmt::format("positioning_time = \"{:.4g} ms\"\nbandwidth = \"{:.4g} MB/s\"\nncq_exponent = {:.3f}\n",
                        c.floor_s * 1e3, c.bandwidth / 1e6, c.exponent);
  } else {
    text += fmt::format("latency_floor = \"{:.4g} us\"\nstream_bandwidth = \"{:.4g} MB/s\"\n", c.floor_s * 1e6, c.stream / 1e6);
    text += fmt::format("max_iops = \"{:.0f} /s\"\nbandwidth = \"{:.4g} MB/s\"\nknee = {:.2f}\n", c.iops, c.bandwidth / 1e6,
                        c.knee);
  }
  text += "tail = [\n";
  for (const auto& knot : c.tail) {
    text += fmt::format("  {{ utilization = {:.3f}, p50 = {:.3f}, p95 = {:.3f}, p99 = {:.3f}, p999 = {:.3f} }},\n", knot[0],
                        knot[1], knot[2], knot[3], knot[4]);
  }
  return text + "]\n";
}

// How the drive takes one kind of I/O beside another.
std::string device_text(const storage::DriveLaw& law, const BesideOthers& beside) {
  std::string text;
  if (!beside.writes.empty()) text += fmt::format("write_on_read = {:.3f}\n", fit_write_weight(law, beside.writes));
  if (const auto window = fit_read_window(beside.reads)) {
    text += fmt::format("read_window = \"{:.3g} MiB\"\n", window->value() / 1048576.0);
  }
  return text.empty() ? text : "\n[parameters.device]\n" + text;
}

// Grades, source and what the fit knows about itself.
std::string about_text(const EntryClasses& classes, bool spinning, const EntryText& about) {
  std::string grades;
  std::string sigma;
  std::string discrepancy;
  std::size_t num_rows = 0;
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    const EntryClass& c = classes[i];
    const char* key = kClasses[i].key;
    num_rows += c.num_rows;
    if (!c.fitted) grades += fmt::format("{} = \"assumed\"\n", key);
    if (spinning) {
      sigma += fmt::format("\"{}.positioning_time\" = {:.3g}\n", key, c.sigma_floor);
    } else {
      sigma += fmt::format("\"{}.latency_floor\" = {:.3g}\n\"{}.max_iops\" = {:.3g}\n", key, c.sigma_floor, key, c.sigma_iops);
    }
    discrepancy += fmt::format("{} = {:.3g}\n", key, c.discrepancy);
  }
  std::string toml;
  if (!grades.empty()) toml += "\n[grades]\n" + grades;
  toml += fmt::format("\n[source]\ntext = {}\n", toml_string(about.source));
  if (!about.date.empty()) toml += fmt::format("date = {}\n", toml_string(about.date));
  toml += fmt::format("\n[fit]\nset = {}\ndate = {}\nrows = {}\n", toml_string(about.set), toml_string(about.date), num_rows);
  return toml + "\n[fit.sigma]\n" + sigma + "\n[fit.discrepancy]\n" + discrepancy;
}

}  // namespace

std::vector<std::string> devices_of(const std::vector<FioRow>& rows) {
  std::vector<std::string> devices;
  for (const FioRow& row : rows) {
    if (std::find(devices.begin(), devices.end(), row.device) == devices.end()) devices.push_back(row.device);
  }
  return devices;
}

std::vector<FioRow> main_path_rows(const std::vector<FioRow>& rows, std::string_view device) {
  std::map<std::string, std::size_t> weight;
  const auto path = [](const FioRow& row) { return row.drive_interface + "|" + row.io_engine; };
  for (const FioRow& row : rows) {
    if (row.device == device && row.split == Split::Fit) weight[path(row)] += row.io_engine == "spdk" ? 1U : 1000U;
  }
  std::vector<FioRow> chosen;
  if (weight.empty()) return chosen;
  const auto best =
      std::max_element(weight.begin(), weight.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const FioRow& row : rows) {
    if (row.device != device || path(row) != best->first) continue;
    chosen.push_back(row);
    chosen.back().unit = std::string(device);
  }
  return chosen;
}

std::string drive_entry_toml(const std::vector<FioRow>& rows, const BesideOthers& beside, const ClassPriors& priors,
                             const EntryText& about) {
  std::vector<const FioRow*> pointers;
  for (const FioRow& row : rows) pointers.push_back(&row);
  const UnitModel unit(pointers, priors);
  if (unit.sweeps().empty()) {
    throw ConfigError({.place = {about.set, 0, 0}, .key = {}, .value = {}, .rule = "no usable row to fit", .hint = {}});
  }
  const std::string drive_class = rows.front().drive_class;
  const bool spinning = drive_class == "hdd";
  EntryClasses classes;
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    SweepList sweeps;
    for (const auto& sweep : unit.sweeps()) {
      if (sweep.first.operation == kClasses[i].operation) sweeps.push_back(sweep);
    }
    const ClassPrior prior = priors.find(drive_class, kClasses[i].operation);
    EntryClass& c = classes[i];
    c = sweeps.empty() ? class_of_prior(prior) : fit_class(sweeps, prior);
    if (c.fitted) c.discrepancy = std::max(0.02, residual_of_law(rows, kClasses[i].operation, c, spinning));
  }
  std::string toml = fmt::format("name = {}\nlaw = \"{}\"\ngrade = \"fitted\"\n", toml_string(about.name),
                                 spinning ? "ncq_power" : "queue_depth_curve");
  for (std::size_t i = 0; i < kClasses.size(); ++i) toml += class_text(kClasses[i].key, classes[i], spinning);
  return toml + device_text(*law_of(classes, spinning), beside) + about_text(classes, spinning, about);
}

}  // namespace labtwin::calibration
