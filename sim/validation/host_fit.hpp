#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "models/calibration/kind.hpp"
#include "sim/validation/search_replay.hpp"

namespace labtwin::validation {

/// What may differ from the catalog on a host that has rows to fit on: factors on groups of parameters.
inline constexpr std::size_t kNumFactors = 3;
inline constexpr std::array<std::string_view, kNumFactors> kFactorNames = {"host_time", "read_time", "neighbour_weight"};

struct HostFactors {
  std::array<double, kNumFactors> value = {1.0, 1.0, 1.0};
  std::array<double, kNumFactors> sigma = {0.0, 0.0, 0.0};  ///< relative
};

/// host_time: processor time and wake-ups; read_time: latency floor and byte time of reads; neighbour_weight: how much writes
/// in flight count for reads, and how long a job is interrupted (after which it catches up).
[[nodiscard]] ReplayHost scaled(const ReplayHost& host, const HostFactors& factors);

struct MeasuredSearch {
  SearchRun run;
  double qps = 0.0;
  double lat_p50_us = 0.0;
};

/// One Gauss-Newton step from the catalog's parameters on log QPS and log median latency, with the same luck on every side and
/// a prior of +-10 % around 1; far-off rows count less. At most a few dozen of the rows, evenly chosen, are used.
[[nodiscard]] HostFactors fit_host(const ReplayHost& host, const std::vector<MeasuredSearch>& rows, std::size_t num_parallel,
                                   const calibration::Progress& progress);

}  // namespace labtwin::validation
