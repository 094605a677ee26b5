#include "models/serving/card_memory.hpp"

namespace labtwin::serving {
namespace {

constexpr double kMiB = 1048576.0;

}  // namespace

Bytes usable_memory(const AcceleratorSpec& card) {
  return card.memory * (card.kind == AcceleratorKind::Discrete ? 0.98 : 0.75);
}

Bytes context_reserve(const AcceleratorSpec& card) {
  if (card.kind == AcceleratorKind::Integrated) return Bytes{};
  return Bytes::from_base((3.2 * card.compute_units + 20.0) * kMiB);
}

}  // namespace labtwin::serving
