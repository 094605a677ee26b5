#include "models/storage/page_cache.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace labtwin::storage {
namespace {

constexpr std::size_t kMaxGroups = 400;
constexpr int kBisections = 200;

/// Blocks of about the same popularity.
struct Group {
  double num_blocks = 0.0;
  double probability = 0.0;  ///< of one block
};

/// Ranks in groups whose width grows with the rank: the first ones alone, so that a small set is exact.
std::vector<Group> group_by_rank(const WorkingSet& set) {
  std::vector<Group> groups;
  const double growth = 1.0 + std::log(set.num_blocks + 1.0) / static_cast<double>(kMaxGroups) * 2.0;
  double total = 0.0;
  for (double first = 1.0; first <= set.num_blocks;) {
    const double end = std::min(set.num_blocks + 1.0, std::max(first + 1.0, std::floor(first * growth)));
    const double middle = std::sqrt(first * (end - 1.0));
    groups.push_back({end - first, std::pow(middle, -set.popularity)});
    total += groups.back().num_blocks * groups.back().probability;
    first = end;
  }
  for (Group& group : groups) group.probability /= total;
  return groups;
}

double num_resident(const std::vector<Group>& groups, double time) {
  double sum = 0.0;
  for (const Group& group : groups) sum -= group.num_blocks * std::expm1(-group.probability * time);
  return sum;
}

}  // namespace

double lru_hit_ratio(const WorkingSet& set, double num_cached) {
  if (num_cached <= 0.0) return 0.0;
  if (num_cached >= set.num_blocks) return 1.0;
  const std::vector<Group> groups = group_by_rank(set);
  double low = 0.0;
  double high = 1.0;
  while (num_resident(groups, high) < num_cached) high *= 2.0;
  for (int i = 0; i < kBisections && high - low > 1e-12 * high; ++i) {
    const double middle = 0.5 * (low + high);
    (num_resident(groups, middle) < num_cached ? low : high) = middle;
  }
  double hits = 0.0;
  for (const Group& group : groups) {
    hits -= group.num_blocks * group.probability * std::expm1(-group.probability * high);
  }
  return hits;
}

std::uint64_t popular_block(double uniform, std::uint64_t num_blocks, double popularity) {
  const auto n = static_cast<double>(num_blocks);
  const double power = 1.0 - popularity;
  double x = 0.5 * std::pow(2.0 * n + 1.0, uniform);
  if (std::abs(power) > 1e-9) {
    const double low = std::pow(0.5, power);
    x = std::pow(low + uniform * (std::pow(n + 0.5, power) - low), 1.0 / power);
  }
  return std::min(num_blocks - 1, static_cast<std::uint64_t>(std::max(0.0, x - 0.5)));
}

}  // namespace labtwin::storage
