#pragma once

// What happened: the answer of a run as plain values. Field names are those of `labtwin run --json` and of the Python package,
// so numbers are plain and their names end in the unit.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace labtwin {

/// The sojourn times of one workload, or of one stage of its requests.
struct LatencyRow {
  std::string workload{};
  std::string stage{};  ///< empty: the whole request
  std::uint64_t n = 0;  ///< requests that completed after the warm-up
  double mean_s = 0.0;
  double p50_s = 0.0;
  double p95_s = 0.0;
  double p99_s = 0.0;
  double tail_mean_s = 0.0;  ///< mean of those at or above p95
};

/// Time of a workload's requests that went to one resource for one reason. Over a workload the means sum to the mean sojourn
/// time and the shares to 1.
struct BlameRow {
  std::string workload{};
  std::string resource{};
  std::string kind{};     ///< service, waiting or slowdown
  std::string culprit{};  ///< whose work occupied the resource meanwhile; for service the workload's own
  double mean_s = 0.0;
  double median_share = 0.0;  ///< of the sojourn of requests between the 45th and 55th percentile
  double tail_share = 0.0;    ///< of the sojourn of requests at or above the 95th percentile
};

/// How the requests of a workload ended, from the start of the run on. arrived = the sum of the others.
struct OutcomeRow {
  std::string workload{};
  std::uint64_t arrived = 0;
  std::uint64_t completed = 0;
  std::uint64_t rejected = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t failed = 0;
  std::uint64_t in_system = 0;  ///< still there at the horizon
  std::uint64_t num_retries = 0;
  std::uint64_t num_timeouts = 0;  ///< of attempts; a request may still complete with a later one
  std::uint64_t num_hedges = 0;
  std::uint64_t num_open_circuit = 0;   ///< attempts that a circuit breaker refused
  std::uint64_t prompt_tokens = 0;      ///< of what language models answered
  std::uint64_t prefix_hit_tokens = 0;  ///< of those: kept from before, not computed again
};

/// How busy a resource was after the warm-up.
struct ResourceRow {
  std::string resource{};
  double utilization = 0.0;       ///< 0 to 1, of its capacity
  double num_waiting_mean = 0.0;  ///< work that waited for it, averaged over time
};

/// What a background job moved after the warm-up, averaged over the time it was active.
struct JobRow {
  std::string service{};
  double active_fraction = 0.0;
  double read_bytes_per_s = 0.0;
  double write_bytes_per_s = 0.0;
  double num_passes = 0.0;  ///< over its volume, that ended after the warm-up
  double pass_s = 0.0;      ///< mean time of one
};

/// How long a server took to get its model from storage into its card.
struct LoadRow {
  std::string service{};
  std::string source{};  ///< drive, pool or share
  double bytes = 0.0;
  double ready_s = 0.0;  ///< from the start of the run; 0 if it was not ready at the horizon
};

/// What random writes after the warm-up cost the flash of a drive that cleans blocks.
struct FlashRow {
  std::string resource{};
  double written_bytes = 0.0;        ///< by the host
  double write_amplification = 1.0;  ///< bytes that the flash wrote for one of them
};

/// How far the rebuild of a pool came.
struct RebuildRow {
  std::string service{};    ///< its name among the jobs
  double progress = 0.0;    ///< 0 to 1 at the horizon
  double duration_s = 0.0;  ///< of the whole; at its mean rate if it has not ended. 0: it did not begin
};

/// What became of the datagrams of a stream after the warm-up.
struct StreamRow {
  std::string workload{};
  double sent_per_s = 0.0;
  double lost_fraction = 0.0;       ///< of what was sent; the sum of the four below
  double lost_on_the_way = 0.0;     ///< by the degraded network
  double lost_at_the_link = 0.0;    ///< more than the narrowest link carries
  double lost_at_the_ring = 0.0;    ///< of the receiver's card, while the kernel did not empty it
  double lost_at_the_socket = 0.0;  ///< of the receiver, while it did not read
};

/// One value of every request, in order of completion; kept only when asked for.
using RequestColumns = std::map<std::string, std::vector<double>>;

/// One simulated run: one variant of the scenario, one replication.
struct RunSummary {
  std::uint32_t variant = 0;
  std::uint32_t replication = 0;
  double measured_s = 0.0;  ///< horizon less warm-up
  std::uint64_t num_events = 0;
  std::vector<LatencyRow> latency{};
  std::vector<BlameRow> blame{};
  std::vector<OutcomeRow> outcomes{};
  std::vector<ResourceRow> resources{};
  std::vector<JobRow> jobs{};
  std::vector<LoadRow> loads{};
  std::vector<RebuildRow> rebuilds{};
  std::vector<FlashRow> flash{};
  std::vector<StreamRow> streams{};
  std::vector<std::string> warnings{};
  std::map<std::string, RequestColumns> requests{};  ///< by workload
};

