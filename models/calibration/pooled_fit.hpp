#pragma once

// Fits factors that many rows share in part: one per backend, per architecture, per card, per model. Each is drawn towards no
// effect as strongly as its level's spread says, so that a card with one row hardly moves and one with a hundred is itself.

#include <cstddef>
#include <span>
#include <vector>

namespace labtwin::calibration {

/// A column of the design: an effect of this row's term, times `weight`.
struct EffectUse {
  std::size_t effect = 0;
  double weight = 1.0;
};

struct PooledTerm {
  double base = 0.0;  ///< > 0
  std::vector<EffectUse> uses;
  bool is_beside = false;  ///< runs beside the sum of the others, not after them
};

/// A row: log y = log of the sum over terms of base x exp(sum of effects). What runs beside counts where it takes longer than
/// that sum s: (s^4 + b^4)^(1/4).
struct PooledRow {
  std::vector<PooledTerm> terms;
  double log_measured = 0.0;
  double weight = 1.0;
};

struct PooledEffect {
  double mean = 0.0;         ///< what it is drawn to
  double prior_sigma = 0.1;  ///< how strongly
  double value = 0.0;
  double sigma = 0.1;  ///< conditional standard deviation after the fit
};

/// log y, and per effect how much log y moves with it.
struct PooledPrediction {
  double log_value = 0.0;
  std::vector<EffectUse> gradient;
  /// Variance that effects of these sigmas leave.
  [[nodiscard]] double variance(std::span<const PooledEffect> effects) const;
};
[[nodiscard]] PooledPrediction predict_pooled(const PooledRow& row, std::span<const PooledEffect> effects);

/// Law:    the values that minimise the sum over rows of weight x Student's log-likelihood (two degrees of freedom) of
///         residual / noise_sigma, plus the Gaussian priors; Gauss-Newton with conjugate gradients
/// Inputs: effects with their priors; values are overwritten
/// Valid:  thousands of rows and effects; sigma ignores correlations between effects
/// Source: Gelman and Hill 2007 (partial pooling); Lange, Little, Taylor 1989 (Student's t)
/// Error:  recovers planted effects, see tests/unit/calibration/pooled_fit_test.cpp
void fit_pooled(std::span<const PooledRow> rows, double noise_sigma, std::vector<PooledEffect>& effects);
/// As fit_pooled(), from the present values on: of several minima the one nearby.
void refine_pooled(std::span<const PooledRow> rows, double noise_sigma, std::vector<PooledEffect>& effects);

}  // namespace labtwin::calibration
