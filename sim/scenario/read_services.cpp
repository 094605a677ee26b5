#include "sim/scenario/read_services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/registry.hpp"
#include "sim/scenario/model_fits.hpp"
#include "sim/scenario/read_bulk_copy.hpp"
#include "sim/scenario/read_embedder.hpp"
#include "sim/scenario/read_llm_server.hpp"
#include "sim/scenario/read_scan.hpp"
#include "sim/scenario/read_schedule.hpp"
#include "sim/scenario/read_stream_detector.hpp"
#include "sim/scenario/service_place.hpp"
#include "sim/scenario/variants.hpp"

namespace labtwin {
namespace {

using Place = ServicePlace;

void read_graph(TableReader& index, VectorStoreSpec& spec) {
  vector::GraphIndex graph;
  graph.num_vectors = index.required<double>("vectors", at_least(1.0));
  graph.dimension = index.required<double>("dimension", at_least(1.0));
  graph.num_neighbours = index.value_or<double>("neighbours", graph.num_neighbours, at_least(1.0));
  graph.node_size = index.value_or<Bytes>("node_size", Bytes::from_base(4096.0), at_least(512.0));
  vector::BeamSearch search;
  search.list_size = index.value_or<double>("list_size", search.list_size, between(1.0, 1e4));
  search.beam_width = index.value_or<double>("beam_width", search.beam_width, between(1.0, 256.0));
  spec.shape = vector::graph_search(graph, search);
  spec.index_size = graph.size();
  spec.in_measured_range = vector::in_range(graph, search);
}

void read_inverted_lists(TableReader& index, VectorStoreSpec& spec) {
  vector::InvertedListIndex lists;
  lists.num_vectors = index.required<double>("vectors", at_least(1.0));
  lists.dimension = index.required<double>("dimension", at_least(1.0));
  lists.num_lists = index.required<double>("lists", at_least(1.0));
  const auto num_probes = index.value_or<std::uint32_t>("probes", 8, at_least(1.0));
  if (num_probes > lists.num_lists) {
    index.fail("probes", "must not be more than the number of lists");
    return;
  }
  spec.shape = vector::inverted_list_search(lists, num_probes);
  spec.shape.max_in_flight = index.optional<std::uint32_t>("reads_in_flight", at_least(1.0));
  spec.index_size = lists.size();
}

/// How the index is read.
void read_cache(TableReader& table, VectorStoreSpec& spec) {
  enum class Cache : unsigned char { Page, Mapped, None };
  const auto cache =
      table.enumeration_or("cache", Cache::Page, {{"page_cache", Cache::Page}, {"mmap", Cache::Mapped}, {"none", Cache::None}});
  spec.uses_page_cache = cache != Cache::None;
  spec.is_mapped = cache == Cache::Mapped;
  if (spec.is_mapped) spec.shape = vector::mapped(spec.shape);
}

ServiceKind read_vector_store(TableReader& table, const Place& place) {
  enum class Index : unsigned char { Graph, InvertedLists };
  VectorStoreSpec spec;
  spec.drive = table.required<std::string>("drive");
  check_drive(table, "drive", spec.drive, place);
  TableReader index = table.table("index");
  const auto kind = index.enumeration<Index>("kind", {{"graph", Index::Graph}, {"inverted_lists", Index::InvertedLists}});
  switch (kind) {
    case Index::Graph:
      read_graph(index, spec);
      break;
    case Index::InvertedLists:
      read_inverted_lists(index, spec);
      break;
  }
  TableReader cost = table.table("cost");
  spec.cost.per_query = cost.value_or<Seconds>("query", Seconds{}, kNonNegative);
  spec.cost.per_round = cost.value_or<Seconds>("round", Seconds{}, kNonNegative);
  spec.cost.per_distance = cost.value_or<Seconds>("distance", Seconds{}, kNonNegative);
  spec.memory = table.value_or<Bytes>("memory", Bytes{}, kNonNegative);
  read_cache(table, spec);
  spec.popularity = table.value_or<double>("popularity", 0.0, between(0.0, 3.0));
  spec.ionice = table.enumeration_or("ionice", spec.ionice, kIoClasses);
  spec.max_concurrency = table.value_or<std::uint32_t>("max_concurrency", spec.max_concurrency, at_least(1.0));
  spec.queue_limit = table.optional<std::uint32_t>("queue_limit");
  return spec;
}

const EnumNames<storage::Pattern> kPatterns = {{"sequential", storage::Pattern::Sequential},
                                               {"random", storage::Pattern::Random}};

std::optional<EtlJobSpec::Window> read_window(TableReader& table, std::string_view key) {
  std::optional<TableReader> inside = table.optional_table(key);
  if (!inside) return std::nullopt;
  EtlJobSpec::Window window;
  window.block = inside->value_or<Bytes>("block", Bytes::from_base(1048576.0), at_least(512.0));
  window.depth = inside->value_or<std::uint32_t>("depth", window.depth, between(1.0, 1024.0));
  window.pattern = inside->enumeration_or("pattern", window.pattern, kPatterns);
  return window;
}

const EnumNames<storage::SyncCall> kSyncCalls = {
    {"none", storage::SyncCall::None}, {"fdatasync", storage::SyncCall::Fdatasync}, {"fsync", storage::SyncCall::Fsync}};

/// The window to write through. A sync call needs a drive whose flush time is known.
std::optional<EtlJobSpec::Window> read_write_window(TableReader& table, const std::string& drive, const Place& place) {
  std::optional<EtlJobSpec::Window> window = read_window(table, "write");
  std::optional<TableReader> inside = table.optional_table("write");
  if (!window || !inside) return window;
  window->sync = inside->enumeration_or("sync", window->sync, kSyncCalls);
  window->is_buffered = inside->value_or<bool>("buffered", false);
  if (window->sync == storage::SyncCall::None || place.node == nullptr) return window;
  const std::vector<std::string>& parts = place.catalog.parts("drives");
  for (const DriveSpec* behind : place.node->synced_drives(drive)) {
    if (std::find(parts.begin(), parts.end(), behind->part) == parts.end()) continue;
    if (load_drive(place.catalog, behind->part).flush) continue;
    inside->fail("sync", fmt::format("the entry of {} tells no flush time: add [parameters.flush]", behind->part));
    break;
  }
  return window;
}

/// The window to read through. A buffered reader leaves how much is in flight to the kernel.
std::optional<EtlJobSpec::Window> read_read_window(TableReader& table) {
  std::optional<EtlJobSpec::Window> window = read_window(table, "read");
  std::optional<TableReader> inside = table.optional_table("read");
  if (!window || !inside) return window;
  window->is_buffered = inside->value_or<bool>("buffered", false);
  window->file = inside->value_or<Bytes>("file", Bytes{}, at_least(512.0));
  if (window->file > Bytes{} && !window->is_buffered) inside->fail("file", "is for readers with read-ahead: set buffered");
  if (window->is_buffered && window->pattern == storage::Pattern::Random) {
    inside->fail("pattern", "a buffered reader is sequential: the kernel reads ahead");
  }
  return window;
}

/// Who syncs, is paced by a limit or by a reader, or writes until it is stopped does not run ahead of the drive.
void check_buffered(TableReader& table, const EtlJobSpec& spec) {
  if (!spec.write || !spec.write->is_buffered) return;
  const bool runs_ahead = spec.schedule.volume && !spec.read && !spec.rate_limit && spec.write->sync == storage::SyncCall::None;
  if (!runs_ahead) table.fail("write", "buffered is for a job that writes a volume: no read, no rate_limit, no sync");
}

ServiceKind read_etl_job(TableReader& table, const Place& place) {
  EtlJobSpec spec;
  spec.drive = table.required<std::string>("drive");
  check_drive(table, "drive", spec.drive, place);
  spec.write_drive = table.value_or<std::string>("write_drive", spec.drive);
  check_drive(table, "write_drive", spec.write_drive, place);
  spec.read = read_read_window(table);
  spec.write = read_write_window(table, spec.write_drive, place);
  if (!spec.read && !spec.write) table.fail("read", "a job needs a window to read through, or one to write through");
  spec.write_ratio = table.value_or<double>("write_ratio", spec.write_ratio, between(0.001, 1000.0));
  spec.transform_rate = table.optional<BytesPerSecond>("transform_rate", kPositive);
  spec.num_workers = table.value_or<std::uint32_t>("workers", spec.num_workers, at_least(1.0));
  spec.rate_limit = table.optional<BytesPerSecond>("rate_limit", kPositive);
  spec.ionice = table.enumeration_or("ionice", spec.ionice, kIoClasses);
  spec.memory = table.value_or<Bytes>("memory", Bytes{}, kNonNegative);
  spec.schedule = read_schedule(table, "job");
  check_buffered(table, spec);
  spec.is_enabled = table.value_or<bool>("enabled", true);
  return spec;
}

/// A type of service and the function that reads its table.
struct ServiceType {
  std::string_view name;
  ServiceKind (*read)(TableReader& table, const Place& place);
};
constexpr std::array<ServiceType, 7> kServiceTypes{{{"vector_store", &read_vector_store},
                                                    {"llm_server", &read_llm_server},
                                                    {"embedder", &read_embedder},
                                                    {"etl_job", &read_etl_job},
                                                    {"scan", &read_scan},
                                                    {"bulk_copy", &read_bulk_copy},
                                                    {"stream_detector", &read_stream_detector}}};

std::vector<std::string> names_of(const std::vector<NodeSpec>& nodes) {
  std::vector<std::string> names;
  for (const NodeSpec& node : nodes) names.push_back(node.name);
  return names;
}

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const ServiceType& type : kServiceTypes) names.emplace_back(type.name);
  return names;
}

