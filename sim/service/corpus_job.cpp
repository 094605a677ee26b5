#include "sim/service/corpus_job.hpp"

#include <utility>
#include <vector>

#include "sim/process/repetition.hpp"

namespace labtwin::service {

Task<> CorpusJob::run() {
  return repeat(*engine_, options_.schedule, [this] { return run_once(); });
}

Task<std::uint64_t> CorpusJob::ask() {
  const GenerationRequest text{.owner = options_.owner, .prompt_tokens = options_.tokens, .output_tokens = 1};
  std::uint64_t num_embedded = 0;
  while (num_asked_ < options_.num_texts) {
    ++num_asked_;
    const GenerationResult embedded = co_await embedder_->generate(text);
    if (embedded.outcome == Outcome::Completed) ++num_embedded;
  }
  co_return num_embedded;
}

Task<> CorpusJob::run_once() {
  is_active_ = true;
  active_since_ = engine_->now();
  num_asked_ = 0;
  std::vector<Task<std::uint64_t>> clients;
  for (std::uint32_t i = 0; i < options_.concurrency; ++i) clients.push_back(ask());
  auto all = engine_->wait_all(std::move(clients));
  const auto embedded = co_await all;
  for (const std::uint64_t count : embedded.values) num_embedded_ += count;
  is_active_ = false;
  active_ += engine_->now() - active_since_;
  time_of_passes_ += engine_->now() - active_since_;
  ++num_passes_;
}

Seconds CorpusJob::active_time() const {
  return is_active_ ? active_ + (engine_->now() - active_since_) : active_;
}

}  // namespace labtwin::service
