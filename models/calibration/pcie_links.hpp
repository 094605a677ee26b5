#pragma once

// Kind `pcie_links`: rates and latencies of copies between host and card and between cards.

#include <string>

#include "models/calibration/kind.hpp"
#include "models/calibration/pooled_law.hpp"
#include "models/interconnect/card_group.hpp"

namespace labtwin::calibration {

/// Law:    rate = line rate of the link x factor of the path (host to card, card to host, peers directly, through host memory,
///         over NVLink) x factors of generation, method, vendor, host, socket and chipset; N copies at once move N^a times as
///         much. A copy of n bytes takes its path's latency + n / rate
/// Inputs: generation and lanes as negotiated, direction, method, whether peers reach each other
/// Valid:  PCIe 1 to 6, Thunderbolt, USB4, NVLink; factors of rigs are drawn to none
/// Source: fit rows of calibration/data/interconnect/pcie_links
/// Error:  see `labtwin validate`; the file of the factors tells the errors of rows and rigs left out
[[nodiscard]] Evaluation evaluate_pcie_links(const MeasurementTable& table, const Progress& progress);

/// The text of priors/pcie_links.toml.
[[nodiscard]] std::string fit_pcie_links(const MeasurementTable& table);

/// Copies between cards that no file tells more of.
class CopyRates {
 public:
  CopyRates();
  /// From one card to another through the memory of their host.
  [[nodiscard]] BytesPerSecond staged(const interconnect::CardGroup& group);

 private:
  PooledLaw law_;
};

}  // namespace labtwin::calibration
