#include "sim/service/vector_store.hpp"

#include <algorithm>
#include <utility>

namespace labtwin::service {

VectorStore::VectorStore(Engine& engine, ResourceId slots, const RandomSource& random, const VectorStoreOptions& options,
                         Volume& drive, Cores& cores)
    : engine_(&engine),
      options_(options),
      drive_(&drive),
      cores_(&cores),
      slots_(engine,
             {.num_servers = options.max_concurrency, .discipline = Discipline::Fifo, .queue_limit = options.queue_limit}),
      slots_resource_(slots),
      positions_(random.stream("vector_store.position")),
      latencies_(random.stream("vector_store.read_latency")),
      interruptions_(random.stream("vector_store.interruption")) {}

Task<Outcome> VectorStore::search(SearchRequest request, CallRecord& record) {
  record.waits_for(slots_resource_);
  const SeizeOptions options{.owner = record.owner(), .priority = 0, .timeout = {}};
  const SeizeResult slot = co_await slots_.seize(options);
  record.add(slots_resource_, slot.causes);
  if (slot.outcome != Outcome::Completed) co_return slot.outcome;

  const Seconds per_round = processor_time_of_round();
  const std::size_t window = options_.shape.max_in_flight.value_or(options_.shape.num_reads);
  std::uint64_t read_number = 0;
  for (std::uint32_t round = 0; round < options_.shape.num_rounds; ++round) {
    const Seconds began = engine_->now();
    record.waits_for(cores_->resource());
    const ServeResult computed = co_await cores_->compute(per_round, record.owner());
    record.add(cores_->resource(), computed.causes);
    std::vector<storage::Io> reads = reads_of_round(request, round, read_number, record.owner());
    if (reads.empty()) continue;
    record.waits_for(drive_->resource(), drive_->main_owner());
    const BurstResult burst = co_await drive_->perform(std::move(reads), window);
    record.add(drive_->resource(), burst.causes);
    if (burst.outcome != Outcome::Completed) co_return Outcome::Failed;
    const Seconds delay = delay_of_round(request, round, engine_->now() - began);
    if (delay > Seconds{}) {
      record.waits_for(cores_->resource());
      co_await engine_->hold(delay);
      record.add_service(cores_->resource(), delay);
    }
  }
  co_return Outcome::Completed;
}

Seconds VectorStore::processor_time_of_round() const {
  const vector::SearchShape& shape = options_.shape;
  const Seconds of_query = options_.cost.per_query + options_.cost.per_distance * shape.num_distances;
  return options_.cost.per_round + of_query / static_cast<double>(shape.num_rounds);
}

Seconds VectorStore::delay_of_round(SearchRequest request, std::uint32_t round, Seconds elapsed) const {
  const double chance = interruptions_.uniform(request.number, 2ULL * round);
  const double length = interruptions_.uniform(request.number, 2ULL * round + 1);
  return options_.wake_up + options_.interruptions.delay(elapsed + options_.wake_up, chance, length);
}

// Within the index.
std::uint64_t VectorStore::position_of(SearchRequest request, std::uint64_t read_number) const {
  const auto block = static_cast<std::uint64_t>(options_.shape.read_size.value());
  const std::uint64_t num_blocks = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(options_.index_size.value()) / block);
  if (options_.popularity == 0.0) return positions_.bits(request.number, read_number) % num_blocks * block;
  return storage::popular_block(positions_.uniform(request.number, read_number), num_blocks, options_.popularity) * block;
}

std::vector<storage::Io> VectorStore::reads_of_round(SearchRequest request, std::uint32_t round, std::uint64_t& read_number,
                                                     OwnerId owner) const {
  std::vector<storage::Io> reads;
  const std::uint32_t num_reads = options_.shape.reads_in_round(round);
  for (std::uint32_t i = 0; i < num_reads; ++i, ++read_number) {
    const std::uint64_t position = position_of(request, read_number);
    const Bytes size = options_.shape.read_size;
    if (options_.memory && options_.memory->cache->read(options_.memory->file, position, size)) continue;
    storage::Io read;
    read.owner = owner;
    read.size = size;
    read.position = options_.region_begin + position;
    read.priority = options_.priority;
    read.uniform = latencies_.uniform(request.number, read_number);
    reads.push_back(read);
  }
  return reads;
}

}  // namespace labtwin::service
