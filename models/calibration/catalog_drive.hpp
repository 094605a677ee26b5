#pragma once

// What the catalog says of a drive, as predictions of fio loops: for units of which no row was fitted.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/calibration/drive_name.hpp"
#include "models/calibration/fio_model.hpp"
#include "models/registry.hpp"

namespace labtwin::calibration {

/// A drive of the catalog under loops of fio.
/// Law:    the entry's DriveLaw in a closed loop, reads and writes of a mix meeting one backlog.
/// Valid:  the rate of the entry contains the host, interface and engine it was measured with; another path is another unit,
///         and the interval says so.
/// Source: spread between series of one device (controllers, engines, formats) in the fit rows of 26 devices: 90 % within a
///         factor of 1.5 for reads and 1.8 for writes.
/// Error:  coverage see tests/validation.
class CatalogDrive {
 public:
  explicit CatalogDrive(DrivePart part);
  [[nodiscard]] const std::string& name() const noexcept { return part_->entry.name; }
  [[nodiscard]] const DrivePart& part() const noexcept { return *part_; }
  /// Whether nothing of it was fitted to measurements.
  [[nodiscard]] bool is_datasheet() const noexcept { return part_->entry.grade >= Grade::Datasheet; }

  struct Answer {
    LoopEstimate loop;
    Grade grade = Grade::Fitted;
    std::string note;
  };
  [[nodiscard]] Answer answer(const SweepKey& key, const LoopPoint& point, const ClassTails& of_class) const;

 private:
  struct Spread {
    double rate = 0.0;  ///< half-width of the 90 % interval of log IOPS
    Grade grade = Grade::Fitted;
  };
  [[nodiscard]] Spread spread(std::string_view io_class, double utilization) const;

  std::shared_ptr<const DrivePart> part_;
};

/// The drives of the catalog by the names that measurements give them.
class CatalogDrives {
 public:
  /// Reads every entry once.
  CatalogDrives();
  /// The entry whose part or name is that of the device, case, punctuation and what stands in parentheses ignored; nothing if
  /// there is none.
  [[nodiscard]] const CatalogDrive* find(std::string_view device) const;
  /// As find(); else the entry of the same model whose size is nearest.
  [[nodiscard]] const CatalogDrive* find_model(std::string_view device) const;
  [[nodiscard]] const std::vector<CatalogDrive>& all() const noexcept { return drives_; }

 private:
  catalog::Catalog catalog_;
  std::vector<CatalogDrive> drives_;
  std::vector<DriveName> names_;  // of drives_
  std::map<std::string, std::size_t> by_name_;
};

}  // namespace labtwin::calibration