Bytes memory_of(const ServiceSpec& service) {
  return std::visit([](const auto& spec) { return spec.memory; }, service.kind);
}

/// Whether what the services of a node keep for themselves fits into it, this one and those before it.
void check_memory(TableReader& table, const ServiceSpec& service, const std::vector<ServiceSpec>& others, const Lab& lab) {
  const NodeSpec* node = lab.find_node(service.node);
  if (node == nullptr || memory_of(service) == Bytes{}) return;
  Bytes together = memory_of(service);
  for (const ServiceSpec& other : others) together += other.node == service.node ? memory_of(other) : Bytes{};
  if (together <= node->memory.size) return;
  table.fail("memory", fmt::format("the services of {} keep {}, it has {} of RAM", service.node, format_quantity(together),
                                   format_quantity(node->memory.size)));
}

/// The memory of its node that no service keeps for itself.
Bytes page_cache_of(const ServiceSpec& service, const std::vector<ServiceSpec>& services, const Lab& lab) {
  const NodeSpec* node = lab.find_node(service.node);
  if (node == nullptr) return {};
  Bytes left = node->memory.size - kSystemMemory;
  for (const ServiceSpec& other : services) left -= other.node == service.node ? memory_of(other) : Bytes{};
  return std::max(Bytes{}, left);
}

}  // namespace

