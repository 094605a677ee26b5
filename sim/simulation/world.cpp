#include "sim/simulation/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/registry.hpp"
#include "models/storage/drive.hpp"
#include "sim/scenario/drive_slot.hpp"
#include "sim/scenario/lab_topology.hpp"

namespace labtwin {
namespace {

/// Where a job's files begin on a drive: behind any index, so that the two do not share blocks.
constexpr std::uint64_t kJobInput = 1ULL << 38U;
constexpr std::uint64_t kJobOutput = 1ULL << 39U;

storage::IoPriority priority_of(IoClassName name) {
  switch (name) {
    case IoClassName::Realtime:
      return storage::IoPriority::Realtime;
    case IoClassName::BestEffort:
      return storage::IoPriority::BestEffort;
    case IoClassName::Idle:
      return storage::IoPriority::Idle;
  }
  return storage::IoPriority::BestEffort;
}

storage::SchedulerSettings scheduler_of(const IoSchedulerSpec& spec) {
  storage::SchedulerSettings settings;
  settings.kind = spec.name == SchedulerName::None ? storage::SchedulerKind::None : storage::SchedulerKind::MqDeadline;
  settings.read_expire = spec.read_expire;
  settings.write_expire = spec.write_expire;
  settings.fifo_batch = static_cast<unsigned>(spec.fifo_batch);
  settings.writes_starved = static_cast<unsigned>(spec.writes_starved);
  return settings;
}

/// A drive without any cooling of its own, and one under a heat sink, in a case (assumed).
storage::Cooling cooling_of(CoolingName name) {
  if (name == CoolingName::None) return {.kelvin_per_watt = 8.0, .time_constant = Seconds::from_base(150.0)};
  return {.kelvin_per_watt = 3.0, .time_constant = Seconds::from_base(300.0)};
}

/// What the lab says of the drive in its slot, and its entry of the part.
storage::DeviceLimits limits_of(const DrivePart& part, const DriveSpec& spec) {
  storage::DeviceLimits limits = part.limits;
  if (part.slc_cache) limits.slc_cache = part.slc_cache->holding(spec.data);
  if (part.flash) {
    const Bytes data = spec.data > Bytes{} ? spec.data : part.flash->capacity;
    limits.aging =
        storage::FlashAging{*part.flash, {.data = data, .history = spec.history.value_or(storage::FlashHistory::Filled)}};
  }
  if (spec.cooling && part.thermal) limits.thermal = storage::ThermalSettings{*part.thermal, cooling_of(*spec.cooling)};
  return limits;
}

service::IoWindow window_of(const EtlJobSpec::Window& spec, std::uint64_t region) {
  return {.block_size = spec.block, .depth = spec.depth, .region_begin = region, .pattern = spec.pattern};
}

/// A buffered reader asks for less than the kernel reads; each of `depth` readers has windows of its own.
void read_ahead(const EtlJobSpec::Window& spec, const NodeSpec& node, const std::string& volume, service::IoWindow& window) {
  const storage::ReadAheadStream stream = storage::read_ahead_stream(spec.block, node.read_ahead_of(volume), spec.file);
  window.block_size = stream.window;
  window.depth = stream.depth * spec.depth;
}

service::StreamWindow stream_of(storage::Direction direction, const service::IoWindow& window) {
  return {.direction = direction,
          .block_size = window.block_size,
          .depth = window.depth,
          .think_time = window.sync,
          .pattern = window.pattern};
}

/// The links that bytes between nodes cross, with the latency of the lab.
topology::Topology network_of(const Scenario& scenario, const catalog::Catalog& catalog) {
  const Lab& lab = scenario.lab;
  const bool is_shared =
      std::any_of(lab.nodes.begin(), lab.nodes.end(), [](const NodeSpec& node) { return !node.shares.empty(); });
  const bool is_called = std::any_of(scenario.workloads.begin(), scenario.workloads.end(), [](const WorkloadSpec& workload) {
    const auto* agents = std::get_if<AgentsSpec>(&workload.kind);
    return std::holds_alternative<SensorsSpec>(workload.kind) || (agents != nullptr && !agents->node.empty());
  });
  return is_shared || is_called ? lab_topology(lab, catalog) : topology::Topology{};
}

/// The same links without their latency: who sends waits for the link, not for the arrival, before the next message.
topology::Topology without_latency(const topology::Topology& network) {
  constexpr Seconds kNext = Seconds::from_base(1e-9);
  topology::Topology links;
  for (const std::string& node : network.nodes()) links.add_node(node);
  for (topology::Link link : network.links()) {
    link.latency = kNext;
    links.add_link(std::move(link));
  }
  return links;
}

/// Whether models are loaded when somebody asks.
bool is_ollama(const ServiceSpec& service) {
  const auto* server = std::get_if<LlmServerSpec>(&service.kind);
  return server != nullptr && std::holds_alternative<serving::OllamaServer>(server->engine);
}

}  // namespace

World::World(const Scenario& scenario, const catalog::Catalog& catalog, const EngineOptions& engine_options,
             const RecorderOptions& recorder_options, std::uint64_t replication)
    : scenario_(&scenario),
      catalog_(&catalog),
      replication_(replication),
      random_(scenario.seed, replication),
      recorder_(recorder_options),
      network_(network_of(scenario, catalog)),
      tree_(tree_of(scenario, catalog)),
      engine_(without_latency(network_), engine_options) {
  build_bus();
  for (const NodeSpec& node : scenario.lab.nodes) build_node(node);
  for (const NodeSpec& node : scenario.lab.nodes) {
    for (const ShareSpec& share : node.shares) build_share(node, share);
  }
  for (const ServiceSpec& service : scenario.services) {
    std::visit([&](const auto& spec) { build(service, spec); }, service.kind);
  }
  for (const WorkloadSpec& workload : scenario.workloads) {
    std::visit([&](const auto& spec) { build(workload, spec); }, workload.kind);
  }
  warn_of_degradations();
  warn_of_cards();
}

void World::start() {
  for (const ServiceSpec& service : scenario_->services) {
    const auto job = jobs_.find(service.name);
    if (job != jobs_.end()) engine_.spawn(service.name, job->second->run(), ProcessKind::Server);
    const auto copy = copies_.find(service.name);
    if (copy != copies_.end()) engine_.spawn(service.name, copy->second->run(), ProcessKind::Server);
    const auto corpus = corpora_.find(service.name);
    if (corpus != corpora_.end()) engine_.spawn(service.name, corpus->second->run(), ProcessKind::Server);
    const auto* llm = std::get_if<LlmServerSpec>(&service.kind);
    for (int i = 0; llm != nullptr && llm->load && !is_ollama(service) && i < llm->num_copies; ++i) {
      engine_.spawn(service.name, loads_.at(load_name(service.name, i))->run(), ProcessKind::Server);
    }
  }
  for (const NodeSpec& node : scenario_->lab.nodes) {
    for (const PoolSpec& spec : node.pools) {
      if (!spec.failure) continue;
      const auto member = std::find(spec.members.begin(), spec.members.end(), spec.failure->drive);
      service::PoolService& pool = *pools_.at({node.name, spec.name});
      const auto place = static_cast<std::size_t>(member - spec.members.begin());
      engine_.spawn("failure of " + spec.failure->drive, fail_member(engine_, pool, place, spec.failure->at),
                    ProcessKind::Server);
    }
  }
  for (const auto& [name, rebuild] : rebuilds_) engine_.spawn(name, rebuild->run(), ProcessKind::Server);
  for (const WorkloadSpec& workload : scenario_->workloads) {
    std::visit([&](const auto& spec) { start(workload, spec); }, workload.kind);
  }
}

std::string World::local_name(const std::string& node, const std::string& part) const {
  return scenario_->lab.nodes.size() == 1 ? part : fmt::format("{}.{}", node, part);
}

void World::build_node(const NodeSpec& node) {
  const ResourceId cores = names_.resources.intern(local_name(node.name, "cores"));
  cores_.emplace(node.name, std::make_unique<service::Cores>(engine_, cores, static_cast<std::size_t>(node.cpu.cores)));
  for (const DriveSpec& spec : node.drives) {
    const auto drive = drives_.emplace(DriveKey{node.name, spec.name}, make_drive(node, spec)).first;
    volumes_.emplace(drive->first, drive->second.get());
  }
  for (const PoolSpec& spec : node.pools) {
    build_pool(node, spec);
  }
}

std::unique_ptr<service::DriveService> World::make_drive(const NodeSpec& node, const DriveSpec& spec) {
  DrivePart part = load_drive(*catalog_, spec.part);
  storage::DriveSettings settings;
  settings.scheduler = scheduler_of(spec.scheduler);
  settings.limits = limits_of(part, spec);
  settings.max_request = spec.max_request;
  const Seconds flush = part.flush.value_or(Seconds{});
  auto drive = std::make_unique<service::DriveService>(
      engine_, names_.resources.intern(local_name(node.name, spec.name)),
      std::make_unique<storage::Drive>(law_in_slot(std::move(part), spec.link), settings), flush);
  if (bus_ && !node.board.empty()) {
    drive->cross(*bus_, find_lanes(node, spec.name, "memory"), find_lanes(node, "memory", spec.name));
  }
  return drive;
}

service::Volume& World::volume(const std::string& node, const std::string& name) const {
  return *volumes_.at({node, name});
}

void World::build(const ServiceSpec& service, const VectorStoreSpec& spec) {
  service::VectorStoreOptions options;
  options.shape = spec.shape;
  options.cost = spec.cost;
  options.memory = index_in_memory(service, spec);
  options.popularity = spec.popularity;
  options.index_size = spec.index_size;
  options.priority = priority_of(spec.ionice);
  options.max_concurrency = spec.max_concurrency;
  if (spec.queue_limit) options.queue_limit = *spec.queue_limit;
  if (!spec.in_measured_range) {
    warnings_.push_back(fmt::format(
        "{}: rounds and reads of a search were measured for 200,000 vectors only; the law is extended to this index",
        service.name));
  }
  const ResourceId slots = names_.resources.intern(service.name);
  stores_.emplace(service.name,
                  std::make_unique<service::VectorStore>(engine_, slots, random_, options, volume(service.node, spec.drive),
                                                         *cores_.at(service.node)));
}

void World::build(const ServiceSpec& /*service*/, const StreamDetectorSpec& /*spec*/) {}

void World::build(const ServiceSpec& service, const EtlJobSpec& spec) {
  if (!spec.is_enabled) return;
  service::Volume& source = volume(service.node, spec.drive);
  const bool is_synced = spec.write && spec.write->sync != storage::SyncCall::None;
  service::Volume& written = volume(service.node, spec.write_drive);
  service::Volume& target = is_synced ? written.for_sync_writes() : written;
  service::EtlJobOptions options;
  options.owner = names_.owners.intern(service.name);
  options.schedule = spec.schedule;
  options.write_ratio = spec.write_ratio;
  options.transform_rate = spec.transform_rate;
  options.num_workers = spec.num_workers;
  options.rate_limit = spec.rate_limit;
  options.priority = priority_of(spec.ionice);
  service::EtlJob::Places places{.read_drive = &source, .write_drive = &target, .cores = cores_.at(service.node).get()};
  service::PlannedRate rates{.read_alone = {}, .write_alone = {}, .same_drive = spec.drive == spec.write_drive};
  if (spec.read) {
    options.read = window_of(*spec.read, kJobInput);
    if (spec.read->is_buffered) read_ahead(*spec.read, *scenario_->lab.find_node(service.node), spec.drive, *options.read);
    rates.read_alone = source.rate_alone(stream_of(storage::Direction::Read, *options.read));
    places.read_alone = *rates.read_alone;
    places.from_drive = way_over_bus(service.node, spec.drive, "memory");
  }
  if (spec.write) {
    options.write = window_of(*spec.write, kJobOutput);
    options.write->sync = target.sync_time(spec.write->sync);
    const NodeSpec& node = *scenario_->lab.find_node(service.node);
    if (spec.write->is_buffered) options.write->room = storage::dirty_room(node.memory.dirty, page_cache_size(node));
    rates.write_alone = target.rate_alone(stream_of(storage::Direction::Write, *options.write));
    places.write_alone = *rates.write_alone;
    places.to_drive = way_over_bus(service.node, "memory", spec.write_drive);
  }
  if (spec.read && spec.read->is_buffered) {
    service::MemoryCache& cache = memory_cache(*scenario_->lab.find_node(service.node), spec.drive);
    places.memory = service::CachedFile{.cache = &cache, .file = cache.add_file()};
  }
  const auto job = jobs_.emplace(service.name, std::make_unique<service::EtlJob>(engine_, random_, options, places,
                                                                                 service::planned_rate(options, rates)));
  if (places.memory) {
    service::EtlJob& reader = *job.first->second;
    places.memory->cache->add_stream(places.memory->file, spec.schedule.volume, [&reader] { return reader.bytes_read(); });
  }
}

}  // namespace labtwin
