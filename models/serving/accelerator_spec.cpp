#include "models/serving/accelerator_spec.hpp"

#include <algorithm>

namespace labtwin::serving {

FlopsPerSecond AcceleratorSpec::peak_fp16() const {
  FlopsPerSecond peak;
  for (const auto& rate : {fp16_matrix_fp16_sum, fp16_matrix, fp16, fp32}) peak = std::max(peak, rate.value_or(peak));
  return peak;
}

AcceleratorSpec read_accelerator_spec(TableReader& parameters) {
  AcceleratorSpec spec;
  spec.vendor = parameters.required<std::string>("vendor");
  spec.kind = parameters.enumeration<AcceleratorKind>(
      "kind", {{"discrete", AcceleratorKind::Discrete}, {"integrated", AcceleratorKind::Integrated}});
  spec.architecture = parameters.required<std::string>("architecture");
  spec.memory = parameters.required<Bytes>("memory", kPositive);
  spec.memory_bandwidth = parameters.required<BytesPerSecond>("memory_bandwidth", kPositive);
  spec.compute_units = parameters.required<int>("compute_units", at_least(1.0));
  spec.fp32 = parameters.optional<FlopsPerSecond>("fp32", kPositive);
  spec.fp16 = parameters.optional<FlopsPerSecond>("fp16", kPositive);
  spec.fp16_matrix = parameters.optional<FlopsPerSecond>("fp16_matrix", kPositive);
  spec.fp16_matrix_fp16_sum = parameters.optional<FlopsPerSecond>("fp16_matrix_fp16_sum", kPositive);
  spec.int8_matrix = parameters.optional<FlopsPerSecond>("int8_matrix", kPositive);
  spec.fp8_matrix = parameters.optional<FlopsPerSecond>("fp8_matrix", kPositive);
  spec.fp4_matrix = parameters.optional<FlopsPerSecond>("fp4_matrix", kPositive);
  spec.l2_cache = parameters.optional<Bytes>("l2_cache", kPositive);
  spec.pcie_generation = parameters.optional<int>("pcie_generation", at_least(1.0));
  spec.pcie_lanes = parameters.optional<int>("pcie_lanes", at_least(1.0));
  spec.board_power = parameters.optional<Watts>("board_power", kPositive);
  spec.boost_clock = parameters.optional<PerSecond>("boost_clock", kPositive);
  spec.max_clock = parameters.optional<PerSecond>("max_clock", kPositive);
  spec.memory_clock = parameters.optional<PerSecond>("memory_clock", kPositive);
  if (spec.peak_fp16() == FlopsPerSecond{}) parameters.fail("fp32", "is missing: one of fp32, fp16 and fp16_matrix is needed");
  return spec;
}

ProcessorSpec read_processor_spec(TableReader& parameters) {
  ProcessorSpec spec;
  spec.vendor = parameters.required<std::string>("vendor");
  spec.cores = parameters.optional<int>("cores", at_least(1.0));
  spec.threads = parameters.optional<int>("threads", at_least(1.0));
  spec.memory_channels = parameters.optional<int>("memory_channels", at_least(1.0));
  spec.memory_type = parameters.required<std::string>("memory_type");
  spec.memory_bandwidth = parameters.required<BytesPerSecond>("memory_bandwidth", kPositive);
  spec.measured_bandwidth = parameters.optional<BytesPerSecond>("measured_bandwidth", kPositive);
  spec.l3_cache = parameters.optional<Bytes>("l3_cache", kPositive);
  spec.fp32 = parameters.optional<FlopsPerSecond>("fp32", kPositive);
  spec.bf16_matrix = parameters.optional<FlopsPerSecond>("bf16_matrix", kPositive);
  spec.package_power = parameters.optional<Watts>("package_power", kPositive);
  return spec;
}

}  // namespace labtwin::serving
