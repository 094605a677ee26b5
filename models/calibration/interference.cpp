#include "models/calibration/interference.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>

#include "models/calibration/interference_law.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::array<std::string_view, kNumLatencyFigures> kFigures = {"fg_lat_mean_us", "fg_lat_p50_us", "fg_lat_p95_us",
                                                                       "fg_lat_p99_us", "fg_lat_p999_us"};

struct Row {
  std::size_t index = 0;
  std::string unit;
  bool open_loop = false;
  double asked_iops = 0.0;  ///< of an open loop
  InterferenceMeasurement measurement;
  Split split = Split::HeldOut;
  std::string group;
  std::string problem;
};

/// What the background asks for. `max`, blank and the 0 of a running job mean all it can get: what it achieved is a condition
/// then.
std::optional<double> background_rate(const MeasurementTable& table, std::size_t row) {
  if (table.text(row, "bg_rw") == "none" || table.text(row, "bg_rw").empty()) return 0.0;
  const std::string_view target = table.text(row, "bg_rate_target_mb_s");
  if (!target.empty() && target != "max") {
    const auto rate = table.number(row, "bg_rate_target_mb_s");
    if (rate && *rate > 0.0) return rate;
  }
  return table.number(row, "bg_mb_s");
}

Row read_row(const MeasurementTable& table, std::size_t i) {
  Row row;
  row.index = i;
  row.unit = table.text(i, "series");
  if (row.unit.empty()) {
    row.unit = fmt::format("{}|{}|{}|{}", table.text(i, "device"), table.text(i, "interface"), table.text(i, "ioengine"),
                           table.text(i, "scheduler"));
  }
  const auto asked = table.number(i, "fg_rate_target_iops");
  row.open_loop = asked.has_value();
  row.asked_iops = asked.value_or(0.0);
  row.group = fmt::format("{} {}", table.text(i, "class"), row.open_loop ? "open loop" : "closed loop");
  row.split = table.split(i);
  const auto depth = table.number(i, "fg_iodepth");
  const auto jobs = table.number(i, "fg_numjobs").value_or(1.0);
  const auto rate = background_rate(table, i);
  if (!rate) row.problem = "neither the target nor the achieved rate of the background is given";
  if (!row.open_loop && !depth) row.problem = "fg_iodepth is missing and no rate is asked of the foreground";
  row.measurement.point = {.num_in_flight = row.open_loop ? 1.0 : depth.value_or(1.0) * jobs,
                           .background_mb_per_s = rate.value_or(0.0)};
  row.measurement.achieved_mb_per_s = table.number(i, "bg_mb_s");
  row.measurement.iops = table.number(i, "fg_iops");
  for (std::size_t f = 0; f < kNumLatencyFigures; ++f) row.measurement.latency_us[f] = table.number(i, kFigures[f]);
  return row;
}

Estimate to_estimate(const LogEstimate& e) {
  return log_interval(e.value, kNormal90 * e.sigma);
}

/// The rows of one unit and loop, fitted and predicted.
class UnitEvaluation {
 public:
  UnitEvaluation(const std::string& unit, const std::vector<const Row*>& rows, Evaluation& evaluation)
      : rows_(rows), evaluation_(evaluation) {
    for (const Row* row : rows) {
      if (row->split == Split::Fit && row->problem.empty()) fit_rows_.push_back(row->measurement);
    }
    if (fit_rows_.empty()) return;
    if (rows.front()->open_loop) {
      open_.emplace(fit_rows_);
      summarize_open(unit);
    } else {
      closed_.emplace(fit_rows_);
      summarize_closed(unit);
    }
  }

  void predict() {
    for (const Row* row : rows_) {
      if (row->split != Split::HeldOut) continue;
      // An open loop gets what it asks for.
      std::optional<LogEstimate> iops;
      add_regime(*row);
      if (closed_) iops = closed_->iops(row->measurement.point);
      if (row->open_loop) iops = LogEstimate{row->asked_iops, 0.01};
      add(*row, "fg_iops", row->measurement.iops, iops);
      for (std::size_t f = 0; f < kNumLatencyFigures; ++f) {
        std::optional<LogEstimate> estimate;
        if (closed_) estimate = closed_->latency_us(row->measurement.point, f);
        if (open_) estimate = open_->latency_us(row->measurement.point, f);
        add(*row, kFigures[f], row->measurement.latency_us[f], estimate);
      }
    }
  }

 private:
  [[nodiscard]] bool is_saturated(const Row& row) const { return open_ && open_->saturated(row.measurement.point); }

