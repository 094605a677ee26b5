#pragma once

// Tables of how long each operator of a model took on a card, and the coefficients that explain them.

#include <filesystem>
#include <optional>
#include <vector>

#include "models/calibration/kind.hpp"
#include "models/serving/operator_law.hpp"

namespace labtwin::calibration {

/// One layer's matrices (norms and activations with them) over the number of tokens, and the head over that of sequences.
struct OperatorTiming {
  double count = 0.0;
  Seconds time;
};

struct AttentionTiming {
  serving::OperatorBatch batch;
  Seconds time;
};

/// Decodes over caches of unequal length, and what as many of their mean length take.
struct SkewTiming {
  serving::OperatorBatch batch;
  Seconds time;
  Seconds of_mean;
};

/// `dense.csv` (layer, tokens, time_us), `per_sequence.csv` (layer, sequences, time_us), `attention.csv` (prefill_chunk,
/// kv_prefill, n_decode, kv_decode, time_us) and, where it is there, `skew.csv`.
struct OperatorTables {
  std::vector<OperatorTiming> layer;
  std::vector<OperatorTiming> head;
  std::vector<AttentionTiming> attention;
  std::vector<SkewTiming> skew;
};
/// Throws ConfigError for a missing file or column.
[[nodiscard]] OperatorTables read_operator_tables(const std::filesystem::path& folder);

struct OperatorFit {
  serving::OperatorCoefficients coefficients;
  FitSummary summary;
};
/// Least squares in logarithms; each octave of tokens counts alike, and decodes alone as much as batches with prompts.
[[nodiscard]] OperatorFit fit_operators(const OperatorTables& tables, const serving::OperatorWork& work,
                                        const std::string& unit);

}  // namespace labtwin::calibration
