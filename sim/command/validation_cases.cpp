#include "sim/command/validation_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace labtwin::command {
namespace {

using calibration::Prediction;

/// Rows of one set of predictions: which of them belong to a case.
struct Candidate {
  const ValidatedSet& set;
  const Prediction& prediction;

  [[nodiscard]] bool is_of(std::initializer_list<std::string_view> classes) const {
    return std::any_of(classes.begin(), classes.end(), [&](std::string_view name) {
      return prediction.group.starts_with(name) && prediction.group.substr(name.size(), 1) == " ";
    });
  }
};

bool any(const Candidate&) {
  return true;
}
bool is_small_random_read(const Candidate& c) {
  return c.is_of({"nvme", "optane"}) && c.prediction.group.ends_with("randread") &&
         c.set.set.table.number(c.prediction.row - 1, "bs_bytes") == 4096.0;
}
bool is_sata_or_disk(const Candidate& c) {
  return c.is_of({"sata_ssd", "hdd"});
}
bool is_nvme(const Candidate& c) {
  return c.is_of({"nvme"});
}
bool is_below_saturation(const Candidate& c) {
  return !c.prediction.group.ends_with(" saturated");
}
bool is_saturated(const Candidate& c) {
  return c.prediction.group.ends_with(" saturated");
}

struct Case {
  std::string_view title;
  std::string_view set;  ///< name of the sets that hold it
  std::string_view quantity;
  bool (*holds)(const Candidate&);
};

constexpr auto kCases = std::to_array<Case>({
    {"queue depths not fitted, 4 KiB random reads of NVMe and Optane", "fio_depths", "iops", is_small_random_read},
    {"the same", "fio_depths", "lat_mean_us", is_small_random_read},
    {"queue depths not fitted, all sweeps", "fio_depths", "iops", any},
    {"the same", "fio_depths", "lat_mean_us", any},
    {"the same", "fio_depths", "lat_p99_us", any},
    {"several jobs from the sweep of one, SATA and disk", "fio_jobs", "iops", is_sata_or_disk},
    {"several jobs from the sweep of one, NVMe", "fio_jobs", "iops", is_nvme},
    {"block sizes not fitted", "fio_blocks", "iops", any},
    {"mixes of reads and writes not fitted", "fio_mixes", "iops", any},
    {"drives never measured", "unseen_drives", "iops", any},
    {"the same", "unseen_drives", "lat_mean_us", any},
    {"the tail from the class alone", "unseen_drives", "p99_over_mean", any},
    {"reads beside a background below saturation", "interference", "fg_lat_mean_us", is_below_saturation},
    {"the same", "interference", "fg_lat_p99_us", is_below_saturation},
    {"reads beside a background beyond saturation", "interference", "fg_lat_mean_us", is_saturated},
    {"whether the background saturates the drive", "interference", "outcome", any},
    {"sustained writes, every second", "sustained_write", "write_mb_s", any},
    {"sustained writes, before the cliff", "sustained_write", "fast_mb_s", any},
    {"sustained writes, after it", "sustained_write", "after_mb_s", any},
    {"sustained writes, where the cliff lies", "sustained_write", "cliff_gib", any},
    {"SLC cache of drives never filled, its size", "slc_cache", "phase1_until_gb", any},
    {"working set against memory (Qdrant)", "page_cache", "qps", any},
    {"the same, which side of the cliff", "page_cache", "outcome", any},
    {"vector searches beside jobs", "vector_disk_noisy", "qps", any},
});

std::vector<const Prediction*> rows_of(const Case& wanted, const ValidatedSet& set) {
  std::vector<const Prediction*> rows;
  if (set.set.name != wanted.set) return rows;
  for (const auto* predictions : {&set.evaluation.predictions, &set.evaluation.derived}) {
    for (const Prediction& p : *predictions) {
      if (p.measured && p.quantity == wanted.quantity && wanted.holds({set, p})) rows.push_back(&p);
    }
  }
  return rows;
}

bool is_within_factor_2(const Prediction& p) {
  return p.estimate && p.estimate->value <= 2.0 * *p.measured && 2.0 * p.estimate->value >= *p.measured;
}

std::string line(const CaseScore& c) {
  const std::string begin = fmt::format("{:<64} {:<16} {:>4}", c.title, c.quantity, c.num_sets);
  if (c.verdicts) {
    return fmt::format("{} {:>6}  {} right; {} of {} outside the margin\n", begin, c.verdicts->num_rows, c.verdicts->num_right,
                       c.verdicts->num_sure_right, c.verdicts->num_sure);
  }
  return fmt::format("{} {:>6} {:>8.1f} {:>8.1f} {:>8.0f} {:>8.0f}\n", begin, c.score->num_rows, c.score->median_ape_pct,
                     c.score->p90_ape_pct, c.score->coverage_pct,
                     100.0 * static_cast<double>(c.num_within_factor_2) / static_cast<double>(c.score->num_rows));
}

}  // namespace

std::vector<CaseScore> score_cases(std::span<const ValidatedSet> sets) {
  std::vector<CaseScore> scores;
  for (const Case& wanted : kCases) {
    CaseScore result;
    result.title = wanted.title;
    result.quantity = wanted.quantity;
    std::vector<const Prediction*> rows;
    for (const ValidatedSet& set : sets) {
      const std::vector<const Prediction*> of_set = rows_of(wanted, set);
      if (!of_set.empty()) ++result.num_sets;
      rows.insert(rows.end(), of_set.begin(), of_set.end());
    }
    if (rows.empty()) continue;
    result.verdicts = calibration::count_verdicts(wanted.quantity, rows);
    if (!result.verdicts) result.score = calibration::score(rows);
    if (!result.verdicts && !result.score) continue;
    result.num_within_factor_2 =
        static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [](const auto* p) { return is_within_factor_2(*p); }));
    scores.push_back(result);
  }
  return scores;
}

std::string cases_as_text(std::span<const CaseScore> cases) {
  if (cases.empty()) return {};
  std::string text = fmt::format("\n{:<64} {:<16} {:>4} {:>6} {:>8} {:>8} {:>8} {:>8}\n", "storage, all sets together",
                                 "quantity", "sets", "n", "median %", "p90 %", "cover %", "within 2x");
  for (const CaseScore& c : cases) text += line(c);
  return text;
}

}  // namespace labtwin::command
