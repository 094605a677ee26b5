#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/calibration/server_speed.hpp"
#include "models/catalog/catalog.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/name_table.hpp"
#include "sim/process/recorder.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/service/agents.hpp"
#include "sim/service/bulk_copy.hpp"
#include "sim/service/bus.hpp"
#include "sim/service/chat.hpp"
#include "sim/service/cores.hpp"
#include "sim/service/corpus_job.hpp"
#include "sim/service/drive_service.hpp"
#include "sim/service/etl_job.hpp"
#include "sim/service/gpu_card.hpp"
#include "sim/service/llm_server.hpp"
#include "sim/service/log_volume.hpp"
#include "sim/service/memory_cache.hpp"
#include "sim/service/model_load.hpp"
#include "sim/service/network_client.hpp"
#include "sim/service/ollama_host.hpp"
#include "sim/service/pool_rebuild.hpp"
#include "sim/service/pool_service.hpp"
#include "sim/service/remote_volume.hpp"
#include "sim/service/sensor_stream.hpp"
#include "sim/service/special_volume.hpp"
#include "sim/service/trace_replay.hpp"
#include "sim/service/vector_store.hpp"

namespace labtwin {

/// Everything that exists in one simulated lab. Members are declared in the order in which they depend on each other.
class World {
 public:
  World(const Scenario& scenario, const catalog::Catalog& catalog, const EngineOptions& engine_options,
        const RecorderOptions& recorder_options, std::uint64_t replication);

  World(const World&) = delete;
  World& operator=(const World&) = delete;
  /// Processes go first: they wait for services, which wait for nobody.
  ~World() { engine_.end_processes(); }

  /// Starts every process.
  void start();

  [[nodiscard]] Engine& engine() noexcept { return engine_; }
  [[nodiscard]] const Recorder& recorder() const noexcept { return recorder_; }
  [[nodiscard]] const Names& names() const noexcept { return names_; }

  using DriveKey = std::pair<std::string, std::string>;  ///< node, drive
  using Drives = std::map<DriveKey, std::unique_ptr<service::DriveService>>;
  [[nodiscard]] const Drives& drives() const noexcept { return drives_; }
  [[nodiscard]] const std::map<std::string, std::unique_ptr<service::Cores>>& cores() const noexcept { return cores_; }
  [[nodiscard]] const std::map<std::string, std::unique_ptr<service::CorpusJob>>& corpora() const noexcept { return corpora_; }
  /// Of language models, each copy by itself, and of embedders.
  [[nodiscard]] std::vector<service::LlmServer*> servers_on(const service::GpuCard& card) const;
  [[nodiscard]] const std::map<DriveKey, std::unique_ptr<service::GpuCard>>& cards() const noexcept { return cards_; }
  using Shares = std::map<DriveKey, std::unique_ptr<service::RemoteVolume>>;
  [[nodiscard]] const Shares& shares() const noexcept { return shares_; }
  [[nodiscard]] const std::map<std::string, std::unique_ptr<service::ModelLoad>>& loads() const noexcept { return loads_; }
  [[nodiscard]] const std::map<std::string, std::unique_ptr<service::EtlJob>>& jobs() const noexcept { return jobs_; }
  [[nodiscard]] const std::map<std::string, std::unique_ptr<service::BulkCopy>>& copies() const noexcept { return copies_; }
  /// The links inside machines that name their board; nullptr if none does.
  [[nodiscard]] service::Bus* bus() noexcept { return bus_.get(); }
  /// Those of them that something of the scenario crosses.
  [[nodiscard]] const std::set<topology::LinkId>& used_links() const noexcept { return used_links_; }
  [[nodiscard]] const std::map<std::string, std::unique_ptr<service::Agents>>& agents() const noexcept { return agents_; }
  /// By the name of the rebuild.
  [[nodiscard]] const std::map<std::string, std::unique_ptr<service::PoolRebuild>>& rebuilds() const noexcept {
    return rebuilds_;
  }
  /// By workload.
  [[nodiscard]] const std::map<std::string, std::unique_ptr<service::SensorStream>>& streams() const noexcept {
    return streams_;
  }
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

