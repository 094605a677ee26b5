#include "sim/validation/search_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "models/base/error.hpp"

namespace labtwin::validation {
namespace {

using calibration::MeasurementTable;
using storage::IoPriority;

constexpr double kBytesPerMb = 1e6;
// A job that moved less than this share of what it was told to move was behind all the time.
constexpr double kOnSchedule = 0.97;
// The layout of the measured indexes: a node per sector; lists of 1.29 MB per 8 probes.
constexpr double kNodeSize = 4096.0;
constexpr double kNumLists = 2048.0;
constexpr double kBytesPerComponent = 4.0;
// Measured runs last for 3 s; replications make up for half of that.
const Seconds kReplayedTime = Seconds::from_base(1.5);

double number_or(const MeasurementTable& table, std::size_t row, std::string_view column, double fallback) {
  return table.number(row, column).value_or(fallback);
}

JobKind job_kind(std::string_view text) {
  if (text == "none") return JobKind::None;
  if (text == "seqread") return JobKind::SequentialRead;
  if (text == "seqwrite") return JobKind::SequentialWrite;
  if (text == "randread") return JobKind::RandomRead;
  if (text == "randwrite") return JobKind::RandomWrite;
  if (text == "bufwrite") return JobKind::BufferedWrite;
  throw ModelError(fmt::format("bg_kind \"{}\" is no job that can be replayed", text));
}

// fio's notation: 4k, 1m.
Bytes block_size(std::string_view text) {
  double number = 0.0;
  std::size_t i = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) number = 10.0 * number + (text[i] - '0');
  const std::string_view unit = text.substr(i);
  const double factor = unit == "m" ? 1048576.0 : unit == "k" ? 1024.0 : unit.empty() ? 1.0 : 0.0;
  if (number * factor <= 0.0) throw ModelError(fmt::format("bg_block \"{}\" is no block size", text));
  return Bytes::from_base(number * factor);
}

std::optional<BytesPerSecond> achieved_rate(const MeasurementTable& table, std::size_t row) {
  const auto read = table.number(row, "bg_actual_read_MBps");
  const auto write = table.number(row, "bg_actual_write_MBps");
  const auto other = table.number(row, "other_traffic_MBps");
  if (!read && !write && !other) return std::nullopt;
  const double rate = read || write ? read.value_or(0.0) + write.value_or(0.0) : *other;
  return BytesPerSecond::from_base(std::max(0.0, rate) * kBytesPerMb);
}

// What the job was told to move; nothing where it was told to move as much as it can.
std::optional<BytesPerSecond> target_rate(const MeasurementTable& table, std::size_t row, Bytes block_size) {
  const bool is_wide = table.find_column("bg_target").has_value();
  const std::string column = is_wide ? "bg_target" : "bg_target_MBps";
  if (table.text(row, column) == "max") return std::nullopt;
  const double per_unit = table.text(row, "bg_target_unit") == "IOPS" ? block_size.value() : kBytesPerMb;
  return BytesPerSecond::from_base(number_or(table, row, column, 0.0) * per_unit);
}

void apply_mitigation(std::string_view mitigation, SearchRun& run) {
  constexpr std::string_view kThrottled = "background_throttled_";
  if (mitigation == "query_ionice_realtime") run.priority = IoPriority::Realtime;
  if (mitigation == "background_ionice_idle") run.job.priority = IoPriority::Idle;
  if (!mitigation.starts_with(kThrottled)) return;
  double rate = 0.0;
  for (const char c : mitigation.substr(kThrottled.size())) {
    if (c < '0' || c > '9') break;
    rate = 10.0 * rate + (c - '0');
  }
  run.job.rate_limit = BytesPerSecond::from_base(rate * kBytesPerMb);
  run.job.is_behind = false;
  run.job.keeps_schedule = true;
}

NeighbourJob read_job(const MeasurementTable& table, std::size_t row) {
  NeighbourJob job;
  job.kind = job_kind(table.text(row, "bg_kind"));
  if (job.kind == JobKind::None) return job;
  job.block_size = block_size(table.text(row, "bg_block"));
  job.depth = static_cast<unsigned>(std::max(1.0, number_or(table, row, "bg_iodepth", 1.0)));
  job.is_starved = table.text(row, "bg_cpu_policy").find("starved") != std::string_view::npos;
  job.achieved = achieved_rate(table, row);
  const std::optional<BytesPerSecond> target = target_rate(table, row, job.block_size);
  const bool is_sequential = job.kind == JobKind::SequentialRead || job.kind == JobKind::SequentialWrite;
  if ((job.achieved && *job.achieved <= BytesPerSecond{}) || (target && *target <= BytesPerSecond{})) job.kind = JobKind::None;
  // A job behind its schedule issues whenever it can. Of the others, and of those that the processor or the page cache holds
  // back in ways of their own, the rate that they achieved says most.
  job.keeps_schedule = target && (!job.achieved || *job.achieved >= kOnSchedule * *target);
  job.is_behind = is_sequential && !job.keeps_schedule;
  if (!job.is_behind) job.rate_limit = job.achieved ? job.achieved : target;
  return job;
}

void read_search(const MeasurementTable& table, std::size_t row, SearchRun& run) {
  const double vectors = number_or(table, row, "n_vectors", 0.0);
  const double dimension = number_or(table, row, "dim", 0.0);
  const double parameter = number_or(table, row, "search_param", 0.0);
  const double width = number_or(table, row, "reads_in_flight_W", 0.0);
  if (vectors <= 0.0 || dimension <= 0.0 || parameter <= 0.0 || width <= 0.0) {
    throw ModelError("needs n_vectors, dim, search_param and reads_in_flight_W");
  }
  const std::string_view mode = table.text(row, "search_mode");
  run.is_graph = mode == "beam";
  if (mode == "beam") {
    vector::GraphIndex index;
    index.num_vectors = vectors;
    index.dimension = dimension;
    index.node_size = Bytes::from_base(kNodeSize);
    const vector::BeamSearch search{.list_size = parameter, .beam_width = width};
    run.shape = vector::graph_search(index, search);
    run.counts = vector::beam_counts(index, search);
    run.index_size = index.size();
  } else if (mode == "ivf") {
    vector::InvertedListIndex index;
    index.num_vectors = vectors;
    index.dimension = dimension;
    index.num_lists = kNumLists;
    index.bytes_per_component = kBytesPerComponent;
    run.shape = vector::inverted_list_search(index, static_cast<std::uint32_t>(parameter));
    run.shape.max_in_flight = static_cast<std::uint32_t>(width);
    run.counts = {.num_rounds = parameter, .num_reads = parameter};
    run.index_size = index.size();
  } else {
    throw ModelError(fmt::format("search_mode \"{}\" cannot be replayed: beam and ivf can", mode));
  }
}

}  // namespace

