#include "sim/service/remote_volume.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "models/topology/routes.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/trigger.hpp"
#include "sim/service/drive_service.hpp"
#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using storage::Direction;
using storage::testing::sharp_drive;

constexpr OwnerId kUser = 0;
constexpr OwnerId kNeighbour = 1;

/// Round numbers: nothing but the server's 50 us a request and what the network takes.
storage::ShareSettings simple_protocol() {
  storage::ShareSettings settings = storage::default_share_settings(storage::ShareProtocol::Nfs);
  settings.per_request = 50_us;
  settings.per_byte = SecondsPerByte{};
  settings.client_time = 10_us;
  settings.host_latency = 5_us;
  settings.request_header = Bytes{};
  return settings;
}

topology::Topology wire(BytesPerSecond bandwidth) {
  topology::Topology network;
  const topology::NodeId client = network.add_node("client");
  const topology::NodeId server = network.add_node("server");
  network.add_link(
      {.name = "wire", .from = client, .to = server, .bandwidth = bandwidth, .latency = Seconds::from_base(1e-12)});
  return network;
}

struct Lab {
  explicit Lab(BytesPerSecond bandwidth, const storage::ShareSettings& protocol = simple_protocol(),
               ShareSync sync = ShareSync::Standard,
               std::unique_ptr<storage::Drive> medium = sharp_drive(1_us, BytesPerSecond::from_base(1e30)))
      : network(wire(bandwidth)),
        drive(engine, 0, std::move(medium), 1_ms),
        share(engine, {.resource = 2, .protocol = protocol, .sync = sync, .link = bandwidth, .one_way = 20_us},
              {.volume = &drive,
               .cores = &cores,
               .to_server = topology::route(network, 0, 1),
               .to_client = topology::route(network, 1, 0)}) {}
  ~Lab() { engine.end_processes(); }
  topology::Topology network;
  Engine engine{network};
  Cores cores{engine, 1, 2};
  DriveService drive;
  RemoteVolume share;
};

storage::Io io_of(Direction direction, Bytes size, OwnerId owner = kUser) {
  storage::Io io;
  io.owner = owner;
  io.direction = direction;
  io.size = size;
  return io;
}

Task<> perform(Lab& lab, std::vector<storage::Io> ios, BurstResult& result, Seconds& finished) {
  result = co_await lab.share.perform(std::move(ios));
  finished = lab.engine.now();
}

Seconds total(const Causes& causes) {
  Seconds sum;
  for (const Cause& cause : causes) sum += cause.duration;
  return sum;
}

Seconds time_of(Lab& lab, std::vector<storage::Io> ios) {
  BurstResult result;
  Seconds finished;
  lab.engine.spawn("user", perform(lab, std::move(ios), result, finished));
  lab.engine.run();
  EXPECT_EQ(result.outcome, Outcome::Completed);
  EXPECT_NEAR(total(result.causes).value(), finished.value(), 1e-9);
  return finished;
}

TEST(RemoteVolume, AReadTakesEveryPartOfTheWay) {
  Lab lab(100_MBps);
  // Client 10 us; request 10 + 20 us; server 50 us; drive 1 us; 144,800 bytes as 153,800 on the wire: 1538 us and 20 us
  // of latency; 10 us at the hosts. In all 1659 us.
  EXPECT_NEAR(time_of(lab, {io_of(Direction::Read, Bytes::from_base(144800))}).value(), 1659e-6, 1e-7);
}

TEST(RemoteVolume, AWriteCarriesItsDataToTheServer) {
  Lab lab(100_MBps);
  EXPECT_NEAR(time_of(lab, {io_of(Direction::Write, Bytes::from_base(144800))}).value(), 1659e-6, 1e-7);
}

