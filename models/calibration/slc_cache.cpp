#include "models/calibration/slc_cache.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "models/calibration/catalog_drive.hpp"
#include "models/calibration/levenberg_marquardt.hpp"

namespace labtwin::calibration {
namespace {

// Quantile of a Student t of eight degrees of freedom, as many as there are drives behind the priors, less two.
constexpr double kSpread90 = 1.86;
// Of one fill test: the cliff is read from a curve, rates are rounded.
constexpr double kMeasurementSigma = 0.08;

/// What a fill test tells, in the order of the columns. Logarithms of MB/s and GB.
enum Figure : std::size_t { Before, Size, After, NumFigures };
constexpr std::array<std::string_view, NumFigures> kColumns = {"phase1_mb_s", "phase1_until_gb", "phase2_mb_s"};
constexpr std::array<std::string_view, NumFigures> kParameters = {"fast_rate", "size", "direct_rate"};
constexpr std::array<std::string_view, NumFigures> kUnits = {"MB/s", "GB", "MB/s"};
using Belief = std::array<Prior, NumFigures>;

struct DriveClass {
  bool is_sata = false;
  bool is_qlc = false;
  bool has_dram = true;
  int generation = 0;  // of PCIe; 0 where nobody says
};

DriveClass class_of(const MeasurementTable& table, std::size_t row) {
  const std::string words = fmt::format("{} {}", table.text(row, "type"), table.text(row, "interface"));
  const auto says = [&](std::string_view word) { return words.find(word) != std::string::npos; };
  DriveClass drive{.is_sata = says("SATA"), .is_qlc = says("QLC"), .has_dram = !says("DRAM-less")};
  for (const int generation : {3, 4, 5}) {
    if (says(fmt::format("PCIe {}", generation))) drive.generation = generation;
  }
  return drive;
}

// Logarithm of MB/s into an empty cache: the controller and its link.
Prior fast_rate(DriveClass drive) {
  if (drive.is_sata) return {std::log(495.0), 0.05};
  if (drive.generation == 3) return {std::log(2100.0), 0.3};
  if (drive.generation == 4) return {std::log(4000.0), 0.3};
  if (drive.generation == 5) return {std::log(9500.0), 0.3};
  return {std::log(2900.0), 0.4};
}

// Logarithm of MB/s past the cache: as many dies as the capacity needs, and the mapping table where there is no memory for it.
Prior direct_rate(DriveClass drive, double capacity_gb) {
  if (drive.is_sata) return drive.is_qlc ? Prior{std::log(170.0), 0.4} : Prior{std::log(330.0), 0.6};
  const double terabytes = capacity_gb / 1000.0;
  if (drive.is_qlc) return {std::log(220.0 * std::pow(terabytes, 0.6)), 1.2};
  return {std::log((drive.has_dram ? 1150.0 : 700.0) * std::pow(terabytes, 0.6)), 0.95};
}

/// Law:    cache = a share of the capacity; rate into it by interface and generation; rate past it by bits per cell, capacity
///         and whether the drive has memory of its own.
/// Valid:  consumer SSDs of 0.25 to 4 TB on an empty drive.
/// Source: the fit rows of calibration/data/consumer-ssds/slc_cache (11 drives) and datasheets.
/// Error:  cache sizes of alike drives differ by 1 to 10: some lend all their free space, some a fixed few gigabytes. Over the
///         18 drives with published fills, no rule by capacity and kind reaches a median error below 54 % of the size and 54 %
///         of the rate past it, one drive left out; the spreads are those of the drives left out.
Belief class_belief(DriveClass drive, double capacity_gb) {
  Belief belief;
  belief[Before] = fast_rate(drive);
  belief[Size] = drive.is_sata ? Prior{std::log(0.012 * capacity_gb), 1.3} : Prior{std::log(0.11 * capacity_gb), 1.0};
  belief[After] = direct_rate(drive, capacity_gb);
  return belief;
}

// `Samsung 980 PRO` and 1000 as the catalog has it: `Samsung 980 PRO 1TB`.
std::string part_name(std::string_view drive, double capacity_gb) {
  return capacity_gb >= 1000.0 ? fmt::format("{} {:g}TB", drive, capacity_gb / 1000.0)
                               : fmt::format("{} {:g}GB", drive, capacity_gb);
}

/// What is believed of a drive, and on which grounds.
struct Grounds {
  Belief belief;
  Grade grade = Grade::Assumed;
  std::string note = "class of the drive";
};

Grounds grounds_of(const MeasurementTable& table, std::size_t row, double capacity_gb, CatalogDrives& drives) {
  Grounds grounds{.belief = class_belief(class_of(table, row), capacity_gb)};
  const CatalogDrive* drive = drives.find(part_name(table.text(row, "drive"), capacity_gb));
  if (drive == nullptr) return grounds;
  const DrivePart& part = drive->part();
  const storage::IoClass stream{storage::Direction::Write, storage::Pattern::Sequential, Bytes::from_base(1048576.0)};
  const BytesPerSecond fast = stream.block_size / part.law->work(stream);
  grounds.belief[Before] = {std::log(fast.value() / 1e6), 0.2};
  if (!part.slc_cache) {
    grounds.note = fmt::format("class of the drive; catalog entry {} tells the rate into the cache alone", part.entry.part);
    return grounds;
  }
  const storage::SlcCacheParameters cache = part.slc_cache->holding(Bytes{});
  grounds.grade = Grade::Measured;
  for (const catalog::Parameter& parameter : part.entry.parameters) {
    if (parameter.name.starts_with("slc_cache.")) grounds.grade = std::max(grounds.grade, parameter.grade);
  }
  const double sigma = grounds.grade <= Grade::Fitted ? kMeasurementSigma : 0.25;
  grounds.belief[Size] = {std::log(cache.size.value() / 1e9), sigma};
  grounds.belief[After] = {std::log(cache.direct_rate.value() / 1e6), sigma};
  grounds.note = "catalog entry " + part.entry.part;
  return grounds;
}

// The rows of a drive that are there to be fitted, with what was believed before as one more observation.
void learn(const MeasurementTable& table, const std::string& unit, const std::vector<std::size_t>& rows, Grounds& grounds,
           Evaluation& evaluation) {
  FitSummary summary{.unit = unit, .law = "slc_cache", .num_rows = 0, .parameters = {}};
  for (const std::size_t row : rows) {
    if (table.split(row) == Split::Fit) ++summary.num_rows;
  }
  if (summary.num_rows == 0) return;
  for (std::size_t f = 0; f < NumFigures; ++f) {
    Prior& prior = grounds.belief.at(f);
    double weight = 1.0 / (prior.sigma * prior.sigma);
    double sum = weight * prior.mean;
    for (const std::size_t row : rows) {
      const auto measured = table.split(row) == Split::Fit ? table.number(row, kColumns.at(f)) : std::nullopt;
      if (!measured || *measured <= 0.0) continue;
      const double information = 1.0 / (kMeasurementSigma * kMeasurementSigma);
      weight += information;
      sum += information * std::log(*measured);
    }
    prior = {sum / weight, std::sqrt(1.0 / weight)};
    const double value = std::exp(prior.mean);
    summary.parameters.push_back({std::string(kParameters.at(f)), value, std::string(kUnits.at(f)), value * prior.sigma});
  }
  summary.parameters.push_back({"capacity", *table.number(rows.front(), "capacity_gb"), "GB", 0.0});
  grounds.grade = Grade::Fitted;
  grounds.note.clear();
  evaluation.fits.push_back(std::move(summary));
}

void predict(const MeasurementTable& table, std::size_t row, const Grounds& grounds, Evaluation& evaluation) {
  const DriveClass drive = class_of(table, row);
  for (std::size_t f = 0; f < NumFigures; ++f) {
    const Prior& belief = grounds.belief.at(f);
    evaluation.predictions.push_back(
        {.row = row + 1,
         .quantity = std::string(kColumns.at(f)),
         .group = fmt::format("{} {}", drive.is_sata ? "sata" : "nvme", drive.is_qlc ? "qlc" : "tlc"),
         .measured = table.number(row, kColumns.at(f)),
         .estimate = log_interval(std::exp(belief.mean), kSpread90 * std::hypot(belief.sigma, kMeasurementSigma)),
         .grade = grounds.grade,
         .note = grounds.note});
  }
}

}  // namespace

Evaluation evaluate_slc_cache(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  std::map<std::string, std::vector<std::size_t>> units;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    const auto capacity = table.number(row, "capacity_gb");
    if (capacity && *capacity > 0.0) {
      units[part_name(table.text(row, "drive"), *capacity)].push_back(row);
    } else if (table.split(row) == Split::HeldOut) {
      for (const std::string_view column : kColumns) {
        evaluation.predictions.push_back(unpredicted(table, row, column, "capacity_gb is missing"));
      }
    }
  }
  CatalogDrives drives;
  for (const auto& [unit, rows] : units) {
    Grounds grounds = grounds_of(table, rows.front(), *table.number(rows.front(), "capacity_gb"), drives);
    learn(table, unit, rows, grounds, evaluation);
    for (const std::size_t row : rows) {
      if (table.split(row) == Split::HeldOut) predict(table, row, grounds, evaluation);
    }
  }
  if (progress) progress(1.0);
  return evaluation;
}

}  // namespace labtwin::calibration
