#pragma once

// From single runs to an answer: means over replications, intervals, and what-ifs paired with the same luck.

#include <span>
#include <string>
#include <vector>

#include "sim/run/results.hpp"

namespace labtwin {

/// Where a further run of a lab like it lies with 90 %: the replications differ by their luck and by what is not known of the
/// lab's parts, of which more replications tell no more. Student's t, for one value beside the mean of n. A single value is its
/// own interval.
[[nodiscard]] Interval difference_interval(std::span<const double> values);
/// The same of times, in logarithms where all are above 0.
[[nodiscard]] Interval time_interval(std::span<const double> values);
/// The same of what times change by, paired by replication, of a run with the mean of those before: in logarithms of their
/// ratios where all are above 0, for a lab of twice the time loses or gains twice as much.
[[nodiscard]] Interval change_interval(std::span<const double> before, std::span<const double> after);

/// The runs of one variant put together: counts summed, latencies averaged over replications (p95 is the mean of the
/// replications' p95), blame weighted by requests so that it still sums to the mean sojourn.
[[nodiscard]] RunSummary merge(std::span<const RunSummary> replications);

/// p95 of a workload in each replication, in order; 0 where it completed nothing.
[[nodiscard]] std::vector<double> p95_by_replication(std::span<const RunSummary> replications, const std::string& workload);

/// The row of a workload's whole requests (or of a stage), or nothing.
[[nodiscard]] const LatencyRow* find_latency(const std::vector<LatencyRow>& rows, const std::string& workload,
                                             const std::string& stage = {});

/// Share of a workload's finished requests that did not complete.
[[nodiscard]] double failed_fraction(const std::vector<OutcomeRow>& rows, const std::string& workload);

}  // namespace labtwin
