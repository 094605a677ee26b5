#pragma once

// A law whose terms carry factors that rows share in part, by name: one per kind of path, per engine, per rig. Which factors a
// row uses, and how strongly each level is drawn to no effect, is the law's; fitting, intervals and the file that ships are
// the same for all such laws.

#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/calibration/kind.hpp"
#include "models/calibration/pooled_fit.hpp"

namespace labtwin::calibration {

/// What the log factors of a level are drawn to, and how strongly.
struct PooledLevel {
  std::string_view name;
  double mean = 0.0;
  double sigma = 0.1;
};

/// A factor of a term: exp(weight x effect of this level and key).
struct LevelUse {
  std::string_view level;
  std::string key;
  double weight = 1.0;
};

struct LawTerm {
  double base = 0.0;  ///< > 0
  std::vector<LevelUse> uses;
  bool is_beside = false;  ///< see PooledTerm
};

/// One figure: the sum of its terms.
struct LawRow {
  std::vector<LawTerm> terms;
  std::string unit;   ///< rig or device that a fit may leave out as a whole; of a known one intervals are narrower
  std::string group;  ///< rows whose intervals are calibrated together
  double log_measured = 0.0;
  double weight = 1.0;
};

/// Errors of rows that were left out of the fit, in turn.
struct LeftOut {
  double median_pct = 0.0;
  double p90_pct = 0.0;
};

/// What all figures of a law have in common.
struct PooledLawDesign {
  std::string_view name;  ///< of the kind, and of priors/NAME.toml
  std::span<const PooledLevel> levels;
  double noise = 0.05;  ///< two measurements of one thing by one owner differ by this much (log)
};

class PooledLaw {
 public:
  /// Nothing known yet: every factor at its prior.
  explicit PooledLaw(const PooledLawDesign& design) : design_(&design) {}
  /// The fitted factors that ship. Throws ConfigError.
  [[nodiscard]] static PooledLaw shipped(const PooledLawDesign& design);
  [[nodiscard]] static PooledLaw read(const PooledLawDesign& design, const std::filesystem::path& path);

  /// Whether some rows of this unit were fitted.
  [[nodiscard]] bool knows(const std::string& unit) const { return units_.contains(unit); }
  /// Value of the figure and its 90 % interval.
  [[nodiscard]] Estimate predict(const LawRow& row);
  /// All factors to these rows, and each group's discrepancy to rows and whole units that were left out of fits in turn.
  void fit(std::vector<LawRow> rows);
  /// Some rows of a rig that is to be predicted, on top of all that is known.
  void calibrate(const std::vector<LawRow>& rows);

  /// Of the last fit(): rows at random, and whole units.
  [[nodiscard]] const std::map<std::string, LeftOut>& rows_left_out() const noexcept { return rows_left_out_; }
  [[nodiscard]] const std::map<std::string, LeftOut>& units_left_out() const noexcept { return units_left_out_; }
  /// The file that ships; factors that nothing has told of are left out.
  [[nodiscard]] std::string to_toml() const;

 private:
  /// By group: standard deviation of the law's own log error.
  using Discrepancies = std::map<std::string, double, std::less<>>;

  std::size_t index_of(std::string_view level, const std::string& key);
  [[nodiscard]] PooledRow design_row(const LawRow& row);
  [[nodiscard]] double deviation(const PooledPrediction& prediction) const;
  void leave_out(const std::vector<LawRow>& rows, const std::vector<PooledRow>& designed,
                 const std::vector<std::size_t>& fold_of, std::map<std::string, LeftOut>& summary,
                 Discrepancies& discrepancies);

  const PooledLawDesign* design_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::vector<PooledEffect> effects_;
  Discrepancies of_known_units_;
  Discrepancies of_new_units_;
  std::set<std::string, std::less<>> units_;
  std::map<std::string, LeftOut> rows_left_out_;
  std::map<std::string, LeftOut> units_left_out_;
};

}  // namespace labtwin::calibration