std::string regime_name(Regime regime) {
  switch (regime) {
    case Regime::Alone:
      return "alone";
    case Regime::Limited:
      return "limited";
    case Regime::Saturated:
      return "saturated";
    case Regime::Starved:
      break;
  }
  return "starved";
}

SearchRun read_search_run(const MeasurementTable& table, std::size_t row) {
  SearchRun run;
  run.host = table.text(row, "host");
  read_search(table, row, run);
  run.num_threads = static_cast<unsigned>(std::max(1.0, number_or(table, row, "query_threads", 1.0)));
  run.duration = kReplayedTime;
  if (table.text(row, "io_scheduler") == "none") run.scheduler = storage::SchedulerKind::None;
  run.job = read_job(table, row);
  apply_mitigation(table.text(row, "mitigation"), run);
  return run;
}

Regime regime_of(const SearchRun& run, std::optional<Bytes> window) {
  const NeighbourJob& job = run.job;
  if (job.kind == JobKind::None) return Regime::Alone;
  if (!job.is_behind || job.is_starved) return Regime::Limited;
  const bool waits_in_scheduler = window && job.block_size * job.depth > *window;
  const bool is_cured =
      run.scheduler == storage::SchedulerKind::None || run.priority == IoPriority::Realtime || job.priority == IoPriority::Idle;
  if (job.kind == JobKind::SequentialRead && waits_in_scheduler && !is_cured) return Regime::Starved;
  return Regime::Saturated;
}

}  // namespace labtwin::validation
