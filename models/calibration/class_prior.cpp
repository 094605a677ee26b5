#include "models/calibration/class_prior.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/base/error.hpp"

namespace labtwin::calibration {
Regime regime(double saturation) {
  if (saturation < 0.25) return Regime::Unloaded;
  return saturation < 0.8 ? Regime::Knee : Regime::Saturated;
}

CurvePrior ClassPrior::at(Bytes block_size, const Prior& log_host_iops, double num_drives) const {
  const double bytes = block_size.value();
  const double floor = std::exp(log_floor_s.mean) + bytes / std::exp(log_stream_bytes_per_s.mean);
  const double per_request = std::exp(-log_iops.mean);
  const double per_bytes = bytes / std::exp(log_bytes_per_s.mean);
  // The limit that binds brings its own spread.
  const double rate_sigma = per_request > per_bytes ? log_iops.sigma : log_bytes_per_s.sigma;
  CurvePrior prior;
  prior.parameters = {{{std::log(floor), log_floor_s.sigma},
                       {std::log(num_drives / std::max(per_request, per_bytes)), rate_sigma},
                       log_knee,
                       log_host_iops,
                       depth_exponent,
                       fade}};
  prior.noise_sigma = noise_sigma;
  prior.slots = slots * num_drives;
  prior.queue_relief = queue_relief;
  return prior;
}

ClassPriors::ClassPriors(std::vector<ClassPrior> priors, std::vector<EnginePrior> engines)
    : priors_(std::move(priors)), engines_(std::move(engines)) {
  LABTWIN_CHECK(!priors_.empty() && !engines_.empty(), "class priors");
}

ClassPrior ClassPriors::find(std::string_view drive_class, std::string_view operation) const {
  const auto match = [&](std::string_view wanted) {
    return std::find_if(priors_.begin(), priors_.end(),
                        [&](const ClassPrior& p) { return p.drive_class == wanted && p.operation == operation; });
  };
  if (const auto found = match(drive_class); found != priors_.end()) return *found;
  // What answers over a network, or from a pool behind one, is nearer to a virtual disk than to a drive in a slot.
  constexpr std::array<std::string_view, 4> kRemote = {"zfs", "nas", "net", "hci"};
  const bool remote = std::find(kRemote.begin(), kRemote.end(), drive_class) != kRemote.end();
  const auto fallback = match(remote ? "virt" : "nvme");
  ClassPrior prior = fallback != priors_.end() ? *fallback : priors_.front();
  for (Prior* p : {&prior.log_floor_s, &prior.log_iops, &prior.log_bytes_per_s}) p->sigma *= 2.0;
  return prior;
}

Prior ClassPriors::log_host_iops(std::string_view io_engine) const {
  const auto found =
      std::find_if(engines_.begin(), engines_.end(), [&](const EnginePrior& e) { return e.io_engine == io_engine; });
  return found != engines_.end() ? found->log_host_iops : engines_.front().log_host_iops;
}

}  // namespace labtwin::calibration
