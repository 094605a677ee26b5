#include "sim/service/vector_store.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "sim/engine/engine.hpp"
#include "sim/service/drive_service.hpp"
#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using storage::testing::sharp_drive;

constexpr OwnerId kSearcher = 0;
constexpr OwnerId kJob = 1;
constexpr ResourceId kDrive = 0;
constexpr ResourceId kCores = 1;
constexpr ResourceId kSlots = 2;

VectorStoreOptions three_rounds() {
  VectorStoreOptions options;
  options.shape = {.num_rounds = 3, .num_reads = 12, .read_size = 4_KiB, .num_distances = 300};
  options.cost = {.per_query = 300_us, .per_round = 200_us, .per_distance = 1_us};
  options.index_size = 1_GiB;
  return options;
}

struct Lab {
  explicit Lab(const VectorStoreOptions& options, const storage::DriveSettings& settings = {})
      : drive(engine, kDrive, sharp_drive(1_ms, 1000_MBps, settings)),
        store(engine, kSlots, RandomSource(1, 0), options, drive, cores) {}
  ~Lab() { engine.end_processes(); }

  Engine engine;
  Cores cores{engine, kCores, 1};
  DriveService drive;
  VectorStore store;
};

struct Query {
  CallRecord record{kSearcher};
  Outcome outcome = Outcome::Failed;
  Seconds finished;
};

Task<> run_query(Lab& lab, std::uint64_t number, Query& query) {
  query.outcome = co_await lab.store.search({number}, query.record);
  query.finished = lab.engine.now();
}

Seconds spent(const CallRecord& record, ResourceId resource, DelayKind kind, OwnerId culprit) {
  Seconds sum;
  for (const Segment& segment : record.timeline().segments()) {
    if (segment.resource == resource && segment.kind == kind && segment.culprit == culprit) sum += segment.duration;
  }
  return sum;
}

TEST(VectorStore, AQueryIsItsRoundsOfComputingAndReading) {
  Lab lab(three_rounds());
  Query query;
  lab.engine.spawn("query", run_query(lab, 1, query));
  lab.engine.run();
  // Three times (200 us + 300 us / 3 + 100 distances of 1 us) and three times 1 ms.
  EXPECT_EQ(query.outcome, Outcome::Completed);
  EXPECT_NEAR(query.finished.value(), 0.0042, 1e-9);
  EXPECT_NEAR(spent(query.record, kDrive, DelayKind::Service, kSearcher).value(), 0.003, 1e-9);
  EXPECT_NEAR(spent(query.record, kCores, DelayKind::Service, kSearcher).value(), 0.0012, 1e-9);
}

TEST(VectorStore, AReadThatEndsMakesRoomForTheNextOfItsWindow) {
  VectorStoreOptions options = three_rounds();
  options.shape.max_in_flight = 3;
  Lab lab(options);
  Query query;
  lab.engine.spawn("query", run_query(lab, 1, query));
  lab.engine.run();
  // The fourth read of a round starts when one of the first three has ended.
  EXPECT_NEAR(query.finished.value(), 0.0072, 1e-9);
  EXPECT_NEAR(spent(query.record, kDrive, DelayKind::Service, kSearcher).value(), 0.006, 1e-9);
  EXPECT_NEAR(query.record.timeline().total().value(), query.finished.value(), 1e-9);
}

TEST(VectorStore, GivingUpAQueryCancelsTheReadsOfItsWindow) {
  VectorStoreOptions options = three_rounds();
  options.shape.max_in_flight = 3;
  Lab lab(options);
  Query query;
  const auto impatient = [](Lab& l, Query& q) -> Task<> {
    Task<> search = run_query(l, 1, q);
    const auto answered = co_await l.engine.with_timeout(std::move(search), 2_ms);
    EXPECT_FALSE(answered);
  };
  lab.engine.spawn("impatient", impatient(lab, query));
  lab.engine.run();
  EXPECT_EQ(query.outcome, Outcome::Failed);
  EXPECT_LT(lab.engine.now().value(), 0.003);
}

TEST(VectorStore, ReadsFromThePageCacheCostNoTimeOfTheirOwn) {
  VectorStoreOptions options = three_rounds();
  MemoryCache cache({.capacity = 2_GiB, .working_set = options.index_size});
  options.memory = CachedFile{.cache = &cache, .file = cache.add_file()};
  cache.warm(options.memory->file, options.index_size, 0.0, RandomStream(1));
  Lab lab(options);
  Query query;
  lab.engine.spawn("query", run_query(lab, 1, query));
  lab.engine.run();
  EXPECT_NEAR(query.finished.value(), 0.0012, 1e-9);
}

TEST(VectorStore, AMappedIndexHasOneFaultOutstanding) {
  VectorStoreOptions options = three_rounds();
  options.shape = vector::mapped(options.shape);
  Lab lab(options);
  Query query;
  lab.engine.spawn("query", run_query(lab, 1, query));
  lab.engine.run();
  // Twelve faults of 1 ms where direct reads take three.
  EXPECT_NEAR(query.finished.value(), 0.0132, 1e-9);
}

TEST(VectorStore, QueriesBeyondTheLimitWaitForAPlace) {
  VectorStoreOptions options = three_rounds();
  options.max_concurrency = 1;
  Lab lab(options);
  Query first;
  Query second;
  lab.engine.spawn("first", run_query(lab, 1, first));
  lab.engine.spawn("second", run_query(lab, 2, second));
  lab.engine.run();
  EXPECT_NEAR(second.finished.value(), 0.0084, 1e-9);
  EXPECT_NEAR(spent(second.record, kSlots, DelayKind::Waiting, kSearcher).value(), 0.0042, 1e-9);
}

TEST(VectorStore, EveryRoundWaitsBehindTheBytesThatAJobHasInFlight) {
  Lab lab(three_rounds());
  lab.drive.start_bulk({.owner = kJob, .direction = storage::Direction::Write, .block_size = 1_MiB, .depth = 20}, {});
  Query query;
  const auto later = [](Lab& l, Query& q) -> Task<> {
    co_await l.engine.hold(1_s);
    co_await run_query(l, 1, q);
  };
  lab.engine.spawn("query", later(lab, query));
  lab.engine.run(2_s);
  // 20 MiB at 1 GB/s are 21 ms; each of the three rounds meets them, less the block that is being finished.
  const double waited = spent(query.record, kDrive, DelayKind::Waiting, kJob).value();
  EXPECT_NEAR(waited, 3 * 0.0205, 3 * 0.0015);
}

TEST(CallRecord, ACallThatIsGivenUpIsChargedToWhatItWaitedForLast) {
  CallRecord record(kSearcher);
  record.add_service(kCores, 2_ms);
  record.waits_for(kDrive, kJob);
  record.give_up(10_ms);
  EXPECT_NEAR(spent(record, kDrive, DelayKind::Waiting, kJob).value(), 0.008, 1e-12);
}

}  // namespace
}  // namespace labtwin::service
