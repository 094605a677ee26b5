#pragma once

// The law of step times of an inference server, from what calibration knows of its card, model and engine: the simulated server
// runs at the speed that `labtwin validate` scores.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/calibration/kind.hpp"
#include "models/catalog/entry.hpp"
#include "models/interconnect/card_group.hpp"
#include "models/serving/exchange_step_time.hpp"
#include "models/serving/locked_clocks.hpp"
#include "models/serving/mixed_step_time.hpp"
#include "models/serving/server_engine.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::calibration {

/// The memory of a host that holds a part of the weights.
struct HostMemory {
  BytesPerSecond bandwidth;
  double threads = 16.0;
  BytesPerSecond link;  ///< that copies of weights to the card reach
  // Where the file of the weights is mapped: memory that may hold it, and the rate of the drive that has the rest.
  std::optional<Bytes> page_cache{};
  BytesPerSecond storage{};
};

/// The share of cards like it that are faster than this one, see parameter_draw.hpp; 1/2: as the law says.
struct SpeedLuck {
  double decode = 0.5;
  double prompt = 0.5;
};

struct ServerSetup {
  const catalog::Entry& card;
  serving::ServerPlace place;
  std::string model;    ///< of the catalog
  std::string backend;  ///< how llama.cpp reaches the card; empty: as usual for the vendor
  const serving::ServerSettings& settings;
  interconnect::CardGroup group{};     ///< several cards like `card`
  std::optional<HostMemory> host{};    ///< where the server leaves weights there
  std::optional<Watts> power_limit{};  ///< of each card, whose entry tells its board's power
  serving::LockedClocks clocks{};      ///< of each card, whose entry tells its clocks
  SpeedLuck luck{};
};

struct ServerSpeed {
  std::unique_ptr<const serving::StepTimeModel> step_time;  ///< with the luck of the setup
  Estimate decode_tok_s;                                    ///< of one sequence with 1,000 tokens of context
  Estimate prompt_tok_s;                                    ///< of a prompt of 512 tokens
  Grade grade = Grade::Assumed;
  std::string source;                                       ///< what the law was fitted to
  std::optional<serving::ExchangeCoefficients> exchange{};  ///< of the all-reduces in `step_time`
  // Standard deviations of the logarithms of the two rates among cards and owners.
  double decode_sigma = 0.0;
  double prompt_sigma = 0.0;
};

/// Law:    log-normal: times are longer by a factor that this share of all cards stays below
/// Inputs: standard deviation of the logarithm; share in (0, 1), of which 1/2 gives 1
[[nodiscard]] double time_factor(double sigma, double share);

/// Law:    vLLM: the operators' law with the coefficients that are typical of a card; llama.cpp and Ollama: the throughput law
///         with the factors of this card, model, quantisation and backend
/// Inputs: parts of the catalog; settings of the server
/// Valid:  a model wholly in the memory of one card, or in part with the law of kind offload, or of several alike: then with
///         the all-reduces of the law of kind collectives where they share every matrix, or the experts of several copies;
///         vLLM's pipelines of such groups
/// Source: models/serving/operator_law.hpp, models/calibration/priors/llm_throughput.toml
/// Error:  see `labtwin validate` of the kinds serving_run and llm_throughput
[[nodiscard]] ServerSpeed server_speed(const ServerSetup& setup);

/// The speed of a group all of whose cards are of one kind, and the share of the layers that cards of this kind have.
struct SharedSpeed {
  ServerSpeed speed;
  double share = 1.0;
};
/// Of cards of several kinds, at least one, see mixed_step_time.hpp. What is not known of them is as of the least known.
[[nodiscard]] ServerSpeed mixed_speed(std::vector<SharedSpeed> cards, serving::CardWork work);

}  // namespace labtwin::calibration
