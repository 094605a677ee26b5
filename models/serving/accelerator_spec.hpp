#pragma once

// What the datasheets of accelerators and processors say. How much of it an engine achieves is up to the laws that read them.

#include <optional>
#include <string>

#include "models/base/table_reader.hpp"
#include "models/base/units.hpp"

namespace labtwin::serving {

/// Whether an accelerator has memory of its own or takes part of the host's.
enum class AcceleratorKind : unsigned char { Discrete, Integrated };

/// A GPU, alone or as part of a system on chip. Rates are dense (no structured sparsity); multiplications and additions both
/// count.
struct AcceleratorSpec {
  std::string vendor;
  AcceleratorKind kind = AcceleratorKind::Discrete;
  std::string architecture;         ///< as the vendor names it: `Ada Lovelace`, `RDNA 3`, `Apple M2`
  Bytes memory;                     ///< nominal; of an integrated one, the most that the host is sold with
  BytesPerSecond memory_bandwidth;  ///< theoretical
  int compute_units = 0;            ///< SMs, CUs, Xe cores or GPU cores
  std::optional<FlopsPerSecond> fp32;
  std::optional<FlopsPerSecond> fp16;                  ///< vector units
  std::optional<FlopsPerSecond> fp16_matrix;           ///< matrix units, sums in FP32; absent if there are none
  std::optional<FlopsPerSecond> fp16_matrix_fp16_sum;  ///< sums in FP16
  std::optional<FlopsPerSecond> int8_matrix;
  std::optional<FlopsPerSecond> fp8_matrix;
  std::optional<FlopsPerSecond> fp4_matrix;
  std::optional<Bytes> l2_cache;
  std::optional<int> pcie_generation;
  std::optional<int> pcie_lanes;
  std::optional<Watts> board_power;
  std::optional<PerSecond> boost_clock;   ///< for which rates are told
  std::optional<PerSecond> max_clock;     ///< that the driver lets the graphics clock have
  std::optional<PerSecond> memory_clock;  ///< as the driver counts it

  /// The fastest way to multiply matrices of FP16: matrix units if there are any, else the vector units.
  [[nodiscard]] FlopsPerSecond peak_fp16() const;
};

/// A CPU as an engine sees it: cores and what feeds them.
struct ProcessorSpec {
  std::string vendor;
  std::optional<int> cores;
  std::optional<int> threads;
  std::optional<int> memory_channels;
  std::string memory_type;
  BytesPerSecond memory_bandwidth;                   ///< channels x transfer rate
  std::optional<BytesPerSecond> measured_bandwidth;  ///< by a benchmark that the entry's source names
  std::optional<Bytes> l3_cache;
  std::optional<FlopsPerSecond> fp32;
  std::optional<FlopsPerSecond> bf16_matrix;  ///< AVX-512 BF16 or AMX
  std::optional<Watts> package_power;
};

/// Parameters of a `gpus` entry of the law `accelerator`, and of a `cpus` entry of the law `processor`.
[[nodiscard]] AcceleratorSpec read_accelerator_spec(TableReader& parameters);
[[nodiscard]] ProcessorSpec read_processor_spec(TableReader& parameters);

}  // namespace labtwin::serving
