#pragma once

// What `tc qdisc ... netem ...` does to packets, read from the command line that a user has run for real.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "models/base/units.hpp"
#include "models/network/loss.hpp"
#include "models/network/path.hpp"
#include "models/network/pipe.hpp"

namespace labtwin::network {

/// A degradation of the packets that leave one interface.
struct Netem {
  std::string interface;  ///< as in `dev eth0`; empty if only netem's own words were given
  Seconds delay;
  Seconds jitter;          ///< standard deviation, or half of the width where no distribution is named
  bool is_uniform = true;  ///< no `distribution` was named
  double delay_correlation = 0.0;
  LossModel loss;
  double duplicate = 0.0;
  double corrupt = 0.0;  ///< a receiver drops what fails its checksum
  double reorder = 0.0;  ///< share of packets that leave at once
  std::optional<BytesPerSecond> rate;
  std::int64_t limit_packets = 1000;

  /// The direction of a path that the interface sends into, degraded as well. `to_client` tells which.
  void apply(Path& path, bool to_client) const;
  /// The same to the direction alone. Packets overtake each other by their delays unless there is a rate, as netem has it.
  void apply(PipeSettings& direction) const;

 private:
  [[nodiscard]] Seconds deviation() const noexcept;
};

/// Reads a whole command (`tc qdisc add dev eth0 root netem delay 50ms loss 1%`) or the words after `netem`. Throws ConfigError
/// that names the word: unknown words, loss beyond 100 %, times below 0.
[[nodiscard]] Netem parse_netem(std::string_view command);

}  // namespace labtwin::network
