#pragma once

#include "sim/service/bus.hpp"
#include "sim/service/paced_bulk.hpp"

namespace labtwin::service {

/// A message between machines on the links inside those that name their board, while the network carries it: both stages
/// overlap, so it is there when both are through.
class BusPassage {
 public:
  /// `most`: what the network carries at most.
  BusPassage(Engine& engine, const BusWay& way, BytesPerSecond most, Bytes bytes, OwnerId owner)
      : engine_(&engine), owner_(owner), copy_(engine, *way.bus, {.lanes = way.lanes, .cap = most}, bytes, owner) {}

  /// Waits for what is not through when the network is; that is slowdown by whoever is on the links.
  Task<Causes> rest();

 private:
  Engine* engine_;
  OwnerId owner_;
  Bus::Copy copy_;
};

}  // namespace labtwin::service
