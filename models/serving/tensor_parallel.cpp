#include "models/serving/tensor_parallel.hpp"

namespace labtwin::serving {
namespace {

constexpr int kMostCards = 16;

}  // namespace

bool can_share_heads(const ModelShape& shape, int num_cards) noexcept {
  if (shape.heads % num_cards != 0) return false;
  return shape.kv_heads % num_cards == 0 || num_cards % shape.kv_heads == 0;
}

std::vector<int> tensor_parallel_sizes(const ModelShape& shape) {
  std::vector<int> sizes;
  for (int size = 1; size <= kMostCards; ++size) {
    if (can_share_heads(shape, size)) sizes.push_back(size);
  }
  return sizes;
}

}  // namespace labtwin::serving
