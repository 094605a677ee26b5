#pragma once

// Which packets a path loses.

#include <cstdint>

#include "models/network/variates.hpp"

namespace labtwin::network {

/// Loss per packet by two states, `good` and `bad`; a chain with p = 0 stays good.
/// Law:    Gilbert and Elliott: from good to bad with p, back with r, drawn per packet; lost with `bad_loss` or `good_loss`.
/// Inputs: probabilities, 0 to 1.
/// Valid:  random loss is p = 0 and good_loss; the chain advances by packets, not by time, as netem's does.
/// Source: tc-netem(8), loss random and loss gemodel; Gilbert 1960, Elliott 1963.
/// Error:  exact for netem; for a real link the parameters are an assumption.
struct LossModel {
  double p = 0.0;
  double r = 1.0;
  double bad_loss = 1.0;
  double good_loss = 0.0;

  [[nodiscard]] static LossModel random(double probability) {
    return {.p = 0.0, .r = 1.0, .bad_loss = 1.0, .good_loss = probability};
  }
  /// Share of packets lost in the long run.
  [[nodiscard]] double mean() const noexcept;
};

/// What is left of packets that pass through both. Of two that are bursty, the second counts with its mean.
[[nodiscard]] LossModel both(const LossModel& first, const LossModel& second) noexcept;

/// Draws the fate of packet after packet.
class LossProcess {
 public:
  LossProcess(const LossModel& model, Variates variates);

  /// Whether the next packet is lost.
  [[nodiscard]] bool lose() noexcept;
  /// From the next packet on; a chain of two states starts in the good one.
  void change(const LossModel& model) noexcept;

 private:
  // Random loss draws how many packets pass before the next lost one: one logarithm per loss, not per packet.
  void draw_run() noexcept;

  LossModel model_;
  Variates variates_;
  bool is_bad_ = false;
  std::int64_t run_ = 0;
};

}  // namespace labtwin::network