TEST(RemoteVolume, AServerThatAlwaysSyncsFlushesEveryWrite) {
  Lab lab(100_MBps, simple_protocol(), ShareSync::Always);
  EXPECT_NEAR(time_of(lab, {io_of(Direction::Write, Bytes::from_base(144800))}).value(), 2659e-6, 1e-7);
  EXPECT_LT(lab.share.sync_time(storage::SyncCall::Fdatasync), 200_us);
}

TEST(RemoteVolume, ASyncCallIsARoundTripAndTheFlushOfTheDrive) {
  Lab lab(100_MBps);
  // 10 us, twice 20 us, four times 5 us, 50 us and 1 ms.
  EXPECT_NEAR(lab.share.sync_time(storage::SyncCall::Fdatasync).value(), 1120e-6, 1e-9);
  EXPECT_EQ(lab.share.sync_time(storage::SyncCall::None), Seconds{});
}

TEST(RemoteVolume, RequestsOfAConnectionAreWorkedOnOneByOne) {
  // Ten reads of 512 bytes: the server's 50 us are the bottleneck with one connection, and half as long with two.
  std::vector<storage::Io> ios(10, io_of(Direction::Read, 512_B));
  Lab lab(1000_MBps);
  const Seconds one = time_of(lab, ios);
  EXPECT_NEAR(one.value(), 10e-6 + 30e-6 + 10 * 50e-6 + 30e-6, 10e-6);
}

TEST(RemoteVolume, ConnectionsWorkSideBySide) {
  std::vector<storage::Io> ios(10, io_of(Direction::Read, 512_B));
  storage::ShareSettings protocol = simple_protocol();
  protocol.num_connections = 2;
  Lab lab(1000_MBps, protocol);
  EXPECT_NEAR(time_of(lab, ios).value(), 10e-6 + 30e-6 + 5 * 50e-6 + 30e-6, 10e-6);
}

TEST(RemoteVolume, SplitsWhatTheProtocolDoesNotCarryAtOnce) {
  storage::ShareSettings protocol = simple_protocol();
  protocol.max_transfer = 64_KiB;
  protocol.slots = 1;
  Lab lab(1000_MBps, protocol);
  // One slot: four round trips one after the other, each at least 120 us beside the wire.
  EXPECT_GT(time_of(lab, {io_of(Direction::Read, 256_KiB)}), 480_us);
}

Task<> stream(Lab& lab, storage::BulkJob job, Seconds& finished) {
  Trigger<> ended(lab.engine);
  lab.share.start_bulk(job, [&ended] { ended.complete(); });
  co_await ended;
  finished = lab.engine.now();
}

storage::BulkJob reader(Bytes total) {
  storage::BulkJob job;
  job.owner = kUser;
  job.block_size = 1_MiB;
  job.depth = 8;
  job.total = total;
  return job;
}

TEST(RemoteVolume, AStreamFillsTheWireAndNoMore) {
  Lab lab(125_MBps);
  Seconds finished;
  lab.engine.spawn("stream", stream(lab, reader(100_MiB), finished));
  lab.engine.run();
  const double wire_time = 100.0 * 1048576.0 * 1538.0 / 1448.0 / 125e6;
  EXPECT_GT(finished.value(), wire_time);
  EXPECT_NEAR(finished.value() / wire_time, 1.0, 0.02);
  EXPECT_NEAR((lab.share.rate_alone({.block_size = 1_MiB, .depth = 8}) * finished) / 100_MiB, 1.0, 0.02);
}

TEST(RemoteVolume, AStreamKeepsItsSchedule) {
  Lab lab(1000_MBps);
  storage::BulkJob job = reader(50_MiB);
  job.rate_limit = 50.0 * (1_MiB / 1_s);
  Seconds finished;
  lab.engine.spawn("stream", stream(lab, job, finished));
  lab.engine.run();
  EXPECT_NEAR(finished.value(), 0.98, 0.01);  // the last block is issued after 49 / 50 s
}

