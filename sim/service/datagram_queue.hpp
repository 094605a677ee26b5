#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "models/network/datagram_socket.hpp"
#include "sim/engine/alarm.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/trigger.hpp"

namespace labtwin::service {

/// A DatagramSocket in simulated time: the ring of a card or the buffer of a socket, through which a stream of datagrams flows
/// and marked ones pass.
class DatagramQueue {
 public:
  /// `on_departures` is called whenever the rate has changed at which datagrams leave.
  DatagramQueue(Engine& engine, const network::DatagramReceiver& receiver, std::function<void()> on_departures = {});
  DatagramQueue(const DatagramQueue&) = delete;
  DatagramQueue& operator=(const DatagramQueue&) = delete;

  void set_arrivals(PerSecond rate);
  void stall();
  void resume();
  /// Waits until the marked datagram has left; false: it is lost.
  Task<bool> pass(std::uint64_t mark, double uniform);

  [[nodiscard]] PerSecond departures() const noexcept { return socket_.departures(); }
  [[nodiscard]] double num_lost() { return socket_.num_lost(engine_->now()); }

 private:
  void changed();

  Engine* engine_;
  network::DatagramSocket socket_;
  std::function<void()> on_departures_;
  PerSecond told_;
  std::unordered_map<std::uint64_t, Trigger<>*> waiting_;  ///< by mark; looked up only
  Alarm alarm_;
};

}  // namespace labtwin::service