  // Whether the background gets what it asks for, which decides everything else.
  void add_regime(const Row& row) {
    if (!open_ || row.measurement.point.background_mb_per_s <= 0.0) return;
    Prediction prediction{.row = row.index + 1,
                          .quantity = "outcome",
                          .group = row.group,
                          .measured = std::nullopt,
                          .estimate = std::nullopt,
                          .note = {}};
    if (row.measurement.achieved_mb_per_s) {
      prediction.measured =
          *row.measurement.achieved_mb_per_s < kReached * row.measurement.point.background_mb_per_s ? 1.0 : 0.0;
    }
    // Undecided where runs of what the drive sustains fall on either side.
    const Estimate share = to_estimate(open_->share_reached(row.measurement.point));
    const auto is_held_back = [](double reached) { return reached < kReached ? 1.0 : 0.0; };
    prediction.estimate = Estimate{is_held_back(share.value), is_held_back(share.high), is_held_back(share.low)};
    evaluation_.derived.push_back(std::move(prediction));
  }

  void add(const Row& row, std::string_view quantity, std::optional<double> measured,
           const std::optional<LogEstimate>& estimate) {
    Prediction prediction{.row = row.index + 1,
                          .quantity = std::string(quantity),
                          .group = row.group + (is_saturated(row) ? " saturated" : ""),
                          .measured = measured,
                          .estimate = std::nullopt,
                          .grade = Grade::Fitted,
                          .note = {}};
    if (!row.problem.empty()) {
      prediction.note = row.problem;
    } else if (estimate) {
      prediction.estimate = to_estimate(*estimate);
      if (is_saturated(row)) prediction.note = "the background asks for more than the drive sustains";
    } else {
      prediction.note = fit_rows_.empty() ? "this drive has no fitted rows beside a background"
                                          : "no row of this regime (below or beyond saturation) was fitted";
    }
    evaluation_.predictions.push_back(std::move(prediction));
  }

  void summarize_closed(const std::string& unit) {
    const ClosedLoopInterference::Parameters& t = closed_->parameters();
    const ClosedLoopInterference::Parameters& s = closed_->sigmas();
    const auto scaled = [&](const char* name, std::size_t i, double scale, const char* text) {
      return FittedParameter{name, std::exp(t[i]) * scale, text, std::exp(t[i]) * scale * s[i]};
    };
    evaluation_.fits.push_back({.unit = unit,
                                .law = "closed_loop_interference",
                                .num_rows = fit_rows_.size(),
                                .parameters = {scaled("latency_floor", 0, 1e6, "us"),
                                               scaled("max_iops", 1, 1.0, "/s"),
                                               scaled("knee", 2, 1.0, ""),
                                               scaled("collision", 3, 1.0, ""),
                                               {"collision_exponent", t[4], "", s[4]},
                                               scaled("capacity_taken", 5, 1.0, ""),
                                               scaled("batching_from", 6, 1.0, "MB/s")}});
  }

  void summarize_open(const std::string& unit) {
    FitSummary summary{.unit = unit, .law = "open_loop_interference", .num_rows = fit_rows_.size(), .parameters = {}};
    if (open_->sustained_mb_per_s()) summary.parameters.push_back({"sustained", *open_->sustained_mb_per_s(), "MB/s", 0.0});
    for (std::size_t f = 0; f < kNumLatencyFigures; ++f) {
      const std::vector<double>& t = open_->parameters(f);
      if (t.empty()) continue;
      const std::string name(kFigures[f].substr(3, kFigures[f].size() - 6));
      summary.parameters.push_back({name + "_alone", std::exp(t[0]), "us", 0.0});
      summary.parameters.push_back({name + "_at_100_mb_s", std::exp(t[1]), "us", 0.0});
      summary.parameters.push_back({name + "_crowded_at", std::exp(t[2]), "MB/s", 0.0});
      summary.parameters.push_back({name + "_queue", std::exp(t[3]), "us", 0.0});
    }
    evaluation_.fits.push_back(std::move(summary));
  }

  const std::vector<const Row*>& rows_;
  Evaluation& evaluation_;
  std::vector<InterferenceMeasurement> fit_rows_;
  std::optional<ClosedLoopInterference> closed_;
  std::optional<OpenLoopInterference> open_;
};

}  // namespace

Evaluation evaluate_interference(const MeasurementTable& table, const Progress& progress) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < table.num_rows(); ++i) rows.push_back(read_row(table, i));
  std::map<std::pair<std::string, bool>, std::vector<const Row*>> units;
  for (const Row& row : rows) units[{row.unit, row.open_loop}].push_back(&row);
  Evaluation evaluation;
  std::size_t num_done = 0;
  for (const auto& [key, members] : units) {
    UnitEvaluation(key.first, members, evaluation).predict();
    num_done += members.size();
    if (progress) progress(static_cast<double>(num_done) / static_cast<double>(rows.size()));
  }
  return evaluation;
}

}  // namespace labtwin::calibration
