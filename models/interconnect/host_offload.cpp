#include "models/interconnect/host_offload.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::interconnect {
namespace {

constexpr double kLaunch = 60e-6;      // of the kernels of a layer, s
constexpr double kCorePeak = 20e9;     // of a thread on quantised weights, flop/s
constexpr double kIdleColumns = 64.0;  // a matrix of few columns leaves units idle
constexpr double kNothing = 1e-12;     // s

constexpr double kStreamed = 0.7;  // of a line, by copies of weights

}  // namespace

BytesPerSecond streaming_rate(const CardLink& link) {
  return line_rate(link) * kStreamed;
}

OffloadedToken token_seconds(const OffloadedModel& model) {
  return {.launch = kLaunch * model.layers,
          .card = model.active_on_card / model.card_bandwidth / Seconds::from_base(1.0) + kNothing,
          .host = model.active_in_host / model.host_bandwidth / Seconds::from_base(1.0) + kNothing,
          .context = model.cache / model.card_bandwidth / Seconds::from_base(1.0) + kNothing};
}

OffloadedPrompt prompt_seconds(const OffloadedModel& model, double tokens, double depth, double ubatch) {
  const double microbatch = std::clamp(ubatch, 1.0, std::max(1.0, tokens));
  const double passes = std::ceil(tokens / microbatch);
  const double touched = 1.0 - std::pow(1.0 - std::min(model.expert_share, 1.0), microbatch);
  const double active = (model.active_on_card + model.active_in_host).value();
  const double host_share = model.active_in_host.value() / std::max(active, 1.0);
  const double operations = 2.0 * model.active_parameters * tokens;
  const double card_operations = operations * (1.0 + kIdleColumns / microbatch);
  return {.launch = passes * kLaunch * model.layers,
          .arithmetic = card_operations / model.card_peak.value(),
          .attention = 4.0 * model.layers * model.hidden_size * tokens * (depth + 0.5 * tokens) / model.card_peak.value(),
          .streaming = passes * touched * model.in_host.value() / model.link_bandwidth.value() + kNothing,
          .cores = operations * host_share / (model.threads * kCorePeak) + kNothing};
}

}  // namespace labtwin::interconnect
