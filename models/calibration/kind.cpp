#include "models/calibration/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "models/base/error.hpp"
#include "models/calibration/bufferbloat.hpp"
#include "models/calibration/card_operators.hpp"
#include "models/calibration/collectives.hpp"
#include "models/calibration/column_unit.hpp"
#include "models/calibration/fio_sweep.hpp"
#include "models/calibration/interference.hpp"
#include "models/calibration/llm_fit.hpp"
#include "models/calibration/llm_throughput.hpp"
#include "models/calibration/offload.hpp"
#include "models/calibration/page_cache_cliff.hpp"
#include "models/calibration/pcie_links.hpp"
#include "models/calibration/power_cap.hpp"
#include "models/calibration/rpc_latency.hpp"
#include "models/calibration/serving_run.hpp"
#include "models/calibration/slc_cache.hpp"
#include "models/calibration/sustained_write.hpp"
#include "models/calibration/tcp_bulk.hpp"
#include "models/calibration/tcp_share.hpp"
#include "models/calibration/tp_scaling.hpp"
#include "models/calibration/udp_loss.hpp"
#include "models/calibration/unseen_drives.hpp"
#include "models/calibration/vram_usage.hpp"

namespace labtwin::calibration {
namespace {

using Names = std::string_view;

constexpr std::array<Names, 5> kFioSweepColumns = {"rw", "bs_bytes", "iodepth", "numjobs", "iops"};
constexpr std::array<Names, 6> kFioSweepConditions = {"rw", "bs_bytes", "iodepth", "numjobs", "class", "interface"};
constexpr std::array<Names, 6> kFioSweepQuantities = {"iops",       "lat_mean_us", "lat_p50_us",
                                                      "lat_p95_us", "lat_p99_us",  "lat_p999_us"};

constexpr std::array<Names, 6> kUnseenDrivesColumns = {"drive_left_out", "rw", "bs_bytes", "iodepth", "numjobs", "iops"};
constexpr std::array<Names, 7> kUnseenDrivesConditions = {"drive_left_out", "rw",    "bs_bytes", "iodepth",
                                                          "numjobs",        "class", "interface"};

constexpr std::array<Names, 3> kInterferenceColumns = {"fg_rw", "bg_rw", "fg_lat_mean_us"};
constexpr std::array<Names, 9> kInterferenceConditions = {"fg_rw",       "fg_bs_bytes",         "fg_iodepth",
                                                          "fg_numjobs",  "fg_rate_target_iops", "bg_rw",
                                                          "bg_bs_bytes", "bg_iodepth",          "bg_rate_target_mb_s"};
constexpr std::array<Names, 6> kInterferenceQuantities = {"fg_iops",       "fg_lat_mean_us", "fg_lat_p50_us",
                                                          "fg_lat_p95_us", "fg_lat_p99_us",  "fg_lat_p999_us"};

constexpr std::array<Names, 4> kSustainedWriteColumns = {"capacity_gib", "pattern", "cum_written_gib", "write_mb_s"};
constexpr std::array<Names, 5> kSustainedWriteConditions = {"device", "capacity_gib", "pattern", "initial_state",
                                                            "cum_written_gib"};
constexpr std::array<Names, 1> kSustainedWriteQuantities = {"write_mb_s"};

constexpr std::array<Names, 4> kSlcCacheColumns = {"drive", "capacity_gb", "phase1_mb_s", "phase1_until_gb"};
constexpr std::array<Names, 3> kSlcCacheConditions = {"drive", "capacity_gb", "type"};
constexpr std::array<Names, 3> kSlcCacheQuantities = {"phase1_mb_s", "phase1_until_gb", "phase2_mb_s"};

constexpr std::array<Names, 5> kTcpBulkColumns = {"rate_mbit", "rtt_us", "loss_model", "cc", "goodput_mbit"};
constexpr std::array<Names, 5> kTcpBulkConditions = {"rate_mbit", "rtt_us", "loss_pct", "cc", "dur_s"};
constexpr std::array<Names, 9> kNetworkOptional = {"env",         "loss_model", "loss_dir", "extra_netem", "mtu",
                                                   "queue_bytes", "rmem_max",   "wmem_max", "omit_s"};
constexpr std::array<Names, 1> kTcpBulkQuantities = {"goodput_mbit"};

constexpr std::array<Names, 4> kRpcLatencyColumns = {"mode", "req_bytes", "resp_bytes", "p50_us"};
constexpr std::array<Names, 7> kRpcLatencyConditions = {"rate_mbit", "rtt_us",    "loss_pct",  "cc",
                                                        "mode",      "req_bytes", "resp_bytes"};
constexpr std::array<Names, 9> kRpcLatencyOptional = {
    "env", "loss_model", "loss_dir", "extra_netem", "think_us", "queue_bytes", "rmem_max", "wmem_max", "n"};
constexpr std::array<Names, 9> kRpcLatencyQuantities = {
    "mean_us", "p50_us", "p90_us", "p95_us", "p99_us", "p999_us", "connect_p50_us", "connect_p95_us", "connect_p99_us"};

constexpr std::array<Names, 4> kPageCacheColumns = {"memory_mib", "resident_mib", "mapped_mib", "qps"};
constexpr std::array<Names, 5> kPageCacheConditions = {"system", "storage", "memory_mib", "resident_mib", "mapped_mib"};
constexpr std::array<Names, 1> kPageCacheQuantities = {"qps"};
constexpr std::array<Names, 3> kTcpShareColumns = {"n_flows", "rtts_us", "share"};
constexpr std::array<Names, 4> kTcpShareConditions = {"rate_mbit", "rtts_us", "cc_mix", "flow"};
constexpr std::array<Names, 2> kTcpShareOptional = {"queue_bytes", "env"};
constexpr std::array<Names, 3> kTcpShareQuantities = {"goodput_mbit", "total_mbit", "jain"};

constexpr std::array<Names, 3> kBufferbloatColumns = {"qdisc", "n_bulk", "p50_us"};
constexpr std::array<Names, 4> kBufferbloatConditions = {"rate_mbit", "rtt_us", "qdisc", "queue_bytes"};
constexpr std::array<Names, 2> kBufferbloatOptional = {"req_bytes", "resp_bytes"};
constexpr std::array<Names, 5> kBufferbloatQuantities = {"mean_us", "p50_us", "p90_us", "p95_us", "p99_us"};

constexpr std::array<Names, 4> kUdpLossColumns = {"pps_target", "payload_bytes", "rcvbuf_actual", "loss_frac"};
constexpr std::array<Names, 4> kUdpLossConditions = {"pps_target", "payload_bytes", "rcvbuf_actual", "secs"};
constexpr std::array<Names, 5> kUdpLossOptional = {"env", "sched", "receiver_mode", "mode_a", "mode_b"};
constexpr std::array<Names, 1> kUdpLossQuantities = {"loss_frac"};
constexpr std::array<Names, 4> kServingRunColumns = {"arrival_s", "prompt_tokens", "output_tokens", "first_token_s"};
constexpr std::array<Names, 3> kServingRunConditions = {"arrival_s", "prompt_tokens", "output_tokens"};
constexpr std::array<Names, 2> kServingRunOptional = {"request_id", "conversation"};
constexpr std::array<Names, 2> kServingRunQuantities = {"first_token_s", "last_token_s"};

constexpr std::array<Names, 4> kVectorDiskColumns = {"search_mode", "bg_kind", "bg_iodepth", "qps"};
constexpr std::array<Names, 9> kVectorDiskConditions = {
    "host", "search_mode", "dim", "n_vectors", "search_param", "reads_in_flight_W", "query_threads", "bg_kind", "bg_iodepth"};
constexpr std::array<Names, 10> kVectorDiskOptional = {
    "bg_target",           "bg_target_MBps",       "bg_target_unit",     "bg_block",   "bg_cpu_policy",
    "bg_actual_read_MBps", "bg_actual_write_MBps", "other_traffic_MBps", "mitigation", "io_scheduler"};
constexpr std::array<Names, 7> kVectorDiskQuantities = {"qps",        "lat_mean_us",   "lat_p50_us",      "lat_p95_us",
                                                        "lat_p99_us", "ios_per_query", "rounds_per_query"};

constexpr std::array<Names, 4> kVramUsageColumns = {"engine", "model", "context_tokens", "quantity"};
constexpr std::array<Names, 4> kVramUsageConditions = {"engine", "model", "context_tokens", "quantity"};
constexpr std::array<Names, 6> kVramUsageQuantities = {"kv_mib",         "compute_buffer_mib", "weights_mib",
                                                       "total_used_mib", "kv_tokens",          "outcome"};
constexpr std::array<Names, 17> kVramUsageOptional = {
    "gpu",           "vram_gib", "num_gpus", "params_b", "quant", "weights_file_gib",       "num_slots",    "kv_type",
    "flash_attn",    "ubatch",   "ngl",      "notes",    "value", "gpu_memory_utilization", "max_num_seqs", "max_model_len",
    "engine_version"};

constexpr std::array<Names, 6> kLlmThroughputColumns = {"gpu", "backend", "model", "quant", "quantity", "value"};
constexpr std::array<Names, 5> kLlmThroughputConditions = {"gpu", "backend", "model", "quant", "quantity"};
constexpr std::array<Names, 5> kLlmThroughputQuantities = {"decode_tok_s", "prefill_tok_s", "ttft_ms", "itl_ms",
                                                           "throughput_out_tok_s"};
constexpr std::array<Names, 18> kLlmThroughputOptional = {
    "cpu",         "value",         "date",          "num_gpus", "engine",        "params_b",    "active_params_b",
    "weights_gib", "prompt_tokens", "gen_tokens",    "ubatch",   "context_depth", "concurrency", "flash_attn",
    "ngl",         "split_mode",    "power_limit_w", "notes"};

constexpr std::array<Names, 3> kPowerCapColumns = {"gpu", "power_cap_w", "workload"};
constexpr std::array<Names, 5> kPowerCapConditions = {"gpu", "engine", "model", "workload", "power_cap_w"};
constexpr std::array<Names, 2> kPowerCapOptional = {"sm_clock_mhz", "mem_clock_mhz"};
constexpr std::array<Names, 2> kPowerCapQuantities = {"tok_s_prompt_a", "tok_s_prompt_b"};

constexpr std::array<Names, 4> kPcieLinksColumns = {"gen", "lanes", "direction", "quantity"};
constexpr std::array<Names, 7> kPcieLinksConditions = {"device",    "board_or_slot", "gen",     "lanes",
                                                       "direction", "method",        "quantity"};
constexpr std::array<Names, 4> kPcieLinksOptional = {"transfer_bytes", "pinned", "notes", "value"};
constexpr std::array<Names, 2> kPcieLinksQuantities = {"gb_s", "latency_us"};

constexpr std::array<Names, 4> kCollectivesColumns = {"op", "message_bytes", "num_gpus", "link"};
constexpr std::array<Names, 6> kCollectivesConditions = {"gpu", "num_gpus", "topology", "link", "op", "message_bytes"};
constexpr std::array<Names, 2> kCollectivesOptional = {"nccl_version", "notes"};
constexpr std::array<Names, 1> kCollectivesQuantities = {"time_us"};

constexpr std::array<Names, 3> kTpScalingColumns = {"parallelism", "link", "quantity"};
constexpr std::array<Names, 8> kTpScalingConditions = {"gpu",   "num_gpus", "link",        "engine",
                                                       "model", "quant",    "parallelism", "quantity"};
constexpr std::array<Names, 3> kTpScalingOptional = {"concurrency", "notes", "value"};
constexpr std::array<Names, 5> kTpScalingQuantities = {"output_tok_s", "decode_tok_s", "prefill_tok_s", "tpot_ms_median",
                                                       "ttft_ms_median"};

constexpr std::array<Names, 3> kOffloadColumns = {"bytes_on_gpu_gib", "bytes_on_cpu_gib", "quantity"};
constexpr std::array<Names, 6> kOffloadConditions = {"gpu", "cpu", "engine", "model", "ngl_or_offload", "quantity"};
constexpr std::array<Names, 9> kOffloadOptional = {"dram_gb_s",        "quant",   "bytes_on_gpu_gib",
                                                   "bytes_on_cpu_gib", "value",   "prompt_tokens",
                                                   "context_depth",    "threads", "notes"};
constexpr std::array<Names, 2> kOffloadQuantities = {"decode_tok_s", "prefill_tok_s"};

constexpr auto kKinds = std::to_array<Kind>({
    {"unseen_drives", kUnseenDrivesColumns, kUnseenDrivesConditions, kFioSweepQuantities, &evaluate_unseen_drives},
    {"fio_sweep", kFioSweepColumns, kFioSweepConditions, kFioSweepQuantities, &evaluate_fio_sweep},
    {"interference", kInterferenceColumns, kInterferenceConditions, kInterferenceQuantities, &evaluate_interference},
    {"sustained_write", kSustainedWriteColumns, kSustainedWriteConditions, kSustainedWriteQuantities,
     &evaluate_sustained_write},
    {"slc_cache", kSlcCacheColumns, kSlcCacheConditions, kSlcCacheQuantities, &evaluate_slc_cache},
    {"tcp_bulk", kTcpBulkColumns, kTcpBulkConditions, kTcpBulkQuantities, &evaluate_tcp_bulk, kNetworkOptional},
    {"rpc_latency", kRpcLatencyColumns, kRpcLatencyConditions, kRpcLatencyQuantities, &evaluate_rpc_latency,
     kRpcLatencyOptional},
    {"vram_usage", kVramUsageColumns, kVramUsageConditions, kVramUsageQuantities, &evaluate_vram_usage, kVramUsageOptional},
    {"llm_throughput", kLlmThroughputColumns, kLlmThroughputConditions, kLlmThroughputQuantities, &evaluate_llm_throughput,
     kLlmThroughputOptional, &fit_llm_throughput_set, "card", &evaluate_llm_cards_left_out},
    {"power_cap", kPowerCapColumns, kPowerCapConditions, kPowerCapQuantities, &evaluate_power_cap, kPowerCapOptional},
    {"pcie_links", kPcieLinksColumns, kPcieLinksConditions, kPcieLinksQuantities, &evaluate_pcie_links, kPcieLinksOptional,
     &fit_pcie_links},
    {"collectives", kCollectivesColumns, kCollectivesConditions, kCollectivesQuantities, &evaluate_collectives,
     kCollectivesOptional, &fit_collectives},
    {"tp_scaling", kTpScalingColumns, kTpScalingConditions, kTpScalingQuantities, &evaluate_tp_scaling, kTpScalingOptional,
     &fit_tp_scaling},
    {"offload", kOffloadColumns, kOffloadConditions, kOffloadQuantities, &evaluate_offload, kOffloadOptional, &fit_offload},
    {"page_cache", kPageCacheColumns, kPageCacheConditions, kPageCacheQuantities, &evaluate_page_cache},
    {"tcp_share", kTcpShareColumns, kTcpShareConditions, kTcpShareQuantities, &evaluate_tcp_share, kTcpShareOptional},
    {"bufferbloat", kBufferbloatColumns, kBufferbloatConditions, kBufferbloatQuantities, &evaluate_bufferbloat,
     kBufferbloatOptional},
    {"udp_loss", kUdpLossColumns, kUdpLossConditions, kUdpLossQuantities, &evaluate_udp_loss, kUdpLossOptional},
    {"serving_run", kServingRunColumns, kServingRunConditions, kServingRunQuantities, &evaluate_serving_run,
     kServingRunOptional, &fit_card_operators},
    {"vector_disk", kVectorDiskColumns, kVectorDiskConditions, kVectorDiskQuantities, nullptr, kVectorDiskOptional},
});

std::vector<std::string_view> kind_names() {
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  return names;
}

Diagnostic wrong_unit(const MeasurementTable& table, const std::string& column, std::string_view wanted) {
  return {.place = {table.name(), 1, 1},
          .key = {},
          .value = {},
          .rule = fmt::format("column `{}` must be `{}`: values are not converted", column, wanted),
          .hint = {}};
}

std::vector<Diagnostic> missing_columns(std::span<const std::string_view> columns, const Kind& kind,
                                        const MeasurementTable& table, std::string_view role) {
  std::vector<Diagnostic> missing;
  for (std::string_view column : columns) {
    if (table.find_column(column)) continue;
    if (const auto other = in_another_unit(column, table.columns())) {
      missing.push_back(wrong_unit(table, *other, column));
      continue;
    }
    missing.push_back({.place = {table.name(), 1, 1},
                       .key = {},
                       .value = {},
                       .rule = fmt::format("column `{}` is missing: {} of kind {}", column, role, kind.name),
                       .hint = {}});
  }
  return missing;
}

}  // namespace

Estimate log_interval(double value, double half_width) {
  return {value, value * std::exp(-half_width), value * std::exp(half_width)};
}

Prediction unpredicted(const MeasurementTable& table, std::size_t row, std::string_view quantity, std::string why) {
  return {.row = row + 1,
          .quantity = std::string(quantity),
          .group = {},
          .measured = table.number(row, quantity),
          .estimate = std::nullopt,
          .grade = Grade::Assumed,
          .note = std::move(why)};
}

std::span<const Kind> kinds() {
  return kKinds;
}

const Kind& kind_by_name(std::string_view name, std::string_view file) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& kind) { return kind.name == name; });
  if (found != kKinds.end()) return *found;
  throw ConfigError({.place = {std::string(file), 0, 0},
                     .key = "kind",
                     .value = fmt::format("\"{}\"", name),
                     .rule = "is no known kind of measurement",
                     .hint = fmt::format("known: {}", fmt::join(kind_names(), ", "))});
}

