#include "models/serving/card_memory.hpp"

#include <algorithm>
#include <numeric>

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

Bytes memory_of_equal_parts(std::span<const Bytes> cards) {
  return *std::min_element(cards.begin(), cards.end());
}

Bytes memory_of_layers(std::span<const Bytes> cards) {
  return std::accumulate(cards.begin(), cards.end(), Bytes{}) / static_cast<double>(cards.size());
}

}  // namespace labtwin::serving
