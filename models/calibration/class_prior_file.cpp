// The file format of class priors: read and written.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

#include "models/base/table_reader.hpp"
#include "models/calibration/class_prior.hpp"
#include "models/catalog/data_folder.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::array<std::string_view, kNumQuantiles> kQuantiles = {"p50", "p95", "p99", "p999"};

template <class Q>
Prior read_log(TableReader& table, TableReader& sigma, std::string_view key) {
  const Q value = table.required<Q>(key, kPositive);
  return {std::log(std::max(value.value(), 1e-300)), sigma.required<double>(key, kPositive)};
}

// Coefficients and, last, the spread.
ClassTail read_tail(TableReader& table, std::string_view key) {
  ClassTail tail;
  const std::vector<double> list = table.list<double>(key);
  if (list.size() != kNumTailCoefficients + 1) {
    table.fail(key, fmt::format("must hold {} coefficients and a spread", kNumTailCoefficients));
    return tail;
  }
  std::copy_n(list.begin(), kNumTailCoefficients, tail.coefficients.begin());
  tail.spread = list.back();
  return tail;
}

ClassPrior read_class(TableReader& table) {
  ClassPrior prior;
  prior.drive_class = table.required<std::string>("class");
  prior.operation = table.required<std::string>("operation");
  prior.num_devices = table.value_or<std::size_t>("num_devices", 0);
  TableReader sigma = table.table("sigma");
  prior.log_floor_s = read_log<Seconds>(table, sigma, "latency_floor");
  prior.log_stream_bytes_per_s = read_log<BytesPerSecond>(table, sigma, "stream_bandwidth");
  prior.log_iops = read_log<PerSecond>(table, sigma, "max_iops");
  prior.log_bytes_per_s = read_log<BytesPerSecond>(table, sigma, "bandwidth");
  prior.log_knee = {std::log(table.required<double>("knee", at_least(1.0))), sigma.required<double>("knee", kPositive)};
  prior.depth_exponent = {table.required<double>("depth_exponent"), sigma.required<double>("depth_exponent", kPositive), true};
  prior.fade = {0.0, sigma.required<double>("fade", kPositive), true};
  prior.path_iops = table.optional<PerSecond>("path_iops", kPositive);
  prior.noise_sigma = table.required<double>("noise", kPositive);
  prior.slots = table.value_or<double>("slots", 1e9, kPositive);
  prior.queue_relief = table.value_or<double>("queue_relief", 0.0, kFraction);
  prior.overhead = {table.required<double>("lost_fraction", kFraction), table.required<Seconds>("turnaround", kNonNegative)};
  TableReader tail = table.table("tail");
  TableReader discrepancy = table.table("discrepancy");
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    prior.tail[q] = read_tail(tail, kQuantiles[q]);
    prior.discrepancy.tail[q] = discrepancy.required<double>(kQuantiles[q], kPositive);
  }
  prior.discrepancy.log_iops = {discrepancy.required<double>("unloaded", kPositive),
                                discrepancy.required<double>("knee", kPositive),
                                discrepancy.required<double>("saturated", kPositive)};
  return prior;
}

// Four digits: more would be noise.
double rounded(double value) {
  return value == 0.0 ? 0.0 : std::stod(fmt::format("{:.3e}", value));
}

std::string time_text(double seconds) {
  return fmt::format("{} us", rounded(seconds * 1e6));
}
std::string rate_text(const Prior& log_rate) {
  return fmt::format("{:.0f} /s", rounded(std::exp(log_rate.mean)));
}
std::string bandwidth_text(const Prior& log_bandwidth) {
  return fmt::format("{} MB/s", rounded(std::exp(log_bandwidth.mean) / 1e6));
}

std::string tail_text(const ClassTail& tail) {
  const TailCoefficients& c = tail.coefficients;
  return fmt::format("[{:.3f}, {:.3f}, {:.3f}, {:.3f}]", c[0], c[1], c[2], tail.spread);
}

