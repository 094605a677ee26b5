#include "sim/service/model_load.hpp"

#include <utility>

#include "models/storage/read_ahead.hpp"
#include "sim/engine/trigger.hpp"

namespace labtwin::service {
namespace {

/// Where the file lies on the volume, away from what else services keep there.
constexpr std::uint64_t kFileBegin = 3ULL << 38U;

}  // namespace

ModelLoad::ModelLoad(Engine& engine, const RandomSource& random, const ModelLoadOptions& options, Volume& volume,
                     LlmServer& server)
    : engine_(&engine),
      latencies_(random.stream("model_load.latency")),
      options_(options),
      volume_(&volume),
      server_(&server),
      was_read_(engine) {
  server_->pause();
}

Task<> ModelLoad::run() {
  Occupancy& occupancy = server_->card().occupancy();
  occupancy.advance(engine_->now());
  occupancy.enter(options_.owner);
  const serving::LoaderRates rates = serving::loader_rates(options_.loader, options_.card_link, options_.num_streams);
  const double warm_share = options_.leader != nullptr ? 1.0
                            : options_.file ? options_.file->cache->served_share(options_.file->file, options_.weights)
                                            : options_.warm_share;
  const Bytes warm = options_.weights * warm_share;
  const Bytes cold = options_.weights - warm;
  if (options_.from_memory.bus == nullptr || !(warm > Bytes{})) {
    co_await engine_->hold(options_.loader.start_up + warm / rates.warm);
  } else {
    co_await engine_->hold(options_.loader.start_up);
    topology::StreamDemand demand{.lanes = options_.from_memory.lanes, .cap = rates.warm};
    co_await options_.from_memory.bus->copy(std::move(demand), warm, options_.owner);
  }
  if (cold > Bytes{}) {
    storage::BulkJob job;
    job.owner = options_.owner;
    job.block_size = options_.read_ahead;
    job.depth = storage::kReadAheadWindows * options_.num_streams;
    job.rate_limit = rates.cold;
    job.total = cold;
    job.region_begin = kFileBegin;
    job.variates = latencies_;
    Trigger<> has_ended(*engine_);
    const StreamWindow window{.block_size = job.block_size, .depth = job.depth};
    PacedBulk bulk(*engine_);
    bulk.start(*volume_, options_.to_card, job, volume_->rate_alone(window), [&has_ended] { has_ended.complete(); });
    co_await has_ended;
  }
  if (options_.leader != nullptr) co_await options_.leader->was_read_;
  if (!was_read_.is_completed()) was_read_.complete();
  ++num_loads_;
  if (!ready_at_) ready_at_ = engine_->now();
  occupancy.advance(engine_->now());
  occupancy.leave(options_.owner);
  server_->resume();
}

}  // namespace labtwin::service