/// Where 90 % of such runs lie, by what replications say: their luck, and their draws of what is not known of the parts.
struct Interval {
  double low = 0.0;
  double high = 0.0;
};

/// A service level objective and what came out.
struct SloRow {
  std::string workload{};
  std::string stage{};   ///< empty: the whole request
  std::string metric{};  ///< p50, p95, p99, mean, or failed_fraction
  double limit = 0.0;    ///< seconds, or a fraction
  double value = 0.0;
  bool has_value = true;  ///< a latency of requests of which none completed has none
  bool met = false;
};

/// What the scenario asks to see beside the latency of a variant.
struct BesideRow {
  std::optional<double> stage_p95_s{};
  std::optional<double> job_bytes_per_s{};  ///< read and written, while active
  std::optional<double> time_s{};           ///< until a server was ready, or of a job's pass, or of a rebuild
};

/// The same luck with one thing changed.
struct CounterfactualRow {
  std::string name{};
  std::string workload{};
  double p50_s = 0.0;
  double p95_s = 0.0;
  double p99_s = 0.0;
  Interval p95_interval_s{};
  double change_s = 0.0;  ///< of p95 against the scenario as it is, paired by replication
  Interval change_interval_s{};
  double failed_fraction = 0.0;
  bool slos_met = true;
  std::string cost{};     ///< as the scenario states it; empty if it does not
  std::string removes{};  ///< the service that this what-if takes away; empty otherwise
  std::vector<BlameRow> blame{};
  double tail_mean_s = 0.0;
  BesideRow beside{};
};

/// One point of the scenario's sweep.
struct SweepRow {
  std::string value{};                      ///< as written
  std::optional<double> job_bytes_per_s{};  ///< what the swept job really moved
  double p50_s = 0.0;
  double p95_s = 0.0;
  double p99_s = 0.0;
  Interval p95_interval_s{};
  double failed_fraction = 0.0;
  double retries_per_request = 0.0;
  BesideRow beside{};
};

struct SweepResult {
  std::string key{};
  std::string label{};
  std::string job{};
  std::string workload{};
  std::vector<SweepRow> points{};
};

/// An input of the prediction and how well it is known.
struct ParameterRow {
  std::string name{};
  double value = 0.0;
  std::string unit{};
  std::string grade{};  ///< measured, fitted, datasheet or assumed
  std::string source{};
  double sigma = 0.0;  ///< of its logarithm, by which replications draw it; 0: all have the value
};

/// How far predictions of a part are from measurements that it was not fitted to, at most.
struct KnownErrorRow {
  std::string part{};
  std::string set{};  ///< of measurements, below the data folder
  std::string quantity{};
  double median_ape_pct = 0.0;  ///< absolute percentage error
  double p90_ape_pct = 0.0;
};

/// The whole answer.
struct Results {
  std::string scenario{};
  std::string title{};
  std::string workload{};      ///< the one that the question is about
  std::string unit_of_work{};  ///< what one request of it is called, for sentences
  std::string beside_stage{};  ///< shown for every variant, as is what the job moved; empty if not
  std::string beside_job{};
  std::string beside_time_of{};
  std::uint64_t seed = 0;
  std::string version{};
  double horizon_s = 0.0;
  double warm_up_s = 0.0;
  std::uint32_t num_replications = 1;
  bool slos_met = true;
  std::uint32_t num_replications_met = 0;  ///< in which every objective is met
  std::vector<SloRow> slos{};
  std::vector<LatencyRow> latency{};
  Interval p95_interval_s{};  ///< of `workload`
  std::vector<BlameRow> blame{};
  std::vector<OutcomeRow> outcomes{};
  std::vector<ResourceRow> resources{};
  std::vector<JobRow> jobs{};
  std::vector<LoadRow> loads{};
  std::vector<RebuildRow> rebuilds{};
  std::vector<FlashRow> flash{};
  std::vector<StreamRow> streams{};
  BesideRow beside{};
  std::vector<CounterfactualRow> counterfactuals{};
  std::optional<SweepResult> sweep{};
  std::vector<ParameterRow> parameters{};
  std::vector<KnownErrorRow> known_errors{};
  std::vector<std::string> warnings{};
  std::map<std::string, RequestColumns> requests{};  ///< of replication 0, by workload, when asked for

  [[nodiscard]] const LatencyRow* find_latency(const std::string& name, const std::string& stage = {}) const;
};

}  // namespace labtwin
