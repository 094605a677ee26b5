#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "models/base/rng.hpp"
#include "models/network/connection.hpp"
#include "models/storage/share.hpp"
#include "models/topology/topology.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/resource.hpp"
#include "sim/service/bus_passage.hpp"
#include "sim/service/cores.hpp"
#include "sim/service/volume.hpp"

namespace labtwin::service {

/// When a server has written data to its medium before it answers: as the client asks, with every write, or never.
enum class ShareSync : std::uint8_t { Standard, Always, Disabled };

struct RemoteVolumeOptions {
  ResourceId resource = 0;
  storage::ShareSettings protocol;
  ShareSync sync = ShareSync::Standard;
  BytesPerSecond link;                                     ///< narrowest of the way; for plans
  Seconds one_way;                                         ///< latency of the way
  std::optional<BytesPerSecond> bound{};                   ///< what windows allow one connection
  std::shared_ptr<const network::PathSchedule> packets{};  ///< of a way that loses packets or changes
  RandomStream stream{0};                                  ///< its luck
  std::optional<OwnerId> culprit{};                        ///< who is charged for what it loses
};

/// A volume of another node, mounted here. Each request takes a slot of the client, crosses the network, is worked on by one
/// of the server's cores (one at a time per connection), done by the server's volume and answered over the network. Data
/// crosses the links that everybody shares, one message after the other on each connection, so that a small answer waits behind
/// the large ones that were ready before; a message without data only takes its latency. Over a way that loses packets every
/// message goes packet by packet over a simulated TCP connection instead; of the links it takes what its packets do. Left out:
/// caches at either end, locks and attributes.
class RemoteVolume final : public Volume {
 public:
  struct Places {
    Volume* volume = nullptr;   ///< of the server
    Cores* cores = nullptr;     ///< of the server
    topology::Route to_server;  ///< over links whose latency is next to nothing: it is in `one_way`
    topology::Route to_client;
    BusWay inside_to_server{};  ///< links inside the machines at both ends
    BusWay inside_to_client{};
  };

  RemoteVolume(Engine& engine, const RemoteVolumeOptions& options, const Places& places);

  void submit(storage::Io& io, IoListener& listener, std::size_t tag) override;
  void unplug() override {}
  void cancel(WorkId id) override;
  WorkId start_bulk(const storage::BulkJob& job, std::function<void()> on_end) override;
  void stop_bulk(WorkId id) override;
  [[nodiscard]] Bytes bulk_progress(WorkId id) override;
  [[nodiscard]] ResourceId resource() const noexcept override { return options_.resource; }
  [[nodiscard]] std::optional<OwnerId> main_owner() const noexcept override;
  [[nodiscard]] BytesPerSecond rate_alone(const StreamWindow& window) const override;
  [[nodiscard]] Seconds sync_time(storage::SyncCall call) const override;

  /// Time that the server's side of the connections has worked, summed over them.
  [[nodiscard]] Seconds work_entered() const { return connections_.statistics().busy_time; }
  /// Integral of the number of requests that wait for a slot, a connection or their turn to be sent.
  [[nodiscard]] Seconds waiting_time() const {
    return slots_.statistics().waiting_time + connections_.statistics().waiting_time +
           to_server_.turns.statistics().waiting_time + to_client_.turns.statistics().waiting_time;
  }
  [[nodiscard]] unsigned num_connections() const noexcept { return options_.protocol.num_connections; }

 private:
  /// The steady rate of a bulk job: the slope of a line through what was done when (least squares), which a block more or less
  /// at either end does not tilt.
  class Pace {
   public:
    void add(Seconds at, Bytes done);
    [[nodiscard]] BytesPerSecond rate() const;

   private:
    double num_marks_ = 0.0;
    Seconds first_at_;
    Bytes first_done_;
    double sum_time_ = 0.0;  // of marks after the first, seconds and bytes from it
    double sum_done_ = 0.0;
    double sum_time_squared_ = 0.0;
    double sum_time_done_ = 0.0;
  };
  /// A bulk job that goes on at a steady rate.
  struct Flow {
    BytesPerSecond rate;
    Seconds since;
    WorkId on_volume = 0;
    std::optional<Process> process{};
  };
  struct Bulk {
    storage::BulkJob job;
    std::function<void()> on_end;
    Seconds started;
    std::uint64_t num_issued = 0;
    std::uint64_t num_completed = 0;
    Bytes done{};
    std::vector<Process> lanes{};
    std::uint64_t alone_from = 0;  ///< blocks completed when it was seen to be alone
    Pace pace{};                   ///< since it has been alone for half of the rounds
    std::optional<Flow> flow{};
  };

  /// A direction of the connections.
  struct Way {
    topology::Route route;
    Resource turns;  ///< to send: one message at a time on each connection
    network::Side from = network::Side::Client;
    std::vector<std::unique_ptr<network::Connection>> free_lines{};  ///< connections that nobody sends over now
    BusWay inside{};
  };

  /// Nothing where neither machine names its board.
  [[nodiscard]] std::unique_ptr<BusPassage> pass_inside(const Way& way, Bytes wire, OwnerId owner);

  /// How a request, or a part of it, went; the causes sum to the time it took.
  struct Answer {
    Outcome outcome = Outcome::Completed;
    Causes causes;

    /// Adds a step; false where it did not complete.
    template <class Step>
    [[nodiscard]] bool goes_on(const Step& step) {
      causes = joined(std::move(causes), step.causes);
      outcome = step.outcome;
      return outcome == Outcome::Completed;
    }
  };

  Task<> answer_io(storage::Io io, IoListener* listener, std::size_t tag);
  // Bulk jobs: remote_stream.cpp.
  Task<> lane(WorkId id, std::shared_ptr<Bulk> bulk);
  void start_lanes(WorkId id, const std::shared_ptr<Bulk>& bulk);
  void consider_flow(WorkId id, const std::shared_ptr<Bulk>& bulk);
  Task<> flow(WorkId id, std::shared_ptr<Bulk> bulk);
  Task<> wait(Seconds duration);
  Task<> work(storage::BulkJob job, Bytes data);
  Task<> carry(storage::BulkJob job, Bytes data);
  [[nodiscard]] double requests_in(const storage::BulkJob& job, Bytes data) const;
  void end_flows();
  void end_flow(WorkId id, const std::shared_ptr<Bulk>& bulk);
  void stop_flow(Bulk& bulk);
  [[nodiscard]] bool is_behind(const Bulk& bulk) const;
  [[nodiscard]] Bytes progress(const Bulk& bulk) const;
  Task<Answer> perform_whole(storage::Io io);
  Task<Answer> request(storage::Io io);
  Task<Answer> serve(storage::Io io);
  Task<Answer> move(Way* way, Bytes data, OwnerId owner);
  Task<Answer> move_packets(Way* way, Bytes data, OwnerId owner);
  [[nodiscard]] std::unique_ptr<network::Connection> take_line(Way& way);
  [[nodiscard]] bool is_done(const Bulk& bulk) const;
  [[nodiscard]] Volume& volume_for(storage::Direction direction) const;
  [[nodiscard]] Seconds medium_sync() const;

  RemoteVolumeOptions options_;
  Places places_;
  Resource slots_;
  Resource connections_;
  Way to_server_;
  Way to_client_;
  std::uint64_t num_lines_ = 0;
  WorkId next_id_ = 1;
  std::unordered_map<WorkId, Process> ios_;                      ///< looked up only, never walked
  std::vector<std::pair<WorkId, std::shared_ptr<Bulk>>> bulks_;  ///< those that run
};

}  // namespace labtwin::service
