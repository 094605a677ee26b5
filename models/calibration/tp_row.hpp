#pragma once

// A row of kind `tp_scaling` as the law sees it: how cards share a model, over what link, and what was asked of them.

#include <string>

#include "models/calibration/llm_times.hpp"
#include "models/calibration/measurement_table.hpp"
#include "models/interconnect/link_rate.hpp"

namespace labtwin::calibration {

struct TpRow {
  LlmRunCells cells;  ///< of one replica
  std::string quantity;
  double tensor_parallel = 1.0;
  double pipeline = 1.0;  ///< cards that hold layers one after the other
  double replicas = 1.0;
  double offered_per_s = 0.0;  ///< arrivals; 0: a closed loop or all at once
  bool offline = false;        ///< everything at once
  interconnect::CardLink link;
  std::string path;      ///< `none`, `pcie direct`, `pcie staged`, `nvlink`, `network`
  std::string run_path;  ///< of the run that was measured: of two that differ in their path alone, both are that run
  std::string scenario;
  std::string rig;
};

[[nodiscard]] TpRow read_tp_row(const MeasurementTable& table, std::size_t index);
/// The link that a cell of column `link` tells.
void read_tp_link(const std::string& text, std::string_view gpu, TpRow& row);

}  // namespace labtwin::calibration
