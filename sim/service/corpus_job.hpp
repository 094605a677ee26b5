#pragma once

#include <cstdint>

#include "models/workload/job_schedule.hpp"
#include "sim/engine/engine.hpp"
#include "sim/service/llm_server.hpp"

namespace labtwin::service {

struct CorpusJobOptions {
  OwnerId owner = 0;
  std::uint64_t num_texts = 0;
  std::uint64_t tokens = 1;        ///< of each
  std::uint32_t concurrency = 32;  ///< texts that are asked for at a time
  workload::JobSchedule schedule;  ///< no duration, no volume: until all texts are embedded
};

/// Has the texts of a corpus embedded, so many at a time.
class CorpusJob {
 public:
  CorpusJob(Engine& engine, LlmServer& embedder, const CorpusJobOptions& options)
      : engine_(&engine), embedder_(&embedder), options_(options) {}

  /// A process to be spawned.
  [[nodiscard]] Task<> run();

  /// Time with texts to embed.
  [[nodiscard]] Seconds active_time() const;
  [[nodiscard]] std::uint64_t num_passes() const noexcept { return num_passes_; }
  [[nodiscard]] Seconds time_of_passes() const noexcept { return time_of_passes_; }
  /// Texts that came back, of passes that have ended.
  [[nodiscard]] std::uint64_t num_embedded() const noexcept { return num_embedded_; }

 private:
  [[nodiscard]] Task<> run_once();
  /// Asks for one text after the other while there are any; how many came back.
  [[nodiscard]] Task<std::uint64_t> ask();

  Engine* engine_;
  LlmServer* embedder_;
  CorpusJobOptions options_;
  std::uint64_t num_asked_ = 0;  ///< of the pass under way
  bool is_active_ = false;
  Seconds active_since_;
  Seconds active_;
  std::uint64_t num_embedded_ = 0;
  std::uint64_t num_passes_ = 0;
  Seconds time_of_passes_;
};

}  // namespace labtwin::service
