#pragma once

// What every Device (a state machine in front of a law) has in common. A device is told the time and the random variates;
// it reads no clock and draws nothing. Its protocol, which sim/ drives with one process per device:
//   submit(now, ...)   takes work; nothing completes inside the call
//   next_event()       when it wants to be woken, or nothing
//   advance(now)       moves to `now` and returns what has completed, in completion order
//   cancel(now, id)    forgets work that has not completed
//   set_health(now, h) the fault states

#include <cstdint>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin {

/// Who asked: the service or workload that work is charged to. Interned by the simulation; models only compare it.
using OwnerId = std::uint16_t;

/// Identifies one piece of work inside one device.
using WorkId = std::uint64_t;

/// Fault states of a part. Hung: accepts work and never answers. Dead: work fails at once.
enum class Health : std::uint8_t { Healthy, Degraded, Hung, Dead };

/// How a request, or a piece of its work, ended. Failures of the simulated world are counted, never thrown.
enum class Outcome : std::uint8_t { Completed, Rejected, TimedOut, Failed, Cancelled };

/// What a stretch of time was spent on: the operation itself as it would take alone; queued behind others; longer than alone
/// because the resource was shared while in service; or waiting because a rule says so (back-off, think time, injected delay).
enum class DelayKind : std::uint8_t { Service, Waiting, Slowdown, Policy };

/// A stretch of a sojourn time and whose work caused it. Service has the asker itself as culprit.
struct Cause {
  DelayKind kind = DelayKind::Service;
  OwnerId culprit = 0;
  Seconds duration;
};

/// The causes of one piece of work; durations sum to its time in the device exactly (within rounding).
using Causes = std::vector<Cause>;

}  // namespace labtwin
