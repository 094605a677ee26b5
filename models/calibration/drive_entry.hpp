#pragma once

// From fitted sweeps of a drive to its catalog entry.

#include <string>
#include <vector>

#include "models/calibration/class_prior.hpp"
#include "models/calibration/fio_row.hpp"
#include "models/calibration/read_window.hpp"
#include "models/calibration/write_weight.hpp"

namespace labtwin::calibration {

/// What a catalog entry says beside its parameters.
struct EntryText {
  std::string name;
  std::string source;
  std::string set;   ///< measurement set that was fitted
  std::string date;  ///< of the measurements; may be empty
};

/// What was measured of random reads beside others.
struct BesideOthers {
  std::vector<ReadsBesideWrites> writes;
  std::vector<ReadBesideReads> reads;
};

/// The entry in TOML: law, parameters of each direction and pattern with their grades, and what the fit knows about itself.
/// Operations that were not measured are taken from the class and graded `assumed`. Only rows marked `fit` are read; all rows
/// must be of one drive. Where reads were measured beside writes, their weight is fitted; without, it is 1; where lone
/// reads starve behind a stream, the window of the connection. Throws ConfigError if no row is usable.
[[nodiscard]] std::string drive_entry_toml(const std::vector<FioRow>& rows, const BesideOthers& beside,
                                           const ClassPriors& priors, const EntryText& text);

/// The rows of one device on the way most of its `fit` rows took (interface and engine; SPDK only if there is no other), all
/// named one unit.
[[nodiscard]] std::vector<FioRow> main_path_rows(const std::vector<FioRow>& rows, std::string_view device);
/// The devices of a table, in order of appearance.
[[nodiscard]] std::vector<std::string> devices_of(const std::vector<FioRow>& rows);

}  // namespace labtwin::calibration
