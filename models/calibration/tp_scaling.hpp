#pragma once

// Kind `tp_scaling`: what several cards make of a model: tensor and layer split, pipelines, replicas; and what a better link
// gains.

#include <string>

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Law:    seconds of a step = step of the throughput law with the model shared over the cards + 2 x layers x all-reduce of
///         batch x hidden x 2 bytes + prompts of the batch / tokens that each one asks for, each times a factor; replicas
///         divide the batch; where requests arrive at a rate, 1 / (rate x tokens of a request) is added
/// Inputs: cards, link, engine, model, quantisation, how the model is shared, load
/// Valid:  cards of one kind; mixed ones run at the slowest one's pace
/// Source: kinds llm_throughput and collectives; fit rows of calibration/data/interconnect/tp_scaling
/// Error:  see `labtwin validate`. Rows of one card of a rig that a file marks `fit` tell that rig
[[nodiscard]] Evaluation evaluate_tp_scaling(const MeasurementTable& table, const Progress& progress);

/// The text of priors/tp_scaling.toml.
[[nodiscard]] std::string fit_tp_scaling(const MeasurementTable& table);

}  // namespace labtwin::calibration
