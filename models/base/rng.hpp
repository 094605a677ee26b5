#pragma once

// Counter-based random numbers. A variate is a pure function of (seed, replication, purpose, entity, index): no generator
// state exists, so neither a new consumer nor another order of events shifts anybody's draw. Two runs that differ in one
// part give the same user the same luck, which is what makes what-ifs comparable request by request.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC'11 (Philox4x32-10 of Random123).

#include <cstdint>
#include <string_view>

namespace labtwin {

/// The draws of one purpose (for example `agent.think`): each is addressed by an entity and an index within it.
class RandomStream {
 public:
  explicit RandomStream(std::uint64_t key) noexcept : key_(key) {}

  /// Uniform in the open interval (0, 1), 53 bits. Same arguments, same value, in any order.
  [[nodiscard]] double uniform(std::uint64_t entity, std::uint64_t index = 0) const noexcept;
  /// 64 uniform bits.
  [[nodiscard]] std::uint64_t bits(std::uint64_t entity, std::uint64_t index = 0) const noexcept;

 private:
  std::uint64_t key_;
};

/// The root of all random streams of one replication.
class RandomSource {
 public:
  RandomSource(std::uint64_t seed, std::uint64_t replication) noexcept : seed_(seed), replication_(replication) {}

  /// The stream of a purpose; equal names give equal streams.
  [[nodiscard]] RandomStream stream(std::string_view purpose) const noexcept;

 private:
  std::uint64_t seed_;
  std::uint64_t replication_;
};

}  // namespace labtwin
