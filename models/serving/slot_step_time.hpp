#pragma once

// Steps of llama.cpp with one model on one card, as its own benchmarks measure them.

#include <memory>
#include <utility>

#include "models/base/units.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/model_shape.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::serving {

/// Sequences that CUDA multiplies as vectors: ggml-cuda's MMVQ_MAX_BATCH_SIZE.
inline constexpr double kMostVectors = 8.0;

struct SlotCoefficients {
  Seconds first;           ///< a step that decodes one sequence
  Seconds more;            ///< each further one, up to eight
  Seconds tiles;           ///< a step that decodes more than eight
  Seconds tile_more;       ///< each of them
  Seconds context;         ///< per token that a decode attends to
  Seconds pass;            ///< a microbatch of prompts
  Seconds prompt_token;    ///< each of its tokens
  Seconds pair;            ///< a prompt's token and one that it attends to
  double ubatch = 512.0;   ///< tokens of a microbatch
  bool has_tiles = false;  ///< more than eight sequences were measured; else the eight are continued
};

/// Law:    decodes alone: first + more (n - 1), or tiles + tile_more n for n > 8, + context x tokens attended to. With prompts:
///         pass x microbatches + prompt_token x all tokens + pair x pairs + context x tokens attended to
/// Inputs: eight coefficients, fitted to tables of llama-bench and llama-batched-bench
/// Valid:  llama.cpp on CUDA, which multiplies up to eight columns as vectors and more as tiles of a matrix; no sampling, which
///         those tools leave out
/// Source: ggml-cuda's MMVQ_MAX_BATCH_SIZE
/// Error:  of the tables of one card, median 2 %; of a server see `labtwin validate` of kind serving_run
class SlotStepTime final : public StepTimeModel {
 public:
  explicit SlotStepTime(const SlotCoefficients& coefficients) : c_(coefficients) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;

 private:
  SlotCoefficients c_;
};

/// What the thread of a server does between two steps of the card.
struct ServerThread {
  Seconds step;     ///< for every step
  Seconds sampled;  ///< for every token that comes out
  Seconds prompt;   ///< for every prompt that ends
  Seconds moved;    ///< for every token whose keys and values it copies to the host's memory or back
};

/// Law:    6 ns x vocabulary for a token, half a millisecond for a step, 10 ms for a request, keys and values at 1.1 GB/s
/// Inputs: the model, whose vocabulary the samplers go through for each slot in turn; types of its KV cache
/// Valid:  llama-server with its usual samplers, which run on one thread of the processor
/// Source: fitted to 60 requests of one run (calibration/data/h200/llama_server_open): 8B, 128 256 words, a server processor of
///         Intel in a virtual machine; the copies to another run (llama_server_prompt_cache), where the link carries 55 GB/s:
///         memory is allocated for each copy, and pieces of it are copied one by one
/// Error:  two further runs of that machine, see `labtwin validate` of kind serving_run; other processors are not measured.
///         Logs of others show copies at 0.2 to 1 GB/s: 1.9 GB in 1.97 s (mostlygeek/llama-swap issue 560)
[[nodiscard]] ServerThread llama_server_thread(const ModelShape& shape, const KvTypes& kv);

/// Law:    step of the card + what the thread of the server does
/// Valid:  servers whose thread and card take turns
class ServedStepTime final : public StepTimeModel {
 public:
  ServedStepTime(std::unique_ptr<const StepTimeModel> of_card, const ServerThread& thread)
      : of_card_(std::move(of_card)), thread_(thread) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;
  [[nodiscard]] StepTraffic traffic(const OperatorBatch& batch) const override { return of_card_->traffic(batch); }

 private:
  std::unique_ptr<const StepTimeModel> of_card_;
  ServerThread thread_;
};

}  // namespace labtwin::serving
