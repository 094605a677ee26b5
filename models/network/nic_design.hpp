#pragma once

// Network cards: what a host gets through one, which is often less than its port is rated for.

#include "models/base/table_reader.hpp"
#include "models/base/units.hpp"

namespace labtwin::network {

/// Law:    one stream through a card gets `goodput`, the median of what people measured with cards of its class; hosts differ
///         by a factor exp(+-1.645 spread) in nine of ten cases. It never gets more than the wire carries.
/// Inputs: line rate, goodput, spread (standard deviation of the logarithm)
/// Valid:  one TCP stream with segments of 1,500 bytes on an idle host; a class, not the host at hand: measure that with iperf3
/// Source: published runs of iperf3 and file transfers, each named in the entry
/// Error:  the spread itself; a few machines per class
struct NicDesign {
  BytesPerSecond line_rate;
  BytesPerSecond goodput;
  double spread = 0.0;
  Seconds latency;  ///< one way, of the card, its driver and, for radio, its medium

  /// The rate of a link whose wire leaves just the goodput, at most the line rate.
  [[nodiscard]] BytesPerSecond effective_rate() const noexcept;
};

/// Reads the parameters of an entry; mistakes go to the reader's sink.
[[nodiscard]] NicDesign read_nic_design(TableReader& parameters);

}  // namespace labtwin::network
