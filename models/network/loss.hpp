#pragma once

// Which packets a path loses.

#include <cstdint>
#include <optional>

#include "models/network/variates.hpp"

namespace labtwin::network {

/// Loss per packet by four states: 1 a gap between bursts, 3 lost and 2 received within a burst, 4 a loss by itself.
/// Law:    a chain that steps per packet with these probabilities; from 4 it returns to 1. Packets of 3 and 4 are lost.
/// Inputs: probabilities, 0 to 1; p13 + p14 and p31 + p32 are at most 1, p31 is above 0, p23 is unless p32 is 0.
/// Valid:  as LossModel.
/// Source: tc-netem(8), loss state; Salsano, Ludovici and Ordine 2009.
/// Error:  exact for netem.
struct FourStateLoss {
  double p13 = 0.0;
  double p31 = 1.0;
  double p32 = 0.0;
  double p23 = 1.0;
  double p14 = 0.0;

  [[nodiscard]] double mean() const noexcept;
};

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
  std::optional<FourStateLoss> states{};  ///< instead of the two; good_loss then comes on top

  [[nodiscard]] static LossModel random(double probability) {
    return {.p = 0.0, .r = 1.0, .bad_loss = 1.0, .good_loss = probability};
  }
  [[nodiscard]] bool is_bursty() const noexcept { return p > 0.0 || states.has_value(); }
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
  /// From the next packet on; a chain starts in its good state.
  void change(const LossModel& model) noexcept;

 private:
  // Random loss draws how many packets pass before the next lost one: one logarithm per loss, not per packet.
  void draw_run() noexcept;
  [[nodiscard]] bool lose_by_states() noexcept;

  enum class State : unsigned char { Gap, ReceivedInBurst, LostInBurst, LostAlone };

  LossModel model_;
  Variates variates_;
  bool is_bad_ = false;
  State state_ = State::Gap;
  std::int64_t run_ = 0;
};

}  // namespace labtwin::network
