#pragma once

// What lies between two ends as time passes: the path of a lab and what somebody does to it.

#include <optional>
#include <string>
#include <vector>

#include "models/base/units.hpp"
#include "models/network/netem.hpp"
#include "models/network/path.hpp"
#include "models/network/pipe.hpp"
#include "models/network/toxic.hpp"

namespace labtwin::network {

/// Both directions of a path.
struct PathSchedule {
  PipeSchedule to_server;
  PipeSchedule to_client;
};

/// A path that stays as it is.
[[nodiscard]] PathSchedule constant_schedule(const Path& path);

/// A link that is up and down in turn, up first.
struct Flap {
  Seconds up;
  Seconds down;
};

/// Something that is done to packets of one direction for a while.
struct Degradation {
  std::string name;
  Seconds from;
  std::optional<Seconds> until;  ///< nothing: for good
  Netem effect;
  bool is_partition = false;     ///< no packet arrives
  std::optional<Flap> flap;      ///< a partition while it is down
  std::optional<Toxic> toxic{};  ///< of a proxy, which acts on messages and not on packets

  [[nodiscard]] bool is_active(Seconds now) const noexcept { return from <= now && (!until || now < *until); }
};

/// The direction with all that is done to it until the horizon: delays add up, losses are independent, the narrowest rate
/// counts.
[[nodiscard]] PipeSchedule degraded(const PipeSettings& base, const std::vector<Degradation>& degradations, Seconds horizon);

/// Whether the direction neither loses packets nor changes, so that closed forms hold.
[[nodiscard]] bool is_plain(const PipeSchedule& schedule) noexcept;

}  // namespace labtwin::network
