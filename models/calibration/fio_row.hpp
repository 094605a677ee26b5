#pragma once

// The rows of kind fio_sweep, and of captured or imported fio runs, as typed values.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/units.hpp"
#include "models/calibration/depth_curve.hpp"
#include "models/calibration/measurement_table.hpp"
#include "models/calibration/tail_process.hpp"

namespace labtwin::calibration {

/// Which I/Os a loop issues and which of them a row reports: one sweep over depth and jobs.
struct SweepKey {
  std::string operation;      ///< randread, randwrite, read, write, randrw, rw
  double read_percent = 100;  ///< of a mix
  std::string part;           ///< `all`, or the half of a mix: `read` or `write`
  double block_bytes = 4096;

  auto operator<=>(const SweepKey&) const = default;
  [[nodiscard]] bool is_mix() const { return operation == "randrw" || operation == "rw"; }
  /// The share of the loop's I/Os that the row counts.
  [[nodiscard]] double share() const;
  /// The pure operation whose class prior describes this one.
  [[nodiscard]] std::string pure_operation() const;
  /// `randread 4 KiB`, `randrw 70% read-half 4 KiB`.
  [[nodiscard]] std::string label() const;
};

struct FioRow {
  std::size_t index = 0;  ///< 0-based row of the table
  std::string unit;
  std::string device;
  std::string drive_class;
  std::string drive_interface;
  std::string io_engine;
  std::string scheduler;    ///< of the block layer: `none`, `mq-deadline`, ...; may be empty
  double num_drives = 1.0;  ///< that the device's name counts: `8x Samsung 980 PRO`
  std::string date;         ///< year-month-day; may be empty
  SweepKey sweep;
  LoopPoint point;
  std::optional<double> iops;
  std::optional<double> latency_us;
  std::array<std::optional<double>, kNumQuantiles> quantile_us;
  Split split = Split::HeldOut;
  std::string problem;  ///< why the row cannot be predicted; empty if it can

  /// Whether a measured row shows a full queue: rate times latency is the depth within 15 %. Rows without latency pass.
  [[nodiscard]] bool queue_was_full() const;
};

/// The rows marked `fit` that cannot be measurements of a drive and why, one line each; they are marked to be neither fitted
/// nor predicted.
[[nodiscard]] std::vector<std::string> drop_implausible_runs(std::vector<FioRow>& rows);

/// All rows, in the order of the table. Where rows of a series were fitted under several I/O schedulers, each is a unit of its
/// own; rows under one that was not fitted belong to the first of them.
[[nodiscard]] std::vector<FioRow> read_fio_rows(const MeasurementTable& table, std::string_view device_column = "device");

}  // namespace labtwin::calibration
