#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "models/base/distribution.hpp"
#include "models/base/rng.hpp"
#include "models/network/datagram_socket.hpp"
#include "models/network/pipe.hpp"
#include "sim/engine/alarm.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/trigger.hpp"
#include "sim/process/recorder.hpp"
#include "sim/service/cores.hpp"

namespace labtwin::service {

/// What sensors send.
struct SensorTraffic {
  PerSecond rate;  ///< datagrams
  Bytes payload;
  PerSecond anomalies;
  std::uint64_t datagrams_per_anomaly = 1;  ///< that show it, one after the other
};

/// How the detector works.
struct DetectorOptions {
  network::DatagramReceiver receiver;
  std::uint64_t window = 1;             ///< datagrams that it looks at together
  Seconds inference;                    ///< of a core, per window
  DistributionOf<Seconds> stall_every;  ///< from the end of a stall to the next
  DistributionOf<Seconds> stall;        ///< how long it does not read
};

struct SensorNames {
  OwnerId owner = 0;
  OwnerId stalls = 0;  ///< who is charged for what waits in the socket
  WorkloadId workload = 0;
  ResourceId network = 0;
  ResourceId socket = 0;
  ResourceId window = 0;
};

struct SensorOptions {
  SensorNames names;
  SensorTraffic traffic;
  DetectorOptions detector;
  Bytes mtu = Bytes::from_base(1500.0);
};

/// Datagrams by what became of them.
struct DatagramCounts {
  double sent = 0.0;
  double lost_on_the_way = 0.0;
  double lost_at_the_link = 0.0;  ///< more than the narrowest link carries
  double lost_at_the_socket = 0.0;
};

/// A stream of datagrams from sensors to a detector, and the anomalies in it. The stream is a fluid whose rate follows what the
/// way loses; an anomaly is followed datagram by datagram: over the way, through the socket, until its window is full and has
/// been looked at. It is completed when it is detected and failed when all datagrams that show it are lost. Left out: the ring
/// of the card, which overflows only if the kernel is late by more than it holds; reordering.
class SensorStream {
 public:
  struct Places {
    std::shared_ptr<const network::PipeSchedule> way;  ///< from the sensors
    Cores* cores = nullptr;
    Recorder* recorder = nullptr;
  };

  SensorStream(Engine& engine, const RandomSource& random, const SensorOptions& options, const Places& places);
  SensorStream(const SensorStream&) = delete;
  SensorStream& operator=(const SensorStream&) = delete;

  /// Processes to be spawned.
  Task<> follow_way();
  Task<> stalls();
  Task<> anomalies();

  /// Up to now.
  [[nodiscard]] DatagramCounts counts();

 private:
  Task<> anomaly(std::uint64_t number);
  Task<bool> receive(std::uint64_t number, Timeline& timeline);
  [[nodiscard]] double way_loss() const;
  [[nodiscard]] double link_loss() const;
  [[nodiscard]] const network::PipeSettings& way() const { return (*places_.way)[way_state_].settings; }
  void count();
  void socket_changed();

  Engine* engine_;
  SensorOptions options_;
  Places places_;
  RandomStream arrivals_;
  RandomStream fates_;
  RandomStream stalls_;
  network::DatagramOnWire wire_;
  network::DatagramSocket socket_;
  Alarm alarm_;
  std::unordered_map<std::uint64_t, Trigger<>*> waiting_;  ///< by anomaly; looked up only
  std::size_t way_state_ = 0;
  DatagramCounts counts_;
  Seconds counted_at_;
};

}  // namespace labtwin::service
