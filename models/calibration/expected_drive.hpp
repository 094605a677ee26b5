#pragma once

// What is known of one drive before it is measured: its class, and what its name and its datasheet add to that.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/calibration/catalog_drive.hpp"
#include "models/calibration/class_prior.hpp"

namespace labtwin::calibration {

/// A small-block rate that a datasheet promises, as far as the path to the drive carries it.
struct DatasheetRate {
  std::string part;
  std::string drive_class;
  std::string operation;  ///< randread or randwrite
  PerSecond iops;
};

/// Law:    rates, bandwidths and latencies of the datasheet instead of the class's; random writes at the larger of the
///         promised rate and of sequential write bandwidth over the block, for a drive that is not full programs whole pages
///         wherever they belong and datasheets of servers' drives tell the rate of full ones; all at most what the path of the
///         class carries. A drive of another size than the sheet's has rates in proportion to size^0.4. Knee, tails, jobs and
///         host are the class's. Without a datasheet the latency of a disk goes with (7200 / its speed)^1.3, speeds read from
///         names like `10000rpm`.
/// Inputs: an entry of the catalog of grade datasheet.
/// Valid:  drives in a slot; a fitted entry says more than this and is asked itself.
/// Source: five enterprise NVMe drives write 0.92 to 1.0 of their sequential rate at random while they are fresh, one of them
///         four times its datasheet's random rate; SATA ports of the measured hosts end at 48,000 to 60,000 I/Os a second
///         whatever the drive promises. The exponent of speed is that of average access times of disks of 5,400 to 15,000
///         turns, that of size the median over models that datasheets give in several sizes.
/// Error:  see tests/validation, set unseen_drives.
class ExpectedDrive {
 public:
  /// `sheet` is the drive's entry, if it has one and it is of grade datasheet.
  ExpectedDrive(std::string_view device, std::string_view drive_class, const CatalogDrive* sheet);
  /// The prior of the class, made that of this drive.
  [[nodiscard]] ClassPrior prior(const ClassPriors& priors, std::string_view operation) const;
  /// Why a prediction from it may be wrong: for its note.
  [[nodiscard]] std::string note() const;
  [[nodiscard]] catalog::Grade grade() const noexcept;

 private:
  std::string device_;
  std::string drive_class_;
  const CatalogDrive* sheet_;
  double log_size_ratio_ = 0.0;  ///< to the drive of the sheet
};

/// The logarithm of a disk's access time over that of one of 7,200 turns a minute; 0 if the name tells no speed.
[[nodiscard]] double log_access_time(std::string_view disk);

/// What the catalog's datasheets promise, by part.
[[nodiscard]] std::vector<DatasheetRate> datasheet_rates(const CatalogDrives& drives, const ClassPriors& priors);

}  // namespace labtwin::calibration
