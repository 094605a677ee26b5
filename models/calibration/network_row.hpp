#pragma once

// The settings that rows of network measurements share: the path and how its ends are set up.

#include <optional>
#include <string>

#include "models/calibration/measurement_table.hpp"
#include "models/network/path.hpp"

namespace labtwin::calibration {

/// Settings of a row, or why they tell no path.
struct NetworkRow {
  network::Path path;
  network::TcpSettings settings;
  bool is_real_time = false;  ///< measured on a machine with its own load, not in virtual time
  std::string problem;
};

/// Reads rate_mbit, rtt_us, loss_pct, loss_dir, extra_netem, queue_bytes, rmem_max, wmem_max, mtu and cc of a 0-based row.
/// Throws ConfigError for what netem would refuse.
[[nodiscard]] NetworkRow read_network_row(const MeasurementTable& table, std::size_t row);

}  // namespace labtwin::calibration
