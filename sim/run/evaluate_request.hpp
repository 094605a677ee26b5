#pragma once

// Measurements that only the engine can predict: the worker evaluates them, and the result travels back over the pipe.

#include <optional>
#include <string>
#include <string_view>

#include "models/calibration/kind.hpp"
#include "models/calibration/measurement_table.hpp"

namespace labtwin {

struct EvaluateRequest {
  std::string kind;
  calibration::MeasurementTable table;
};

[[nodiscard]] std::string to_json(const EvaluateRequest& request);
/// Nothing if the text asks for something else. Throws InternalError if it is no request at all.
[[nodiscard]] std::optional<EvaluateRequest> evaluate_request_from_json(std::string_view text);

/// The lines that a worker answers with: how far it is, and the result.
[[nodiscard]] std::string progress_line(double fraction);
[[nodiscard]] std::string evaluation_line(const calibration::Evaluation& evaluation);

/// Evaluates a table of a kind that has no evaluation of its own in a worker. Throws WorkerError.
[[nodiscard]] calibration::Evaluation evaluate_in_worker(const calibration::Kind& kind,
                                                         const calibration::MeasurementTable& table,
                                                         const calibration::Progress& progress);

}  // namespace labtwin
