#pragma once

// How much load a lab bears before an objective breaks, as it is and with each of the scenario's what-ifs.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/run/results.hpp"
#include "sim/run/run.hpp"
#include "sim/scenario/scenario.hpp"

namespace labtwin {

/// How to search. Every load is simulated with the same luck: a user keeps questions and think times when others join.
struct CapacityOptions {
  std::string workload{};        ///< whose load is varied; the scenario's focus if empty
  std::optional<double> most{};  ///< users, or requests per second; 1,000 users or 1,000 times the scenario's rate if left out
  double precision = 0.02;       ///< of the answer, relative; whole users where that is coarser
  RunOptions run{};
  std::function<void(const std::string& variant, double load)> on_load{};  ///< before a load is simulated
};

/// What breaks first, at the smallest load found that is too much.
struct CapacityBreak {
  double load = 0.0;
  std::vector<SloRow> slos{};  ///< those missed
  std::vector<BlameRow> blame{};
};

struct CapacityRow {
  std::string name{};  ///< of the what-if; empty: the scenario as it is
  std::string cost{};
  double load = 0.0;                      ///< the largest load with all objectives met; 0: none
  Interval interval{};                    ///< the middle 90 % of replications, each with its draw of the parameters
  bool is_bound = false;                  ///< the search ended at the most that was asked for
  std::optional<CapacityBreak> broken{};  ///< nothing if `is_bound`
};

struct Capacity {
  std::string scenario{};
  std::string title{};
  std::string workload{};
  std::string unit{};  ///< `users`, `1/s` or, of a trace, `x` times its speed
  std::uint32_t num_replications = 1;
  std::vector<SloRow> slos{};  ///< the objectives, with their values at the load of the scenario as it is
  std::vector<CapacityRow> rows{};
  std::size_t num_loads = 0;  ///< that were simulated
};

/// Throws ConfigError (also if the scenario has no objective), WorkerError or Interrupted.
[[nodiscard]] Capacity find_capacity(const ScenarioSource& source, const CapacityOptions& options);

}  // namespace labtwin
