#include "sim/scenario/read_stream_detector.hpp"

namespace labtwin {
namespace {

std::optional<StreamDetectorSpec::Stalls> read_stalls(TableReader& table) {
  std::optional<TableReader> stalls = table.optional_table("stalls");
  if (!stalls) return std::nullopt;
  return StreamDetectorSpec::Stalls{.every = stalls->distribution<Seconds>("every", kPositive),
                                    .lasts = stalls->distribution<Seconds>("lasts")};
}

}  // namespace

ServiceKind read_stream_detector(TableReader& table, const ServicePlace& /*place*/) {
  StreamDetectorSpec spec;
  spec.receive_buffer = table.value_or<Bytes>("receive_buffer", spec.receive_buffer, at_least(2304.0));
  spec.window = table.value_or<std::uint32_t>("window", spec.window, at_least(1.0));
  spec.inference = table.value_or<Seconds>("inference", Seconds{}, kNonNegative);
  spec.memory = table.value_or<Bytes>("memory", Bytes{}, kNonNegative);
  spec.stalls = read_stalls(table);
  if (auto ring = table.optional_table("ring")) {
    spec.ring.num_descriptors = ring->value_or<std::uint32_t>("descriptors", spec.ring.num_descriptors, between(1.0, 65536.0));
    spec.ring.packet_time = ring->value_or<Seconds>("packet_time", spec.ring.packet_time, kPositive);
    spec.ring.stalls = read_stalls(*ring);
  }
  return spec;
}

}  // namespace labtwin
