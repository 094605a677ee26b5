#pragma once

// When work arrives. An arrival process is a pure function of the arrival's number and the arrival before it, so that a what-if
// cannot shift anybody's arrival.

#include <cstdint>
#include <optional>
#include <vector>

#include "models/base/rng.hpp"
#include "models/base/units.hpp"

namespace labtwin::workload {

/// An open arrival process: arrivals come whether or not earlier work is done. (A closed loop has no arrival process: its
/// users ask again after they have been answered and have thought.)
class ArrivalProcess {
 public:
  virtual ~ArrivalProcess() = default;

  /// The time of arrival number `index` (from 0), not before `previous`, the time of the arrival before it (0 for the
  /// first); nothing when there are no more.
  [[nodiscard]] virtual std::optional<Seconds> next(std::uint64_t index, Seconds previous) const = 0;
};

/// Law:    gaps are exponential with mean 1 / rate
/// Inputs: rate in 1/s
/// Valid:  many independent users. Of the public traces, chat comes close (coefficient of variation 1.0-1.1), code
///         completion and campus RAG are burstier (13 and 3).
/// Source: Azure LLM inference traces 2023, RAGPulse (arXiv 2511.12979), counted
/// Error:  exact by construction
class PoissonArrivals final : public ArrivalProcess {
 public:
  PoissonArrivals(PerSecond rate, RandomStream stream) : rate_(rate), stream_(stream) {}
  [[nodiscard]] std::optional<Seconds> next(std::uint64_t index, Seconds previous) const override;

 private:
  PerSecond rate_;
  RandomStream stream_;
};

/// Arrivals at given times, in order; `speed` 2 plays them in half the time.
class TraceArrivals final : public ArrivalProcess {
 public:
  TraceArrivals(std::vector<Seconds> times, double speed) : times_(std::move(times)), speed_(speed) {}
  [[nodiscard]] std::optional<Seconds> next(std::uint64_t index, Seconds previous) const override;

 private:
  std::vector<Seconds> times_;
  double speed_;
};

}  // namespace labtwin::workload