const Kind& recognise(const MeasurementTable& table) {
  const auto num_present = [&](const Kind& kind) {
    return static_cast<std::size_t>(
        std::count_if(kind.recognised_by.begin(), kind.recognised_by.end(),
                      [&](std::string_view column) { return table.find_column(column).has_value(); }));
  };
  const auto num_missing = [&](const Kind& kind) { return kind.recognised_by.size() - num_present(kind); };
  const Kind* nearest = nullptr;
  for (const Kind& kind : kKinds) {
    if (num_present(kind) == kind.recognised_by.size()) return kind;
    // Half of the columns that tell a kind are no accident.
    const bool half = 2 * num_present(kind) >= kind.recognised_by.size();
    if (half && (nearest == nullptr || num_missing(kind) < num_missing(*nearest))) nearest = &kind;
  }
  if (nearest != nullptr) throw ConfigError(missing_columns(nearest->recognised_by, *nearest, table, "it marks a set"));
  throw ConfigError({.place = {table.name(), 1, 1},
                     .key = {},
                     .value = {},
                     .rule = "these columns belong to no known kind of measurement",
                     .hint = fmt::format("known: {}", fmt::join(kind_names(), ", "))});
}

void check_conditions(const Kind& kind, const MeasurementTable& table) {
  std::vector<Diagnostic> mistakes = missing_columns(kind.conditions, kind, table, "it is a condition");
  for (std::string_view column : kind.quantities) {
    if (table.find_column(column)) continue;
    if (const auto other = in_another_unit(column, table.columns())) mistakes.push_back(wrong_unit(table, *other, column));
  }
  if (!mistakes.empty()) throw ConfigError(std::move(mistakes));
}

}  // namespace labtwin::calibration
