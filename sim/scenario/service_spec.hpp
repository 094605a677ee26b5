#pragma once

// The services of a scenario as they stand in its file, with every default resolved.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/base/distribution.hpp"
#include "models/base/units.hpp"
#include "models/interconnect/card_group.hpp"
#include "models/serving/router.hpp"
#include "models/serving/server_engine.hpp"
#include "models/storage/flush.hpp"
#include "models/vector/search_shape.hpp"
#include "models/workload/job_schedule.hpp"
#include "sim/scenario/provenance.hpp"

namespace labtwin {

enum class IoClassName : unsigned char { Realtime, BestEffort, Idle };

/// A vector database whose index lies on a drive.
///   type = "vector_store"; node, drive
///   index = { kind = "graph", vectors, dimension, neighbours, node_size, list_size, beam_width }
///        or { kind = "inverted_lists", vectors, dimension, lists, probes }
///   cost = { query, round, distance }        # processor time
///   cache = "page_cache"                     # the ARC on a ZFS pool; mmap: a mapped index; none: direct I/O
///   popularity = 0.8                         # Zipf exponent of what is read
struct VectorStoreSpec {
  std::string drive;
  vector::SearchShape shape;
  vector::SearchCost cost;
  Bytes index_size;
  Bytes memory;  ///< codes and centroids, kept in RAM by the process
  bool uses_page_cache = true;
  bool is_mapped = false;
  double popularity = 0.0;  ///< 0: every block alike
  IoClassName ionice = IoClassName::BestEffort;
  std::uint32_t max_concurrency = 16;
  std::optional<std::uint32_t> queue_limit{};
  bool in_measured_range = true;  ///< whether the law of the shape was measured for such an index
};

/// How the weights of a model get into a card when the run begins; without it they are there.
///   load = { from = "nvme0", streams = 1, warm = false }
struct LoadSpec {
  std::string from;               ///< what the node keeps data on: a drive, pool or share
  std::uint32_t num_streams = 1;  ///< threads that read the file
  bool is_warm = false;           ///< whether the page cache holds it
};

/// A local inference server with one model.
///   type = "llm_server"; node, gpu = "gpu0" or gpus = ["gpu0", "gpu1"]
///   model = "llama-3-8b"; quant = "q4_k_m"; load = ...; queue_limit = ...
///   model = "config.json" or "Qwen3-8B-Q4_K_M.gguf"   # a file beside the scenario, of a model that the catalog lacks
///   engine = "llama.cpp"; parallel, ctx_size, batch_size, ubatch_size, flash_attn, cache_type_k, cache_type_v, cache_prompt,
///   backend, split_mode, n_cpu_moe, n_gpu_layers, mmap, threads
///
///   engine = "vllm"; max_num_seqs, max_num_batched_tokens, gpu_memory_utilization, max_model_len, block_size, kv_cache_dtype,
///   enable_prefix_caching, cpu_offload_gb, tensor_parallel_size, pipeline_parallel_size, data_parallel_size,
///   enable_expert_parallel, nccl_p2p_level; of several copies routing = "least_loaded", "round_robin", "session_affinity" or
///   "cache_aware"
///
///   engine = "ollama"; num_parallel, num_ctx, num_batch, flash_attention, kv_cache_type, keep_alive, max_loaded_models
struct LlmServerSpec {
  std::vector<std::string> gpus;                                      ///< one or several, see server_cards.hpp
  interconnect::ModelSplit split = interconnect::ModelSplit::Layers;  ///< over the cards of one copy
  int num_copies = 1;                                                 ///< of the model, each on as many of the cards
  serving::Routing routing = serving::Routing::LeastLoaded;           ///< of requests to copies
  std::string model;                                                  ///< of models/catalog/llms
  std::string quant;  ///< how its weights are stored: `q4_k_m`, `f16`, `awq-int4`
  Bytes memory;       ///< of the host
  serving::ServerSettings engine;
  std::string backend;           ///< how llama.cpp reaches the card: `cuda`, `vulkan`; empty: as usual for its vendor
  bool crosses_bridges = false;  ///< several cards reach each other across the host's bridges: `nccl_p2p_level`
  std::optional<std::uint32_t> queue_limit{};
  std::optional<LoadSpec> load{};
  Bytes page_cache{};  ///< of the host, that may hold the weights which stay there

