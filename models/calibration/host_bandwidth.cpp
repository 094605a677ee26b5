#include "models/calibration/host_bandwidth.hpp"

#include "models/serving/usual_memory.hpp"

namespace labtwin::calibration {

BytesPerSecond host_bandwidth(const HostOfRow& host, const LlmParts& parts) {
  const bool is_pair = host.processor.starts_with("2x ");
  const std::string_view name = host.processor.substr(is_pair ? 3 : 0);
  const auto known = name.empty() ? std::nullopt : parts.processor(name);
  if (!known) return serving::usual_memory_bandwidth(host.architecture, host.kept);
  return known->spec.memory_bandwidth * (is_pair ? 2.0 : 1.0);
}

}  // namespace labtwin::calibration
