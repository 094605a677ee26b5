#include "models/serving/locked_clocks.hpp"

#include <algorithm>

namespace labtwin::serving {
namespace {

constexpr double kIssue = 2.5;  // of the bandwidth of memory, at boost

}  // namespace

ClockShares clock_shares(const LockedClocks& clocks, const AcceleratorSpec& card) {
  ClockShares shares;
  if (clocks.graphics && card.boost_clock) {
    const double share = *clocks.graphics / *card.boost_clock;
    shares = {.arithmetic = std::min(1.0, share), .memory = std::min(1.0, kIssue * share)};
  }
  if (clocks.memory && card.memory_clock) shares.memory = std::min(shares.memory, *clocks.memory / *card.memory_clock);
  return shares;
}

OperatorCoefficients at_clocks(OperatorCoefficients free, const ClockShares& shares) {
  free.bandwidth = free.bandwidth * shares.memory;
  free.matrix_rate = free.matrix_rate * shares.arithmetic;
  free.attention_rate = free.attention_rate * shares.arithmetic;
  free.mixed_decode_rate = free.mixed_decode_rate * shares.arithmetic;
  free.attention_chain = free.attention_chain / shares.arithmetic;
  free.decode_overhead = free.decode_overhead / shares.arithmetic;
  return free;
}

ThroughputTerms at_clocks(ThroughputTerms free, const ClockShares& shares) {
  for (const ThroughputTerm term : {Weights, Context}) free[term] /= shares.memory;
  for (const ThroughputTerm term : {Arithmetic, Vector}) free[term] /= shares.arithmetic;
  return free;
}

ThroughputTerms prompt_at_clocks(ThroughputTerms free, const ClockShares& shares) {
  free[Weights] /= shares.memory;
  for (const ThroughputTerm term : {Context, Arithmetic, Vector}) free[term] /= shares.arithmetic;
  return free;
}

}  // namespace labtwin::serving
