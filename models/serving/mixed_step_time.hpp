#pragma once

// Steps of cards that are not alike.

#include <memory>
#include <utility>
#include <vector>

#include "models/serving/step_time.hpp"

namespace labtwin::serving {

enum class CardWork : unsigned char {
  AtOnce,  ///< every card works on every layer, and all wait for the slowest
  InTurn   ///< every card has layers of its own
};

/// The steps of a group all of whose cards are of one kind, and the share of the layers that cards of this kind have.
struct CardShare {
  std::unique_ptr<const StepTimeModel> steps;
  double share = 1.0;
};

/// Law:    at once: the longest of the kinds' steps; in turn: their mean by shares of the layers
/// Inputs: a batch; steps as if all cards were of one kind
/// Valid:  at once: tensor parallelism, pipelines, shared experts; in turn: layers split by llama.cpp
/// Source: an all-reduce ends when the last card has come; layers follow each other
/// Error:  see `labtwin validate` of kind tp_scaling, which has few mixed groups
class MixedStepTime final : public StepTimeModel {
 public:
  MixedStepTime(std::vector<CardShare> cards, CardWork work) : cards_(std::move(cards)), work_(work) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;
  [[nodiscard]] StepTraffic traffic(const OperatorBatch& batch) const override;

 private:
  [[nodiscard]] const StepTimeModel& slowest(const OperatorBatch& batch) const;

  std::vector<CardShare> cards_;
  CardWork work_;
};

}  // namespace labtwin::serving
