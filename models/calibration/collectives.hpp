#pragma once

// Kind `collectives`: how long all-reduces and their relatives take, by cards, link, library and message.

#include <string>

#include "models/base/message_time.hpp"
#include "models/calibration/kind.hpp"
#include "models/calibration/pooled_law.hpp"
#include "models/interconnect/link_rate.hpp"

namespace labtwin::calibration {

/// The law of interconnect::collective_seconds with factors of link, library, operation and rig. Rows marked `fit` of a file
/// tell its rigs, on top of what ships.
[[nodiscard]] Evaluation evaluate_collectives(const MeasurementTable& table, const Progress& progress);

/// The text of priors/collectives.toml.
[[nodiscard]] std::string fit_collectives(const MeasurementTable& table);

/// All-reduces of cards that no file tells more of: what the factors that ship say of their link.
class AllReduceTimes {
 public:
  AllReduceTimes();
  /// `path` is `pcie direct`, `pcie staged`, `nvlink` or `network`; `bytes` those of one message.
  [[nodiscard]] Estimate seconds(double num_cards, Bytes bytes, const interconnect::CardLink& link, const std::string& path);
  /// The same by its terms, factors applied.
  [[nodiscard]] MessageTime terms(double num_cards, const interconnect::CardLink& link, const std::string& path);

 private:
  PooledLaw law_;
};

}  // namespace labtwin::calibration
