#pragma once

// How long a token takes, from what card, model and run are: sums of terms, each of which is what a datasheet allows. What an
// engine makes of a term is a factor that calibration fits.

#include <array>
#include <cstddef>

#include "models/base/units.hpp"
#include "models/serving/usual_memory.hpp"
#include "models/serving/weight_placement.hpp"

namespace labtwin::serving {

/// What one engine on one or several alike cards works on.
struct ThroughputRun {
  BytesPerSecond memory_bandwidth;  ///< of a card, or of the host for a CPU
  FlopsPerSecond peak_flops;        ///< of a card, by its fastest units
  FlopsPerSecond vector_flops;      ///< of a card, in FP32
  double num_cards = 1.0;
  bool splits_tensors = false;  ///< cards work on every layer together; else one after the other
  double layers = 1.0;
  double hidden_size = 1.0;
  double attended = 0.0;  ///< elements of queries, times keys and values, of the layers that see the whole context
  double windowed = 0.0;  ///< likewise of those that see a window
  double window = 0.0;    ///< tokens
  double active_parameters = 1.0;
  WeightPlacement weights;                       ///< that passes read; tokens at once touch more experts
  BytesPerSecond host_bandwidth = kDdr4Desktop;  ///< of the memory of the host
  Bytes context_cache;                           ///< keys and values of one sequence at its mean depth
  double batch = 1.0;                            ///< sequences at once
  double prompt_tokens = 512.0;                  ///< of one sequence
  double depth = 0.0;                            ///< tokens before them
  double prompts_at_once = 1.0;                  ///< that share microbatches
  double ubatch = 512.0;                         ///< tokens that an engine works on at once
  double generated_tokens = 0.0;
  bool is_request = false;  ///< timed by a client: with what a server does around a prompt
};

enum ThroughputTerm : std::size_t { Launch, Weights, Context, Arithmetic, Vector, Host, Exchange, Other, NumThroughputTerms };
using ThroughputTerms = std::array<double, NumThroughputTerms>;

/// Columns whose time a microbatch of so many tokens takes: matrices of few columns leave units idle, and an expert sees only
/// the share of the columns that choose it.
[[nodiscard]] double columns_worked(const ThroughputRun& run, double microbatch);

/// Law:    seconds per token of a sequence = layers x 60 us + active weights / bandwidth + batch x cache / bandwidth + 2 x
///         active parameters x batch / peak + 8 x active parameters / vector rate + host weights / host bandwidth + 30 us x
///         layers between cards + prompts of the batch, each times a factor; a batch of B reads all dense weights and the share
///         1 - (1 - picked)^B of the routed experts
/// Inputs: a run; `with_prompts` adds, for rates over whole requests, batch x the prompt's seconds on the cards / tokens
/// generated Valid:  decoders that memory holds, in part or in whole; one factor per term and kind of engine, card, model
/// Source: the roofline of a decoder; stored weights are unpacked by vector units, which keeps cards of wide memory and few
///         such units below their bandwidth; factors see calibration/priors/llm_throughput.toml
/// Error:  see `labtwin validate` of kind llm_throughput
[[nodiscard]] ThroughputTerms token_seconds(const ThroughputRun& run, bool with_prompts);

/// Law:    seconds of a prompt of n tokens in k microbatches of m = k x layers x 60 us + (k x weights + 240 x layers x hidden x
///         n) / bandwidth + 2 x n x (attended x s + windowed x min(s, window)) / peak + k x cache / bandwidth + (2 / peak + 0.4
///         / vector rate) x active parameters x n x (1 + idle / max(8, m)) + k x host weights / 20 GB/s + k x exchange + 20 ms
///         for a request to a server or else 1 ms, each times a factor; s = depth + n / 2 tokens are seen by one of the prompt;
///         idle is 16 columns, or 64 of the m x picked share that an expert sees
/// Inputs: a run
/// Valid:  as above; a pass has the launches and reads the weights as a step that decodes, so these factors are shared. The 240
///         bytes are sixty floats per element of the hidden state that a decoder layer's operations read and write between them
/// Source: as above
/// Error:  see `labtwin validate` of kind llm_throughput
[[nodiscard]] ThroughputTerms prompt_seconds(const ThroughputRun& run);

}  // namespace labtwin::serving