 private:
  std::unique_ptr<service::DriveService> make_drive(const NodeSpec& node, const DriveSpec& spec);
  std::unique_ptr<service::PoolService> make_pool(const NodeSpec& node, const PoolSpec& spec);
  std::unique_ptr<service::PoolRebuild> make_rebuild(const NodeSpec& node, const PoolSpec& spec);
  std::unique_ptr<service::PoolService> make_mirror(const NodeSpec& node, const PoolSpec& spec,
                                                    const std::vector<std::string>& drives, WorkId first_id);
  void build_pool(const NodeSpec& node, const PoolSpec& spec);
  static Task<> fail_member(Engine& engine, service::PoolService& pool, std::size_t place, Seconds at);
  /// What services of the node call by this name.
  [[nodiscard]] service::Volume& volume(const std::string& node, const std::string& name) const;
  void build_node(const NodeSpec& node);
  /// In world_volumes.cpp.
  void build_share(const NodeSpec& node, const ShareSpec& spec);
  /// In world_bus.cpp.
  [[nodiscard]] static topology::Topology tree_of(const Scenario& scenario, const catalog::Catalog& catalog);
  void build_bus();
  [[nodiscard]] std::vector<topology::LaneUse> lanes_to_cpu(const NodeSpec& node, const std::string& place, bool is_back) const;
  /// Of a drive, a card or `memory` of the node.
  [[nodiscard]] std::vector<topology::LaneUse> find_lanes(const NodeSpec& node, const std::string& from,
                                                          const std::string& to) const;
  /// The same for a stream, whose links are told about in the results.
  [[nodiscard]] std::vector<topology::LaneUse> lanes_between(const NodeSpec& node, const std::string& from,
                                                             const std::string& to);
  [[nodiscard]] std::vector<topology::LaneUse> ring_lanes(const NodeSpec& node, const std::vector<std::string>& cards,
                                                          bool through_memory);
  [[nodiscard]] std::vector<topology::LaneUse> exchange_lanes(const NodeSpec& node, const LlmServerSpec& spec,
                                                              const interconnect::CardGroup& group, int copy);
  /// Of a message from one machine to the other: uplinks of chipsets that the network cards hang on, and memories.
  [[nodiscard]] service::BusWay inside_machines(const std::string& from, const std::string& to);
  [[nodiscard]] service::BusWay way_over_bus(const std::string& node, const std::string& from, const std::string& to);
  void cross_memory(const NodeSpec& node, service::LlmServer& server, const std::string& name);
  void build(const ServiceSpec& service, const BulkCopySpec& spec);
  /// In world_llm.cpp.
  void add_to_ollama(const ServiceSpec& service, const serving::OllamaServer& settings, Bytes memory);
  [[nodiscard]] service::GpuCard& card(const std::string& node, const std::vector<std::string>& gpus);
  /// The share of labs whose value of a parameter is below this one's, see parameter_draw.hpp.
  [[nodiscard]] double draw(const std::string& parameter) const;
  [[nodiscard]] calibration::SpeedLuck speed_luck(const LlmServerSpec& spec, const std::string& card) const;
  std::unique_ptr<service::LlmServer> make_server(const ServiceSpec& service, const LlmServerSpec& spec, int copy);
  void warn_of_paging(const ServiceSpec& service, const LlmServerSpec& spec, const NodeSpec& node);
  void build_load(const ServiceSpec& service, const LlmServerSpec& spec, Bytes weights, int copy, service::LlmServer& server);
  /// The first copy has the name of its server.
  [[nodiscard]] static std::string load_name(const std::string& server, int copy);
  /// In world_network.cpp. Nothing if the service is on the client's node, or the client has none.
  service::NetworkClient* build_client(const WorkloadSpec& workload, const AgentsSpec& spec, const std::string& service);
  [[nodiscard]] service::NetworkWay way_between(const std::string& client, const std::string& server);
  [[nodiscard]] std::vector<service::ChargedDegradation> degradations_of(const topology::Route& route);
  void warn_of_degradations();
  void warn_of_cards();
  void build(const ServiceSpec& service, const VectorStoreSpec& spec);
  void build(const ServiceSpec& service, const LlmServerSpec& spec);
  void build(const ServiceSpec& service, const EmbedderSpec& spec);
  void build(const ServiceSpec& service, const EtlJobSpec& spec);
  /// Detectors exist where streams end.
  void build(const ServiceSpec& service, const StreamDetectorSpec& spec);
  /// In world_network.cpp.
  void build(const WorkloadSpec& workload, const SensorsSpec& spec);
  void start(const WorkloadSpec& workload, const SensorsSpec& spec);
  /// In world_workloads.cpp.
  void build(const WorkloadSpec& workload, const AgentsSpec& spec);
  void build(const WorkloadSpec& workload, const ChatSpec& spec);
  void start(const WorkloadSpec& workload, const AgentsSpec& spec);
  void start(const WorkloadSpec& workload, const ChatSpec& spec);
  template <typename Service>
  void start_arrivals(const std::string& name, const ArrivalSpec& arrivals, Service& service, std::string_view stream);
  void start_trace(const std::string& name, const TraceSpec& spec, std::string_view stream, service::TraceReplay::Ask ask);
  [[nodiscard]] service::TokenStages token_stages();
  /// In world_caches.cpp.
  [[nodiscard]] Bytes free_memory(const NodeSpec& node) const;
  [[nodiscard]] Bytes arc_size(const NodeSpec& node) const;
  [[nodiscard]] Bytes page_cache_size(const NodeSpec& node) const;
  [[nodiscard]] Bytes working_set(const NodeSpec& node, storage::CacheKind kind) const;
  [[nodiscard]] service::MemoryCache& memory_cache(const NodeSpec& node, const std::string& volume);
  [[nodiscard]] std::optional<service::CachedFile> index_in_memory(const ServiceSpec& service, const VectorStoreSpec& spec);
  [[nodiscard]] std::string local_name(const std::string& node, const std::string& part) const;

