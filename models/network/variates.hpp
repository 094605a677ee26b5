#pragma once

// Uniform variates for one simulated connection, in the order in which its own packets need them.

#include <cmath>
#include <cstdint>

#include "models/base/rng.hpp"

namespace labtwin::network {

/// The draws of one entity of a stream, one after another. The n-th is a pure function of (stream, entity, n).
class Variates {
 public:
  Variates(RandomStream stream, std::uint64_t entity) noexcept : stream_(stream), entity_(entity) {}

  /// In the open interval (0, 1).
  double next() noexcept { return stream_.uniform(entity_, index_++); }

 private:
  RandomStream stream_;
  std::uint64_t entity_;
  std::uint64_t index_ = 0;
};

}  // namespace labtwin::network
