#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "models/base/device.hpp"
#include "models/base/occupancy.hpp"
#include "models/base/units.hpp"
#include "models/topology/topology.hpp"
#include "sim/engine/waiter.hpp"

namespace labtwin {

class Transfers;
struct RouteUse;

/// How a transfer went. Causes: waiting for a place on the links, service as it would take alone, and slowdown by those who
/// shared the links; they sum to `elapsed`. All are charged to one link, the one that was most in demand meanwhile.
struct TransferResult {
  Outcome outcome = Outcome::Completed;
  Seconds elapsed;
  Seconds uncontended;                         ///< latency + bytes / narrowest bandwidth of the route, or the bound
  std::optional<topology::LinkId> bottleneck;  ///< nothing for a route without links
  Causes causes;
};

struct TransferOptions {
  OwnerId owner = 0;                      ///< who is charged for it
  std::optional<BytesPerSecond> bound{};  ///< what the flow does not exceed however empty the links are
};

/// Bytes on their way over a route; made by Engine::transfer. Destroying it gives the transfer up.
class Transfer final : public Resumption {
 public:
  Transfer(Transfers& transfers, const topology::Route& route, Bytes bytes, const TransferOptions& options);
  ~Transfer() override;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> process);
  TransferResult await_resume() noexcept { return std::move(result_); }
  void fire() override;

 private:
  friend class Transfers;
  /// Waiting for a place on a link; flowing; arrived, and about to be resumed; ended.
  enum class State : std::uint8_t { New, Waiting, Flowing, Arrived, Ended };
  /// The use of a link up to a moment.
  struct LinkMoment {
    double demand = 0.0;
    double weight = 0.0;
    Occupancy::Moment by_owner;
  };
  using Snapshot = std::vector<LinkMoment>;  ///< by link of the route

  Transfers* transfers_;
  const RouteUse* use_;
  Bytes bytes_;
  OwnerId owner_;
  std::optional<BytesPerSecond> bound_;
  State state_ = State::New;
  std::uint64_t sequence_ = 0;       ///< of its submission: those that end together are resumed in that order
  std::optional<std::size_t> flow_;  ///< its place among the flows while it is one
  Seconds submitted_;
  Seconds started_;
  Snapshot snapshot_;  ///< at the submission, then at the start
  TransferResult result_;
};

}  // namespace labtwin