std::string class_text(const ClassPrior& p) {
  std::string text = fmt::format("\n[[class]]\nclass = \"{}\"\noperation = \"{}\"\nnum_devices = {}\n", p.drive_class,
                                 p.operation, p.num_devices);
  text += fmt::format("latency_floor = \"{}\"\nstream_bandwidth = \"{}\"\n", time_text(std::exp(p.log_floor_s.mean)),
                      bandwidth_text(p.log_stream_bytes_per_s));
  text += fmt::format("max_iops = \"{}\"\nbandwidth = \"{}\"\n", rate_text(p.log_iops), bandwidth_text(p.log_bytes_per_s));
  text += fmt::format("knee = {:.4g}\ndepth_exponent = {:.4g}\n", std::exp(p.log_knee.mean), p.depth_exponent.mean);
  if (p.slots < 1e6) text += fmt::format("slots = {:g}\n", p.slots);
  if (p.queue_relief > 0.0) text += fmt::format("queue_relief = {:g}\n", p.queue_relief);
  if (p.path_iops) text += fmt::format("path_iops = \"{:.0f} /s\"\n", p.path_iops->value());
  text += fmt::format("noise = {:.3g}\nlost_fraction = {:.3g}\nturnaround = \"{}\"\n", p.noise_sigma, p.overhead.lost_fraction,
                      time_text(p.overhead.turnaround.value()));
  text += fmt::format(
      "sigma = {{ latency_floor = {:.3g}, stream_bandwidth = {:.3g}, max_iops = {:.3g}, bandwidth = {:.3g}, knee = {:.3g}, "
      "depth_exponent = {:.3g}, fade = {:.3g} }}\n",
      p.log_floor_s.sigma, p.log_stream_bytes_per_s.sigma, p.log_iops.sigma, p.log_bytes_per_s.sigma, p.log_knee.sigma,
      p.depth_exponent.sigma, p.fade.sigma);
  text += fmt::format("tail = {{ p50 = {}, p95 = {}, p99 = {}, p999 = {} }}\n", tail_text(p.tail[0]), tail_text(p.tail[1]),
                      tail_text(p.tail[2]), tail_text(p.tail[3]));
  const Discrepancy& d = p.discrepancy;
  text += fmt::format(
      "discrepancy = {{ unloaded = {:.3g}, knee = {:.3g}, saturated = {:.3g}, p50 = {:.3g}, p95 = {:.3g}, p99 = {:.3g}, p999 = "
      "{:.3g} }}\n",
      d.log_iops[0], d.log_iops[1], d.log_iops[2], d.tail[0], d.tail[1], d.tail[2], d.tail[3]);
  return text;
}

}  // namespace

ClassPriors ClassPriors::read(const std::filesystem::path& path) {
  const Document document = Document::read(path);
  DiagnosticSink sink;
  TableReader root(document, sink);
  std::vector<EnginePrior> engines;
  for (TableReader& table : root.tables("engine")) {
    const PerSecond rate = table.required<PerSecond>("host_iops", kPositive);
    engines.push_back({table.required<std::string>("name"),
                       {std::log(std::max(rate.value(), 1.0)), table.required<double>("sigma", kPositive)}});
  }
  std::vector<ClassPrior> priors;
  for (TableReader& table : root.tables("class")) priors.push_back(read_class(table));
  if (priors.empty()) root.fail("class", "at least one class is needed");
  if (engines.empty()) root.fail("engine", "at least one engine is needed");
  root.finish();
  sink.throw_if_any();
  return {std::move(priors), std::move(engines)};
}

const ClassPriors& ClassPriors::shipped() {
  static const ClassPriors priors = read(catalog::find_data_folder().calibration / "priors" / "drives.toml");
  return priors;
}

std::string ClassPriors::to_toml() const {
  std::string text =
      "# What is known of a drive before it is measured, by class and operation of fio. Written by `labtwin fit "
      "--class-priors`\n"
      "# over the rows marked `fit` of the project's sets; num_devices = 0 marks an assumption. Sigmas are of the logarithm.\n"
      "# Assumed: host_iops and its sigma, noise, the sigmas of knee, depth_exponent and fade, chosen by leaving one fitted "
      "depth "
      "out of\n"
      "# the fit rows of fio_depths (mean log error of IOPS 13.2 %): a wide depth_exponent for virtual disks takes theirs from "
      "39 "
      "and\n"
      "# 53 % (reads, writes) to 21 and 14 %, noise of 0.15 that of writes to arrays from 18 to 14 %; the others are flat.\n"
      "# noise: relative scatter of a measured rate. tail: arsinh((quantile - mean) / (0.3 latency_floor)) =\n"
      "# c0 + c1 (1 - 1 / N) + c2 ln(time of the loop / latency_floor), and the half-width of its 90 % interval over devices.\n"
      "# discrepancy: half-width of the 90 % interval of the law's own log error, beyond what the parameters' covariance\n"
      "# explains, far from every measured depth, and of quantiles in standard deviations of their process; from rows left "
      "out\n"
      "# of the fits by depth.\n"
      "# queue_relief: see DepthCurve; assumed for NVMe, whose jobs have queues of their own: of 0, 0.3, 0.45 and 0.6 the "
      "value "
      "near\n"
      "# 0.3 predicts 2 to 64 jobs of mixes on one drive best (median error 22, 15, 20 and 23 %).\n"
      "# path_iops: what SATA ports of the measured hosts carry, median of the fitted max_iops of the fast drives behind "
      "them.\n";
  for (const EnginePrior& engine : engines_) {
    text += fmt::format("\n[[engine]]\nname = \"{}\"\nhost_iops = \"{}\"\nsigma = {:.3g}\n", engine.io_engine,
                        rate_text(engine.log_host_iops), engine.log_host_iops.sigma);
  }
  for (const ClassPrior& prior : priors_) text += class_text(prior);
  return text;
}

}  // namespace labtwin::calibration
