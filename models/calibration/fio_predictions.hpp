#pragma once

// Rows of fio with what is predicted of them, for every kind that has such rows.

#include <vector>

#include "models/calibration/catalog_drive.hpp"
#include "models/calibration/depth_interpolation.hpp"
#include "models/calibration/fio_row.hpp"
#include "models/calibration/kind.hpp"
#include "models/calibration/unit_model.hpp"

namespace labtwin::calibration {

/// What the catalog knows of a drive: the entry that was fitted to it, or a datasheet of its model.
struct KnownDrive {
  const CatalogDrive* entry = nullptr;
  const CatalogDrive* sheet = nullptr;
};
[[nodiscard]] KnownDrive known_drive(const FioRow& row, const CatalogDrives& drives);

/// One prediction for each quantity of the row.
void add_predictions(const FioRow& row, const UnitModel::Answer& answer, const DepthInterpolation::Figures& line,
                     std::vector<Prediction>& predictions);

}  // namespace labtwin::calibration
