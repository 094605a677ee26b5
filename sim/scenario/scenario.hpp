#pragma once

// A scenario: the lab, what runs on it, who uses it and what is asked of it. Read from TOML, every default resolved, every
// mistake of its files reported at once.
//
//   title = "A RAG agent beside a nightly ETL job"
//   lab = "labs/vm-zen5.toml"                # a file, or a table with the same content
//   seed = 7
//   horizon = "2 h"
//   warm_up = "5 min"
//   replications = 16
//   focus = "agents"                         # the workload that the question is about; the first if left out
//   unit_of_work = "agent turn"              # what one of its requests is called
//   beside = { stage = "retrieve", job = "etl" }   # shown for every what-if and sweep point: a stage, what a job moved
//   [services.NAME]                          # type = ..., node = ..., ...
//   [workloads.NAME]                         # type = ..., ...
//   [[degradations]]                         # of the network, on a timeline: degradation_spec.hpp
//   [[slo]]                                  # workload = "agents", metric = "p95", limit = "8 s"; stage = "llm" if only that
//   [[what_if]]                              # name = "second drive", set = { "services.etl.drive" = "nvme1" }
//   [sweep]                                  # key = "services.etl.rate_limit", values = ["50 MB/s", "100 MB/s"]

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/base/document.hpp"
#include "models/base/table_reader.hpp"
#include "models/base/units.hpp"
#include "sim/scenario/degradation_spec.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/service_spec.hpp"
#include "sim/scenario/workload_spec.hpp"

namespace labtwin {

/// Where a scenario comes from. Overrides whose key starts with `lab.` change the lab.
struct ScenarioSource {
  std::string name;                ///< stands for the file in diagnostics
  std::string text;                ///< TOML
  std::filesystem::path base_dir;  ///< where relative paths start; then the shipped scenarios are searched
  std::vector<Override> overrides;

  /// Reads a file; throws ConfigError if it cannot.
  [[nodiscard]] static ScenarioSource file(const std::filesystem::path& path, std::vector<Override> overrides = {});
};

enum class SloMetric : unsigned char { Mean, P50, P95, P99, FailedFraction };
[[nodiscard]] std::string_view metric_name(SloMetric metric) noexcept;

/// A service level objective: the metric of a workload's sojourn time, or of one stage of it, is at most the limit.
struct Slo {
  std::string workload;
  std::string stage{};  ///< empty: the whole request
  SloMetric metric = SloMetric::P95;
  double limit = 0.0;  ///< seconds; for FailedFraction a fraction
};

/// The same scenario with something changed: data, no code.
struct WhatIf {
  std::string name;
  std::vector<Override> set;
  std::string cost;     ///< what it costs, in words; may be empty
  std::string removes;  ///< the service that it takes away; may be empty
};

/// One key, several values.
struct Sweep {
  std::string key;
  std::string label;                ///< of the axis
  std::vector<std::string> values;  ///< TOML text
  SourcePlace place;                ///< of the values
  std::string workload;             ///< whose latency is shown; may be empty
  std::string job;                  ///< the service whose throughput is shown beside it; may be empty
};

/// What every what-if and sweep point shows beside the latency of the workload in focus; both may be empty.
struct Beside {
  std::string stage;      ///< of a request: `retrieve` or `llm`
  std::string job;        ///< a service that moves data
  std::string time_of{};  ///< a server that loads its model (until it is ready), or a job (one pass over its volume)
};

struct Scenario {
  std::string name;
  std::string title;
  Lab lab;
  std::uint64_t seed = 1;
  Seconds horizon;
  Seconds warm_up;
  int replications = 16;
  bool draws_parameters = true;  ///< what laws do not know of the parts, anew in each replication but the first
  std::string focus;             ///< the workload that the question is about
  std::string unit_of_work;      ///< what one of its requests is called in sentences
  Beside beside;
  std::vector<ServiceSpec> services;
  std::vector<WorkloadSpec> workloads;
  std::vector<DegradationSpec> degradations;
  std::vector<Slo> slos;
  std::vector<WhatIf> what_ifs;
  std::optional<Sweep> sweep;

  /// Reads, validates (what-ifs and sweep points included) and resolves; throws ConfigError with all mistakes.
  [[nodiscard]] static Scenario read(const ScenarioSource& source);
  /// The same without judging what-ifs and sweep points, for whoever has done that already.
  [[nodiscard]] static Scenario read_alone(const ScenarioSource& source);
};

/// The scenario with all defaults, as JSON; quantities are text with units.
[[nodiscard]] std::string resolved_json(const Scenario& scenario);

}  // namespace labtwin