  const Scenario* scenario_;
  const catalog::Catalog* catalog_;
  std::uint64_t replication_;
  RandomSource random_;
  Names names_;
  Recorder recorder_;
  std::vector<std::string> warnings_;
  std::set<std::string> met_;      ///< degradations, by name
  std::set<std::string> limited_;  ///< what is said of those whose netem holds fewer packets than the way would carry
  topology::Topology network_;     ///< empty in a lab that shares nothing
  topology::Topology tree_;        ///< with the links inside machines; empty where no machine names its board
  Engine engine_;
  std::unique_ptr<service::Bus> bus_;
  std::set<topology::LinkId> used_links_;
  std::map<std::string, std::unique_ptr<service::Cores>> cores_;
  Drives drives_;
  Shares shares_;
  std::map<DriveKey, std::unique_ptr<service::PoolService>> pools_;
  std::map<DriveKey, std::unique_ptr<service::PoolService>> mirrors_of_log_;
  std::map<DriveKey, std::unique_ptr<service::PoolService>> special_vdevs_;
  std::map<DriveKey, std::unique_ptr<service::LogVolume>> logs_;
  std::map<DriveKey, std::unique_ptr<service::SpecialVolume>> with_special_;
  std::map<std::string, std::unique_ptr<service::PoolRebuild>> rebuilds_;
  std::map<DriveKey, service::Volume*> volumes_;  ///< by node and name, what services there keep data on
  std::map<std::pair<std::string, storage::CacheKind>, std::unique_ptr<service::MemoryCache>> caches_;  ///< by node
  std::map<std::string, std::unique_ptr<service::VectorStore>> stores_;
  std::map<DriveKey, std::unique_ptr<service::GpuCard>> cards_;  ///< those that somebody uses
  std::map<std::string, std::unique_ptr<service::LlmServer>> llms_;
  std::map<std::string, std::vector<std::unique_ptr<service::LlmServer>>> further_copies_;  ///< by server
  std::map<std::string, std::unique_ptr<service::ModelLoad>> loads_;                        ///< by load_name()
  std::map<DriveKey, std::unique_ptr<service::OllamaHost>> ollamas_;                        ///< by node and card
  std::map<std::string, std::unique_ptr<service::LlmServer>> embedders_;
  std::map<std::string, std::unique_ptr<service::CorpusJob>> corpora_;  ///< by embedder
  std::map<std::string, std::unique_ptr<service::EtlJob>> jobs_;
  std::map<std::string, std::unique_ptr<service::BulkCopy>> copies_;
  std::vector<std::unique_ptr<service::NetworkClient>> clients_;
  std::map<std::string, std::unique_ptr<service::Agents>> agents_;
  std::map<std::string, std::unique_ptr<service::Chat>> chats_;
  std::map<std::string, std::unique_ptr<service::SensorStream>> streams_;
  std::vector<std::unique_ptr<service::TraceReplay>> replays_;
};

}  // namespace labtwin
