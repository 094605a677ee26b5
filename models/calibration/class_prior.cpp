#include "models/calibration/class_prior.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace labtwin::calibration {
namespace {

struct Row {
  const char* drive_class;
  const char* operation;
  double floor_us, floor_sigma;
  double stream_mb_s;
  double iops, iops_sigma;
  double mb_s;
  double knee;
  double exponent, exponent_sigma;
  double noise;
};

constexpr std::initializer_list<Row> kRows = {
    {"nvme", "randread", 72, 0.30, 800, 6e5, 0.9, 4000, 1.4, 1.0, 0.03, 0.015},
    {"nvme", "randwrite", 12, 0.60, 2500, 3e5, 0.8, 1500, 3.0, 1.0, 0.03, 0.015},
    {"nvme", "read", 12, 0.60, 3000, 3.5e5, 0.8, 3300, 3.0, 1.0, 0.03, 0.1},
    {"nvme", "write", 12, 0.60, 2500, 3e5, 0.8, 1300, 3.0, 1.0, 0.03, 0.015},
    {"optane", "randread", 11, 0.25, 2500, 5e5, 0.5, 2400, 3.0, 1.0, 0.03, 0.015},
    {"optane", "randwrite", 12, 0.25, 2500, 5e5, 0.5, 2200, 3.0, 1.0, 0.03, 0.015},
    {"optane", "read", 11, 0.25, 2500, 5e5, 0.5, 2400, 3.0, 1.0, 0.03, 0.015},
    {"optane", "write", 12, 0.25, 2500, 5e5, 0.5, 2200, 3.0, 1.0, 0.03, 0.015},
    {"sata_ssd", "randread", 110, 0.40, 500, 6e4, 0.5, 530, 2.0, 1.0, 0.03, 0.05},
    {"sata_ssd", "randwrite", 75, 0.60, 500, 4e4, 0.9, 450, 3.0, 1.0, 0.03, 0.05},
    {"sata_ssd", "read", 60, 0.60, 500, 9e4, 0.5, 540, 3.0, 1.0, 0.03, 0.05},
    {"sata_ssd", "write", 60, 0.60, 500, 7e4, 0.8, 480, 3.0, 1.0, 0.03, 0.05},
    {"hdd", "randread", 13e3, 0.30, 120, 250, 1.0, 150, 2.0, 0.13, 0.08, 0.03},
    {"hdd", "randwrite", 7e3, 0.70, 120, 250, 1.0, 150, 3.0, 0.03, 0.05, 0.03},
    {"hdd", "read", 100, 1.00, 200, 2e4, 1.0, 150, 3.0, 1.0, 0.05, 0.05},
    {"hdd", "write", 100, 1.00, 200, 2e4, 1.0, 150, 3.0, 1.0, 0.05, 0.05},
    {"raid", "randread", 200, 1.30, 500, 1.2e5, 1.2, 1200, 2.0, 1.0, 0.1, 0.06},
    {"raid", "randwrite", 150, 1.50, 500, 4e4, 1.5, 1000, 3.0, 1.0, 0.1, 0.06},
    {"virt", "randread", 1000, 1.00, 300, 2e4, 1.2, 500, 2.0, 1.0, 0.1, 0.15},
    {"virt", "randwrite", 5000, 1.20, 300, 2e3, 1.5, 400, 3.0, 1.0, 0.1, 0.15},
};

ClassPrior to_prior(const Row& row) {
  ClassPrior prior;
  prior.drive_class = row.drive_class;
  prior.operation = row.operation;
  prior.log_floor_s = {std::log(row.floor_us * 1e-6), row.floor_sigma};
  prior.log_stream_bytes_per_s = {std::log(row.stream_mb_s * 1e6), 0.7};
  prior.log_iops = {std::log(row.iops), row.iops_sigma};
  prior.log_bytes_per_s = {std::log(row.mb_s * 1e6), 0.6};
  prior.log_knee = {std::log(row.knee), 0.5};
  prior.depth_exponent = {row.exponent, row.exponent_sigma, true};
  prior.fade = {0.0, 0.005, true};
  prior.noise_sigma = row.noise;
  if (prior.drive_class == "hdd" && row.exponent < 0.5) prior.slots = 32.0;
  const double read = prior.operation.find("read") != std::string::npos ? 1.0 : 0.0;
  prior.tail = {{{-0.06, -0.05, 0.0, 0.0}, {0.2 + 0.05 * read, 0.2, 0.1, 0.0}, {0.35, 0.3, 0.2, 0.0}, {0.8, 0.3, 0.3, 0.0}}};
  prior.discrepancy.log_iops = {0.1, 0.2, 0.2};
  prior.discrepancy.log_tail = {0.2, 0.4, 0.45, 0.7};
  return prior;
}

}  // namespace

Regime regime(double saturation) {
  if (saturation < 0.25) return Regime::Unloaded;
  return saturation < 0.8 ? Regime::Knee : Regime::Saturated;
}

CurvePrior ClassPrior::at(Bytes block_size, const Prior& log_host_iops) const {
  const double bytes = block_size.value();
  const double floor = std::exp(log_floor_s.mean) + bytes / std::exp(log_stream_bytes_per_s.mean);
  const double per_request = std::exp(-log_iops.mean);
  const double per_bytes = bytes / std::exp(log_bytes_per_s.mean);
  // The limit that binds brings its own spread.
  const double rate_sigma = per_request > per_bytes ? log_iops.sigma : log_bytes_per_s.sigma;
  CurvePrior prior;
  prior.parameters = {{{std::log(floor), log_floor_s.sigma},
                       {-std::log(std::max(per_request, per_bytes)), rate_sigma},
                       log_knee,
                       log_host_iops,
                       depth_exponent,
                       fade}};
  prior.noise_sigma = noise_sigma;
  prior.slots = slots;
  return prior;
}

ClassPriors::ClassPriors() {
  for (const Row& row : kRows) priors_.push_back(to_prior(row));
}

ClassPrior ClassPriors::find(std::string_view drive_class, std::string_view operation) const {
  const auto match = [&](std::string_view wanted) {
    return std::find_if(priors_.begin(), priors_.end(),
                        [&](const ClassPrior& p) { return p.drive_class == wanted && p.operation == operation; });
  };
  if (const auto found = match(drive_class); found != priors_.end()) return *found;
  const auto fallback = match("nvme");
  ClassPrior prior = fallback != priors_.end() ? *fallback : priors_.front();
  for (Prior* p : {&prior.log_floor_s, &prior.log_iops, &prior.log_bytes_per_s}) p->sigma *= 2.0;
  return prior;
}

Prior ClassPriors::log_host_iops(std::string_view io_engine) const {
  if (io_engine == "spdk") return {std::log(1.2e6), 0.35};
  return {std::log(3.0e5), 0.35};
}

}  // namespace labtwin::calibration
