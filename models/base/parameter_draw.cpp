#include "models/base/parameter_draw.hpp"

#include <bit>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "models/base/rng.hpp"

namespace labtwin {

double parameter_draw(std::uint64_t seed, std::uint64_t replication, std::string_view parameter) {
  const auto level = static_cast<unsigned>(std::bit_width(replication + 1)) - 1;
  const std::uint64_t size = std::uint64_t{1} << level;
  const RandomStream luck = RandomSource(seed, 0).stream("parameter." + std::string(parameter));
  std::vector<std::uint64_t> order(size);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  // Fisher and Yates.
  for (std::uint64_t i = size; i > 1; --i) std::swap(order[i - 1], order[luck.bits(level, i) % i]);
  const double place = static_cast<double>(order[replication + 1 - size]);
  return (place + 0.5) / static_cast<double>(size);
}

}  // namespace labtwin
