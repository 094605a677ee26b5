#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "models/base/interruptions.hpp"
#include "models/base/rng.hpp"
#include "models/storage/io_scheduler.hpp"
#include "models/vector/search_shape.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/resource.hpp"
#include "sim/service/call_record.hpp"
#include "sim/service/cores.hpp"
#include "sim/service/memory_cache.hpp"
#include "sim/service/volume.hpp"

namespace labtwin::service {

struct VectorStoreOptions {
  vector::SearchShape shape;
  vector::SearchCost cost;
  Seconds wake_up{};                   ///< from the end of a round's last read until the query goes on
  Interruptions interruptions{};       ///< of queries, by other work on the node
  std::optional<CachedFile> memory{};  ///< where the index may be held; nothing: direct I/O
  Bytes index_size;                    ///< where reads may fall
  double popularity = 0.0;             ///< Zipf exponent of what is read, from the begin of the index on; 0: all alike
  std::uint64_t region_begin = 0;
  storage::IoPriority priority = storage::IoPriority::BestEffort;
  std::size_t max_concurrency = 16;  ///< queries at work at once
  std::optional<std::size_t> queue_limit{};
};

/// One query: its owner and a number that is its own, by which its variates are drawn.
struct SearchRequest {
  std::uint64_t number = 0;
};

/// A vector database whose index lies on a drive. A query is a sequence of rounds: compute on a core, read a few blocks
/// together, wait for the last of them. Reads that memory serves cost no time of their own. Left out: writes, filters,
/// result caches.
class VectorStore {
 public:
  VectorStore(Engine& engine, ResourceId slots, const RandomSource& random, const VectorStoreOptions& options, Volume& drive,
              Cores& cores);
  VectorStore(const VectorStore&) = delete;
  VectorStore& operator=(const VectorStore&) = delete;

  /// Answers one query; `record` must outlive the task. Rejected if the queue is full, Failed if the drive fails.
  Task<Outcome> search(SearchRequest request, CallRecord& record);
  /// What queries wait for when all slots are taken.
  [[nodiscard]] ResourceId resource() const noexcept { return slots_resource_; }

 private:
  [[nodiscard]] std::uint64_t position_of(SearchRequest request, std::uint64_t read_number) const;
  [[nodiscard]] std::vector<storage::Io> reads_of_round(SearchRequest request, std::uint32_t round, std::uint64_t& read_number,
                                                        OwnerId owner) const;

  /// How much later than its reads the process goes on.
  [[nodiscard]] Seconds processor_time_of_round() const;
  [[nodiscard]] Seconds delay_of_round(SearchRequest request, std::uint32_t round, Seconds elapsed) const;

  Engine* engine_;
  VectorStoreOptions options_;
  Volume* drive_;
  Cores* cores_;
  Resource slots_;
  ResourceId slots_resource_;
  RandomStream positions_;
  RandomStream latencies_;
  RandomStream interruptions_;
};

}  // namespace labtwin::service
