#pragma once

#include <cstdint>
#include <memory>

#include "models/base/distribution.hpp"
#include "models/base/rng.hpp"
#include "models/network/datagram_socket.hpp"
#include "models/network/pipe.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/recorder.hpp"
#include "sim/service/cores.hpp"
#include "sim/service/datagram_queue.hpp"

namespace labtwin::service {

/// What sensors send.
struct SensorTraffic {
  PerSecond rate;  ///< datagrams
  Bytes payload;
  PerSecond anomalies;
  std::uint64_t datagrams_per_anomaly = 1;  ///< that show it, one after the other
};

/// When somebody does not read.
struct Stalls {
  DistributionOf<Seconds> every;  ///< from the end of a stall to the next
  DistributionOf<Seconds> lasts;
};

/// How the detector works.
struct DetectorOptions {
  network::DatagramReceiver ring;      ///< of its card, emptied by the kernel
  network::DatagramReceiver receiver;  ///< its socket
  std::uint64_t window = 1;            ///< datagrams that it looks at together
  Seconds inference;                   ///< of a core, per window
  Stalls ring_stalls;                  ///< of the kernel
  Stalls stalls;                       ///< of the detector
};

struct SensorNames {
  OwnerId owner = 0;
  OwnerId stalls = 0;  ///< who is charged for what waits in the socket
  WorkloadId workload = 0;
  ResourceId network = 0;
  ResourceId ring = 0;
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
  double lost_at_the_ring = 0.0;  ///< of the card, while the kernel did not empty it
  double lost_at_the_socket = 0.0;
};

/// A stream of datagrams from sensors to a detector, and the anomalies in it. The stream is a fluid whose rate follows what the
/// way loses; an anomaly is followed datagram by datagram: over the way, through the ring of the card and the socket, until its
/// window is full and has been looked at. It is completed when it is detected and failed when all datagrams that show it are
/// lost. Left out: windows do not mind the order of datagrams, and duplicates are thrown away.
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
  Task<> ring_stalls();
  Task<> anomalies();

  /// Up to now.
  [[nodiscard]] DatagramCounts counts();

 private:
  Task<> anomaly(std::uint64_t number);
  Task<bool> receive(std::uint64_t number, Timeline& timeline);
  [[nodiscard]] double way_loss() const;
  [[nodiscard]] double link_loss() const;
  [[nodiscard]] const network::PipeSettings& way() const { return (*places_.way)[way_state_].settings; }
  [[nodiscard]] Bytes bytes_on_way() const;
  void count();

  Engine* engine_;
  SensorOptions options_;
  Places places_;
  RandomStream arrivals_;
  RandomStream fates_;
  RandomStream ring_fates_;
  RandomStream delays_;
  RandomStream stalls_;
  RandomStream ring_stalls_;
  network::DatagramOnWire wire_;
  DatagramQueue socket_;
  DatagramQueue ring_;  ///< its departures are what arrives at the socket
  std::size_t way_state_ = 0;
  DatagramCounts counts_;
  Seconds counted_at_;
};

}  // namespace labtwin::service