TEST(RemoteVolume, StreamsOfTwoUsersShareTheWire) {
  Lab lab(125_MBps);
  Seconds finished;
  storage::BulkJob other = reader(Bytes::from_base(1e12));
  other.owner = kNeighbour;
  const WorkId id = lab.share.start_bulk(other, {});
  lab.engine.spawn("stream", stream(lab, reader(50_MiB), finished));
  lab.engine.run(20_s);
  const double alone = 50.0 * 1048576.0 * 1538.0 / 1448.0 / 125e6;
  EXPECT_NEAR(finished.value() / alone, 2.0, 0.15);
  EXPECT_EQ(lab.share.main_owner(), kNeighbour);
  const Bytes before = lab.share.bulk_progress(id);
  EXPECT_GT(before, 1000_MiB);
  lab.share.stop_bulk(id);
  lab.engine.run(30_s);
  EXPECT_EQ(lab.share.bulk_progress(id), Bytes{});
  EXPECT_FALSE(lab.share.main_owner());
}

TEST(RemoteVolume, ASmallAnswerWaitsBehindTheLargeOnesOfItsConnection) {
  // Eight answers of 1 MiB are under way, each 1.1138 s on this wire: a read of 4 KiB waits for all of them.
  Lab lab(1_MBps);
  storage::BulkJob other = reader(Bytes::from_base(1e12));
  other.owner = kNeighbour;
  static_cast<void>(lab.share.start_bulk(other, {}));
  BurstResult result;
  Seconds finished;
  std::vector<storage::Io> ios{io_of(Direction::Read, 4_KiB)};
  lab.engine.spawn("user", perform(lab, ios, result, finished));
  lab.engine.run(60_s);
  EXPECT_NEAR(finished.value(), 8.0 * 1.1138, 0.05);
  Seconds behind;
  for (const Cause& cause : result.causes) behind += cause.culprit == kNeighbour ? cause.duration : Seconds{};
  EXPECT_GT(behind / finished, 0.9);
}

Task<> give_up(Lab& lab, std::vector<storage::Io> ios, bool& made_it) {
  BurstResult result;
  Seconds finished;
  made_it = co_await lab.engine.with_timeout(perform(lab, std::move(ios), result, finished), 1_ms);
}

TEST(RemoteVolume, WhatIsGivenUpLeavesNothingBehind) {
  Lab lab(1_MBps);
  bool made_it = true;
  lab.engine.spawn("hasty", give_up(lab, {io_of(Direction::Read, 1_MiB)}, made_it));
  lab.engine.run();
  EXPECT_FALSE(made_it);
  EXPECT_NEAR(lab.engine.now().value(), 1e-3, 1e-9);
}

/// A share over 10 GbE that a stream of 1 MiB blocks reads for as long as it likes.
storage::BulkJob long_stream() {
  storage::BulkJob job;
  job.block_size = 1_MiB;
  job.depth = 4;
  return job;
}

TEST(RemoteStream, GoesOnAtTheSameRateWhileAlone) {
  Lab lab(1250_MBps);
  const WorkId id = lab.share.start_bulk(long_stream(), {});
  // Block by block, and then as a flow.
  static_cast<void>(lab.engine.run(40_ms));
  const Bytes first = lab.share.bulk_progress(id);
  static_cast<void>(lab.engine.run(100_s));
  const double rate = (lab.share.bulk_progress(id) - first).value() / (100.0 - 0.04);
  EXPECT_NEAR(rate / (first.value() / 0.04), 1.0, 0.05);
  const BytesPerSecond planned = lab.share.rate_alone({.block_size = 1_MiB, .depth = 4});
  EXPECT_NEAR(rate / planned.value(), 1.0, 0.02);
  // What it took of the server is booked.
  EXPECT_NEAR(lab.share.work_entered().value(), rate * 100.0 / 1048576.0 * 50e-6, 0.05);
}

