#pragma once

// What `tc qdisc ... netem ...` does to packets, read from the command line that a user has run for real.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/units.hpp"
#include "models/network/loss.hpp"
#include "models/network/path.hpp"
#include "models/network/pipe.hpp"

namespace labtwin::network {

/// `tbf` above or below netem: a rate with a queue of its own, which drops what it does not hold.
struct TokenBucket {
  BytesPerSecond rate;
  Bytes burst;
  Bytes limit;  ///< of the queue
};

/// A degradation of the packets that leave one interface.
struct Netem {
  std::string interface;  ///< as in `dev eth0`; empty if only netem's own words were given
  Seconds delay;
  Seconds jitter;  ///< as tc takes it, see DelayShape
  DelayShape shape = DelayShape::Uniform;
  LossModel loss;
  double duplicate = 0.0;
  double corrupt = 0.0;  ///< a receiver drops what fails its checksum
  double reorder = 0.0;  ///< share of packets that leave at once
  std::optional<BytesPerSecond> rate;
  Framing framing{.per_packet = kEthernetHeaderBytes};  ///< of the rate
  std::int64_t limit_packets = INT64_MAX;               ///< that it holds; netem's words come with 1000
  std::optional<TokenBucket> bucket{};
  std::vector<std::string> caveats{};  ///< where the words do not do what they seem to say

  /// The direction of a path that the interface sends into, degraded as well. `to_client` tells which.
  void apply(Path& path, bool to_client) const;
  /// The same to the direction alone. Packets overtake each other by their delays unless there is a rate, as netem has it.
  void apply(PipeSettings& direction) const;
};

/// Reads whole commands of tc, netem with or without tbf (`tc qdisc add dev eth0 root netem delay 50ms loss 1%`; several are
/// separated by lines, `;` or `&&`), or the words after `netem`. Throws ConfigError that names the word: unknown words, loss
/// beyond 100 %, times below 0.
[[nodiscard]] Netem parse_netem(std::string_view commands);

}  // namespace labtwin::network
