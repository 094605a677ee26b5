#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace labtwin::calibration {

/// The largest error on held-out rows that a set's predictions may have, and why that is the bar.
struct Bound {
  std::string quantity;
  std::string group;  ///< class and operation, as in Prediction; empty for all rows
  double median_ape_pct = 0.0;
  double p90_ape_pct = 0.0;
  std::string reason;
};

/// What the outputs of network tools do not tell of the path; numbers as they stand in a set's columns, blank: not given.
struct ManifestPath {
  std::string rate_mbit;  ///< of the slowest link
  std::string rtt_us;     ///< without load; told by most outputs themselves
  std::string netem;      ///< words of tc-netem besides the delay, e.g. `loss 1%`
};

/// manifest.toml.
struct Manifest {
  std::string kind;  ///< empty: recognised by the columns
  std::string device;
  std::string drive_class;      ///< for outputs of fio, which do not tell it
  std::string drive_interface;  ///< likewise
  ManifestPath path;
  std::string conditions;  ///< in words: host, engine, preconditioning
  std::string provenance;
  std::vector<Bound> bounds;
};
/// Throws ConfigError; bounds without a reason or beyond 1000 % are mistakes.
[[nodiscard]] Manifest read_manifest(const std::filesystem::path& path);

}  // namespace labtwin::calibration
