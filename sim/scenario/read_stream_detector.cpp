#include "sim/scenario/read_stream_detector.hpp"

namespace labtwin {

ServiceKind read_stream_detector(TableReader& table, const ServicePlace& /*place*/) {
  StreamDetectorSpec spec;
  spec.receive_buffer = table.value_or<Bytes>("receive_buffer", spec.receive_buffer, at_least(2304.0));
  spec.window = table.value_or<std::uint32_t>("window", spec.window, at_least(1.0));
  spec.inference = table.value_or<Seconds>("inference", Seconds{}, kNonNegative);
  spec.memory = table.value_or<Bytes>("memory", Bytes{}, kNonNegative);
  if (auto stalls = table.optional_table("stalls")) {
    spec.stall_every = stalls->distribution<Seconds>("every", kPositive);
    spec.stall = stalls->distribution<Seconds>("lasts");
  }
  return spec;
}

}  // namespace labtwin