/// A SATA SSD: what the drive gives at few and at many requests in flight differs.
std::unique_ptr<storage::Drive> sata_drive() {
  const storage::QueueDepthClass c{.latency_floor = 60_us,
                                   .stream_bandwidth = 500_MBps,
                                   .max_iops = PerSecond::from_base(60e3),
                                   .bandwidth = 560_MBps,
                                   .knee = 3};
  return std::make_unique<storage::Drive>(storage::make_queue_depth_curve({c, c, c, c}), storage::DriveSettings{});
}

struct Window {
  Bytes block;
  unsigned depth;
};

class StreamOfWindow : public testing::TestWithParam<Window> {};

TEST_P(StreamOfWindow, IsAsFastAsAFlowAsBlockByBlock) {
  Lab lab(1250_MBps, simple_protocol(), ShareSync::Standard, sata_drive());
  storage::BulkJob job;
  job.block_size = GetParam().block;
  job.depth = GetParam().depth;
  const WorkId id = lab.share.start_bulk(job, {});
  // Somebody who reads 4 KiB now and then keeps it from becoming a flow.
  storage::BulkJob other;
  other.owner = kNeighbour;
  other.block_size = 4_KiB;
  other.rate_limit = BytesPerSecond::from_base(4096.0 * 5.0);
  const WorkId neighbour = lab.share.start_bulk(other, {});
  const auto rate_until = [&](Seconds from, Seconds to) {
    static_cast<void>(lab.engine.run(from));
    const Bytes first = lab.share.bulk_progress(id);
    static_cast<void>(lab.engine.run(to));
    return (lab.share.bulk_progress(id) - first) / (to - from);
  };
  const BytesPerSecond by_blocks = rate_until(1_s, 11_s);
  lab.share.stop_bulk(neighbour);
  const BytesPerSecond as_flow = rate_until(13_s, 23_s);
  EXPECT_NEAR(as_flow / by_blocks, 1.0, 0.02);
}

INSTANTIATE_TEST_SUITE_P(RemoteStream, StreamOfWindow,
                         testing::Values(Window{128_KiB, 2}, Window{1_MiB, 2}, Window{2_MiB, 2}, Window{4_MiB, 2},
                                         Window{8_MiB, 2}, Window{1_MiB, 8}));

TEST(RemoteStream, EndsWhenItsTotalIsMoved) {
  Lab lab(1250_MBps);
  storage::BulkJob job = long_stream();
  job.total = 10_GiB;
  Seconds ended;
  lab.share.start_bulk(job, [&] { ended = lab.engine.now(); });
  static_cast<void>(lab.engine.run(100_s));
  EXPECT_NEAR(ended / (10_GiB / lab.share.rate_alone({.block_size = 1_MiB, .depth = 4})), 1.0, 0.01);
}

TEST(RemoteStream, TakesFewEventsWhileAlone) {
  Lab lab(1250_MBps);
  const WorkId id = lab.share.start_bulk(long_stream(), {});
  const std::clock_t began = std::clock();
  static_cast<void>(lab.engine.run(3600_s));
  EXPECT_LT(static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC, 3.0);
  EXPECT_GT(lab.share.bulk_progress(id).value(), 3600.0 * 1.1e9);
}

TEST(RemoteStream, ANeighbourWaitsNoLongerBecauseItWasAFlow) {
  Lab lab(1250_MBps);
  BurstResult early;
  BurstResult late;
  Seconds early_end;
  Seconds late_end;
  lab.share.start_bulk(long_stream(), {});
  static_cast<void>(lab.engine.run(10_ms));
  lab.engine.spawn("early", perform(lab, {io_of(Direction::Read, 4_KiB, kNeighbour)}, early, early_end));
  static_cast<void>(lab.engine.run(20_s));
  lab.engine.spawn("late", perform(lab, {io_of(Direction::Read, 4_KiB, kNeighbour)}, late, late_end));
  static_cast<void>(lab.engine.run(21_s));
  EXPECT_EQ(late.outcome, Outcome::Completed);
  EXPECT_LT((late_end - 20_s).value(), 1.5 * (early_end - 10_ms).value());
}

}  // namespace
}  // namespace labtwin::service