  [[nodiscard]] int cards_per_copy() const noexcept { return static_cast<int>(gpus.size()) / num_copies; }
  [[nodiscard]] std::vector<std::string> cards_of(std::ptrdiff_t copy) const {
    const std::ptrdiff_t count = cards_per_copy();
    return {gpus.begin() + copy * count, gpus.begin() + (copy + 1) * count};
  }
};

/// A server of an embedding model: text in, vectors out, in batches of what has come meanwhile.
///   type = "embedder"; node, gpu = "gpu0"; model = "bge-m3"; max_batch_tokens = 16384; queue_limit = ...
///   corpus = { texts = 200000, tokens = 400, concurrency = 32, start = "5 min", every = "1 d", enabled = false }
struct EmbedderSpec {
  /// Texts that are embedded anew, so many at a time.
  struct Corpus {
    std::uint64_t num_texts = 0;
    std::uint32_t tokens = 1;  ///< of each
    std::uint32_t concurrency = 32;
    workload::JobSchedule schedule;
    bool is_enabled = true;
  };
  std::string gpu;
  std::string model;             ///< of models/catalog/embedders
  std::uint32_t max_tokens = 0;  ///< of a text, as the model was made
  std::uint32_t max_batch_tokens = 16384;
  std::optional<std::uint32_t> queue_limit{};
  std::optional<Corpus> corpus{};
  Bytes memory;  ///< of the host
};

/// Bytes that go from one place in a node to another and back to back, over its links: a loader of training data, a backup of
/// a card's memory, a benchmark.
///   type = "bulk_copy"; node; from = "memory"; to = "gpu1"; rate_limit = "10 GB/s"
///   start = "5 min"; duration = "1 h" or volume = "40 GB"; every = "1 d"; enabled = false
struct BulkCopySpec {
  std::string from;  ///< `memory` or a card
  std::string to;
  std::optional<BytesPerSecond> rate_limit{};
  Bytes memory;
  workload::JobSchedule schedule;
  bool is_enabled = true;
};

/// A data-prep job: reads, transforms, writes, all at once.
///   type = "etl_job"; node, drive = "nvme0"; write_drive = ...
///   read = { block = "1 MiB", depth = 8 }; write = { ... , sync = "fsync" }
///   read = { block = "128 KiB", buffered = true, file = "256 KiB" }   # through the page cache, with the read-ahead of the
///   kernel transform_rate = "900 MB/s"; workers = 1; rate_limit = "200 MB/s"; ionice = "idle" start = "5 min"; duration = "1
///   h" or volume = "200 GB"; every = "1 d"; enabled = false
struct EtlJobSpec {
  struct Window {
    Bytes block;
    std::uint32_t depth = 1;
    storage::SyncCall sync = storage::SyncCall::None;  ///< after every block written
    bool is_buffered = false;  ///< through the page cache: a writer runs ahead of the drive, a reader leaves there what it read
    Bytes file{};              ///< of a buffered reader: size of each file; 0: one large file
    storage::Pattern pattern = storage::Pattern::Sequential;  ///< where the blocks lie
  };
  std::string drive;
  std::string write_drive;
  std::optional<Window> read{};
  std::optional<Window> write{};
  double write_ratio = 1.0;
  std::optional<BytesPerSecond> transform_rate{};
  std::uint32_t num_workers = 1;
  std::optional<BytesPerSecond> rate_limit{};
  IoClassName ionice = IoClassName::BestEffort;
  Bytes memory;
  workload::JobSchedule schedule;
  bool is_enabled = true;
};

/// A detector of anomalies in streams of UDP datagrams.
///   type = "stream_detector"; node
///   receive_buffer = "212992 B"              # of its socket, as the kernel counts: twice what setsockopt asks for
///   window = 256; inference = "2 ms"         # datagrams that it looks at together, and for how long, on a core
///   stalls = { every = "1 s", lasts = "20 ms" }   # when it does not read; distributions
///   ring = { descriptors = 256, packet_time = "1 us", stalls = ... }   # of its card: `ethtool -g`, what the kernel takes per
///                                                                      # packet, when interrupts wait
struct StreamDetectorSpec {
  /// When somebody does not read.
  struct Stalls {
    DistributionOf<Seconds> every;
    DistributionOf<Seconds> lasts;
  };
  struct Ring {
    std::uint32_t num_descriptors = 256;
    Seconds packet_time = Seconds::from_base(1e-6);
    std::optional<Stalls> stalls{};
  };
  Bytes receive_buffer = Bytes::from_base(212992.0);
  std::uint32_t window = 1;
  Seconds inference;
  std::optional<Stalls> stalls{};
  Ring ring{};
  Bytes memory;
};

using ServiceKind = std::variant<VectorStoreSpec, LlmServerSpec, EmbedderSpec, EtlJobSpec, StreamDetectorSpec, BulkCopySpec>;

struct ServiceSpec {
  std::string name;
  std::string node;
  ServiceKind kind;
  Provenance provenance;  ///< of the numbers in its table
};

/// The service of this name if it is of this kind; nullptr otherwise.
template <class Kind>
[[nodiscard]] const Kind* find_service(const std::vector<ServiceSpec>& services, const std::string& name) {
  for (const ServiceSpec& service : services) {
    if (service.name == name) return std::get_if<Kind>(&service.kind);
  }
  return nullptr;
}

}  // namespace labtwin
