#pragma once

// The factors of the throughput law, by name: which a run uses, how strongly each level is drawn to no effect, and the file of
// those that ship.

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/document.hpp"
#include "models/calibration/llm_run.hpp"
#include "models/calibration/pooled_fit.hpp"

namespace labtwin::calibration {

/// Effects of one fit by name. Names are `term.level|key`.
/// What the widths of intervals are told apart by, beside the stack.
[[nodiscard]] std::string width_group(std::string_view quantity, bool knows_card);

class LlmEffects {
 public:
  /// The file that ships, once per process.
  [[nodiscard]] static const LlmEffects& shipped();
  /// Of the file that ships only what these runs use, in a hundredth of the time.
  [[nodiscard]] static LlmEffects shipped_for(std::span<const LlmRun> runs);
  /// The names that the file that ships has of this level, without it.
  [[nodiscard]] static std::vector<std::string> shipped_keys(std::string_view level);
  /// No effect yet, and the widths that ship.
  [[nodiscard]] static LlmEffects unfitted();
  /// Throws ConfigError.
  [[nodiscard]] static LlmEffects read(const std::filesystem::path& path);

  /// The row's terms; effects that are not known yet are added with their level's prior.
  [[nodiscard]] PooledRow design(const LlmRun& run);

  /// Whether rows of this card, reached this way, were among those fitted.
  [[nodiscard]] bool knows_card(const LlmRun& run) const;

  [[nodiscard]] std::vector<PooledEffect>& values() noexcept { return effects_; }
  [[nodiscard]] std::span<const PooledEffect> values() const noexcept { return effects_; }
  /// An effect's value; nothing of one that is not known.
  [[nodiscard]] std::optional<double> find(std::string_view name) const;
  /// By quantity, whether the card was fitted on, and stack or none: 90 % of errors are smaller than this many standard
  /// deviations.
  [[nodiscard]] double width(const LlmRun& run) const;
  void set_width(const std::string& group, double width) { widths_[group] = width; }
  /// Effects of fewer than a hundredth are left out, and so are those that no row has told anything of.
  [[nodiscard]] std::string to_toml() const;

 private:
  static LlmEffects read(const Document& document);
  std::size_t index_of(const std::string& level, const std::string& key);

  std::map<std::string, std::size_t, std::less<>> index_;
  std::vector<PooledEffect> effects_;
  std::map<std::string, double, std::less<>> widths_;
  std::set<std::string, std::less<>> fitted_;  ///< those that the file tells, not those that a row has asked for since
};

/// The terms of a run, each times its factor; effects that are not known yet are added with their level's prior.
[[nodiscard]] serving::ThroughputTerms scaled_terms(const LlmRun& run, LlmEffects& effects);

/// Standard deviation of a prediction's logarithm, before a group's width.
[[nodiscard]] double throughput_deviation(const PooledPrediction& prediction, std::span<const PooledEffect> effects);

/// What rows of one run leave unexplained: two measurements of one owner.
inline constexpr double kThroughputNoise = 0.08;

}  // namespace labtwin::calibration
