#include "models/calibration/sustained_write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "models/calibration/catalog_drive.hpp"
#include "models/calibration/sustained_write_model.hpp"

namespace labtwin::calibration {
namespace {

using namespace labtwin::literals;

constexpr double kPageBytes = 4096.0;
constexpr std::string_view kQuantity = "write_mb_s";
// A run of fewer windows tells too little of where its cliff lies.
constexpr std::size_t kFewestWindows = 6;

/// A run of one drive and the rows that report it.
struct RunRows {
  WriteRun run;
  std::vector<std::size_t> rows;  // of the table, as many as windows
  std::string group;
  std::string problem;
};

/// All runs of a drive.
struct Unit {
  std::string device;
  Bytes capacity;
  std::string interface;
  std::vector<RunRows> runs;
};

storage::FlashState initial_state(std::string_view text) {
  for (const std::string_view empty : {"fresh", "sanitized", "erased", "empty", "trimmed"}) {
    if (text.find(empty) != std::string_view::npos) return storage::FlashState::Empty;
  }
  return storage::FlashState::Full;
}

RunRows begin_run(const MeasurementTable& table, std::size_t row, Bytes capacity) {
  RunRows result;
  const std::string_view words = table.text(row, "pattern");
  const auto pattern = read_write_pattern(words, table.text(row, "pattern_detail"), capacity.value() / kPageBytes);
  result.run.initial = initial_state(table.text(row, "initial_state"));
  result.group = fmt::format("{} {}", result.run.initial == storage::FlashState::Empty ? "empty" : "full",
                             words.substr(0, words.find('-')));
  if (!pattern) {
    result.problem = fmt::format("no law for the pattern `{}` {}", words, table.text(row, "pattern_detail"));
  } else {
    result.run.pattern = *pattern;
  }
  return result;
}

// Runs follow each other in the file: another one begins where what names it changes, or where the amount written falls.
std::vector<Unit> read_units(const MeasurementTable& table, Evaluation& evaluation) {
  std::vector<Unit> units;
  std::map<std::string, std::size_t> unit_of;
  std::string last_run;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    const auto capacity = table.number(row, "capacity_gib");
    const auto written = table.number(row, "cum_written_gib");
    if (!capacity || !written || *capacity <= 0.0 || *written <= 0.0) {
      if (table.split(row) == Split::HeldOut) {
        evaluation.predictions.push_back(unpredicted(table, row, kQuantity, "capacity_gib or cum_written_gib is missing"));
      }
      continue;
    }
    const std::string device(table.text(row, "device"));
    const auto [at, is_new] = unit_of.emplace(device, units.size());
    if (is_new) units.push_back({device, *capacity * 1_GiB, std::string(table.text(row, "interface")), {}});
    Unit& unit = units[at->second];
    const std::string run =
        fmt::format("{}|{}|{}|{}|{}|{}", device, table.text(row, "source"), table.text(row, "date"), table.text(row, "pattern"),
                    table.text(row, "pattern_detail"), table.text(row, "initial_state"));
    const double multiple = *written / *capacity;
    if (unit.runs.empty() || run != last_run || multiple <= unit.runs.back().run.written.back()) {
      unit.runs.push_back(begin_run(table, row, *capacity * 1_GiB));
    }
    last_run = run;
    unit.runs.back().run.written.push_back(multiple);
    unit.runs.back().rows.push_back(row);
  }
  return units;
}

/// What is believed of a drive, and on which grounds.
struct Grounds {
  FlashBelief belief;
  Grade grade = Grade::Assumed;
  std::string note = "class of the drive";
};

double relative_sigma(const catalog::Entry& entry, const std::string& name, double otherwise) {
  if (!entry.fit) return otherwise;
  const auto found = entry.fit->sigma.find("sustained_write." + name);
  return found != entry.fit->sigma.end() ? found->second : otherwise;
}

Grounds grounds_before_fit(const Unit& unit, CatalogDrives& drives) {
  Grounds grounds{.belief = flash_prior(unit.capacity, unit.interface)};
  const CatalogDrive* drive = drives.find(unit.device);
  if (drive == nullptr || !drive->part().flash) return grounds;
  const catalog::Entry& entry = drive->part().entry;
  const storage::FlashParameters& flash = *drive->part().flash;
  auto& log = grounds.belief.log;
  grounds.grade = Grade::Measured;
  for (const catalog::Parameter& parameter : entry.parameters) {
    if (parameter.name.starts_with("sustained_write.")) grounds.grade = std::max(grounds.grade, parameter.grade);
  }
  const bool fitted = grounds.grade <= Grade::Fitted;
  log[FlashBelief::Sequential] = {std::log(flash.sequential.value()), relative_sigma(entry, "sequential", fitted ? 0.02 : 0.1)};
  log[FlashBelief::Random] = {std::log(flash.random.value()), relative_sigma(entry, "random", fitted ? 0.05 : 0.15)};
  log[FlashBelief::Spare] = {std::log(flash.spare), relative_sigma(entry, "spare", fitted ? 0.03 : 0.2)};
  log[FlashBelief::CopyCost] = {std::log(flash.copy_cost), relative_sigma(entry, "copy_cost", fitted ? 0.03 : 0.12)};
  grounds.note = "catalog entry " + entry.part;
  return grounds;
}

FitSummary summary_of(const Unit& unit, const FlashBelief& belief, std::size_t num_rows) {
  const storage::FlashParameters flash = belief.mean();
  const auto& log = belief.log;
  const double sequential = flash.sequential.value() / 1e6;
  const double random = flash.random.value() / 1e6;
  return {.unit = unit.device,
          .law = "flash_log",
          .num_rows = num_rows,
          .parameters = {{"capacity", unit.capacity.value() / 1e9, "GB", 0.0},
                         {"sequential", sequential, "MB/s", sequential * log[FlashBelief::Sequential].sigma},
                         {"random", random, "MB/s", random * log[FlashBelief::Random].sigma},
                         {"spare", flash.spare, "", flash.spare * log[FlashBelief::Spare].sigma},
                         {"copy_cost", flash.copy_cost, "", flash.copy_cost * log[FlashBelief::CopyCost].sigma}}};
}

// Fits the rows marked `fit`, if there are any.
void learn(const MeasurementTable& table, const Unit& unit, Grounds& grounds, Evaluation& evaluation) {
  std::vector<WriteRun> runs;
  std::vector<WriteObservation> observations;
  for (const RunRows& run : unit.runs) {
    if (!run.problem.empty()) continue;
    const std::size_t before = observations.size();
    for (std::size_t i = 0; i < run.rows.size(); ++i) {
      if (table.split(run.rows[i]) != Split::Fit) continue;
      const auto rate = table.number(run.rows[i], kQuantity);
      if (rate && *rate > 0.0) observations.push_back({runs.size(), i, BytesPerSecond::from_base(*rate * 1e6)});
    }
    if (observations.size() > before) runs.push_back(run.run);
  }
  if (observations.empty()) return;
  grounds.belief = fit_flash(runs, observations, flash_prior(unit.capacity, unit.interface));
  grounds.grade = Grade::Fitted;
  grounds.note.clear();
  evaluation.fits.push_back(summary_of(unit, grounds.belief, observations.size()));
}

void predict(const MeasurementTable& table, const RunRows& run, const Grounds& grounds, Evaluation& evaluation) {
  std::vector<WriteRate> rates;
  if (run.problem.empty()) rates = predict_run(run.run, grounds.belief);
  for (std::size_t i = 0; i < run.rows.size(); ++i) {
    if (table.split(run.rows[i]) != Split::HeldOut) continue;
    Prediction prediction{.row = run.rows[i] + 1,
                          .quantity = std::string(kQuantity),
                          .group = run.group,
                          .measured = table.number(run.rows[i], kQuantity),
                          .estimate = std::nullopt,
                          .grade = grounds.grade,
                          .note = run.problem.empty() ? grounds.note : run.problem};
    if (run.problem.empty()) {
      prediction.estimate = log_interval(rates[i].rate.value() / 1e6, kNormal90 * rates[i].log_sigma);
    }
    evaluation.predictions.push_back(std::move(prediction));
  }
}

// The measured phases of a run, if every window was measured.
std::optional<WritePhases> measured_phases(const MeasurementTable& table, const RunRows& run) {
  std::vector<BytesPerSecond> rates;
  for (const std::size_t row : run.rows) {
    const auto rate = table.number(row, kQuantity);
    if (!rate || *rate <= 0.0) return std::nullopt;
    rates.push_back(BytesPerSecond::from_base(*rate * 1e6));
  }
  return write_phases(run.run.written, rates);
}

// Runs of random writes of which no row was fitted, in three figures.
void summarise_phases(const MeasurementTable& table, const Unit& unit, const RunRows& run, const Grounds& grounds,
                      Evaluation& evaluation) {
  const bool held_out =
      std::all_of(run.rows.begin(), run.rows.end(), [&](std::size_t row) { return table.split(row) == Split::HeldOut; });
  if (!held_out || !run.problem.empty() || run.run.pattern.order == WritePattern::Order::Sequential) return;
  if (run.rows.size() < kFewestWindows) return;
  const PhasesOfRun predicted = predict_phases(run.run, grounds.belief);
  const auto measured = measured_phases(table, run);
  const double gib = unit.capacity / 1_GiB;
  const auto add = [&](std::string_view quantity, std::optional<double> is, std::optional<double> predicted_is, double sigma) {
    Prediction prediction{.row = run.rows.front() + 1,
                          .quantity = std::string(quantity),
                          .group = run.group,
                          .measured = is,
                          .estimate = std::nullopt,
                          .grade = grounds.grade,
                          .note = grounds.note};
    if (predicted_is) prediction.estimate = log_interval(*predicted_is, kNormal90 * sigma);
    evaluation.derived.push_back(std::move(prediction));
  };
  const auto mb_s = [](BytesPerSecond rate) { return rate.value() / 1e6; };
  const auto cliff = [&](const WritePhases& phases) {
    return phases.cliff ? std::optional(*phases.cliff * gib) : std::nullopt;
  };
  const bool has_cliff = predicted.phases.cliff || (measured && measured->cliff);
  add("fast_mb_s", measured ? std::optional(mb_s(measured->fast)) : std::nullopt, mb_s(predicted.phases.fast),
      predicted.fast_sigma);
  if (!has_cliff) return;
  add("after_mb_s", measured ? std::optional(mb_s(measured->after)) : std::nullopt, mb_s(predicted.phases.after),
      predicted.after_sigma);
  add("cliff_gib", measured ? cliff(*measured) : std::nullopt, cliff(predicted.phases), predicted.cliff_sigma);
}

}  // namespace

Evaluation evaluate_sustained_write(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  CatalogDrives drives;
  const std::vector<Unit> units = read_units(table, evaluation);
  double num_done = 0.0;
  for (const Unit& unit : units) {
    Grounds grounds = grounds_before_fit(unit, drives);
    learn(table, unit, grounds, evaluation);
    for (const RunRows& run : unit.runs) {
      predict(table, run, grounds, evaluation);
      summarise_phases(table, unit, run, grounds, evaluation);
    }
    if (progress) progress(++num_done / static_cast<double>(units.size()));
  }
  return evaluation;
}

}  // namespace labtwin::calibration
