#pragma once

// What is known of a drive before it is measured: its class. Also what draws a fit of few rows towards sense.

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/units.hpp"
#include "models/calibration/class_tail.hpp"
#include "models/calibration/depth_curve.hpp"
#include "models/calibration/levenberg_marquardt.hpp"
#include "models/calibration/loop_overhead.hpp"

namespace labtwin::calibration {

/// Where on a sweep a row lies; errors of a law differ between them.
enum class Regime : unsigned char { Unloaded, Knee, Saturated };
inline constexpr std::size_t kNumRegimes = 3;
[[nodiscard]] Regime regime(double saturation);

/// How wrong the law is beyond what its parameters' covariance says, far from every measured depth: half-width of the 90 %
/// interval of the log error, such that it would have covered 90 % of rows that were left out of their fits by depth.
/// Law:    half-width at a depth = discrepancy x sqrt(share that stays unknown there, see Departure).
/// Error:  coverage of held-out rows see tests/validation.
struct Discrepancy {
  std::array<double, kNumRegimes> log_iops{};
  /// Of the excess of a quantile, in standard deviations of its process.
  std::array<double, kNumQuantiles> tail{};
};

using ClassTails = std::array<ClassTail, kNumQuantiles>;

/// One class of drive (`nvme`, `optane`, `sata_ssd`, `hdd`, `raid`, `virt`) and one operation (`randread`, `write`, ...).
/// Rates and times depend on the block size as latency_floor + block / stream_bandwidth and
/// 1 / max(1 / max_iops, block / bandwidth).
struct ClassPrior {
  std::string drive_class;
  std::string operation;
  std::size_t num_devices = 0;  ///< that it was fitted over; 0 if assumed
  Prior log_floor_s;
  Prior log_stream_bytes_per_s;
  Prior log_iops;
  Prior log_bytes_per_s;
  Prior log_knee;
  Prior depth_exponent;
  Prior fade;
  double noise_sigma = 0.02;
  double slots = 1e9;
  double queue_relief = 0.0;
  LoopOverhead overhead;
  ClassTails tail{};
  Discrepancy discrepancy;
  /// Small I/Os a second that the path to drives of this class carries, whatever their datasheets promise.
  std::optional<PerSecond> path_iops;

  /// The prior of a sweep at one block size over `num_drives` that share its I/Os.
  [[nodiscard]] CurvePrior at(Bytes block_size, const Prior& log_host_iops, double num_drives = 1.0) const;
};

/// I/Os per second that one job on one core gets through an engine of fio.
struct EnginePrior {
  std::string io_engine;
  Prior log_host_iops;
};

/// The class priors that ship: calibration/priors/drives.toml.
class ClassPriors {
 public:
  /// Reads the file that ships, once per process.
  [[nodiscard]] static const ClassPriors& shipped();
  /// Throws ConfigError.
  [[nodiscard]] static ClassPriors read(const std::filesystem::path& path);
  ClassPriors(std::vector<ClassPrior> priors, std::vector<EnginePrior> engines);

  /// The prior of a class and operation; with twice the spread where the class is unknown: of virtual disks for
  /// pools and shares, else of NVMe drives.
  [[nodiscard]] ClassPrior find(std::string_view drive_class, std::string_view operation) const;
  /// I/Os per second that one job on one core gets through an engine (`io_uring`, `libaio`, `spdk`, ...).
  /// That of the first engine of the file where the engine is unknown.
  [[nodiscard]] Prior log_host_iops(std::string_view io_engine) const;

  [[nodiscard]] const std::vector<ClassPrior>& priors() const noexcept { return priors_; }
  [[nodiscard]] const std::vector<EnginePrior>& engines() const noexcept { return engines_; }
  [[nodiscard]] std::string to_toml() const;

 private:
  std::vector<ClassPrior> priors_;
  std::vector<EnginePrior> engines_;
};

}  // namespace labtwin::calibration