std::vector<ServiceSpec> read_services(TableReader& root, const Lab& lab, const catalog::Catalog& catalog,
                                       const std::vector<std::filesystem::path>& folders) {
  std::vector<ServiceSpec> services;
  std::vector<TableReader> tables = root.named_tables("services");
  for (TableReader& table : tables) {
    ServiceSpec service;
    service.name = table.name();
    service.node = table.required<std::string>("node");
    check_reference(table, "node", service.node, names_of(lab.nodes));
    service.provenance = read_provenance(table);
    const auto name = table.required<std::string>("type");
    const auto type =
        std::find_if(kServiceTypes.begin(), kServiceTypes.end(), [&](const ServiceType& row) { return row.name == name; });
    if (type == kServiceTypes.end()) {
      check_reference(table, "type", name, type_names());
      table.accept_rest();
      continue;
    }
    service.kind = type->read(table, {lab.find_node(service.node), catalog, folders});
    check_memory(table, service, services, lab);
    services.push_back(std::move(service));
  }
  for (TableReader& table : tables) {
    const auto service =
        std::find_if(services.begin(), services.end(), [&](const ServiceSpec& one) { return one.name == table.name(); });
    if (service != services.end()) check_shared_card(table, services, *service, lab, catalog);
  }
  for (ServiceSpec& service : services) {
    auto* server = std::get_if<LlmServerSpec>(&service.kind);
    if (server != nullptr) server->page_cache = page_cache_of(service, services, lab);
  }
  return services;
}

}  // namespace labtwin
