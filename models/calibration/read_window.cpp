#include "models/calibration/read_window.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace labtwin::calibration {
namespace {

constexpr Seconds kStarved = Seconds::from_base(0.1);

// Rows on the wrong side of a border between `index - 1` and `index`.
std::ptrdiff_t num_wrong(const std::vector<ReadBesideReads>& rows, std::size_t index) {
  const auto border = rows.begin() + static_cast<std::ptrdiff_t>(index);
  const auto starved = [](const ReadBesideReads& row) { return row.p99 > kStarved; };
  return std::count_if(rows.begin(), border, starved) + std::count_if(border, rows.end(), std::not_fn(starved));
}

}  // namespace

std::vector<ReadBesideReads> reads_beside_reads(const MeasurementTable& table) {
  std::vector<ReadBesideReads> rows;
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    const auto depth = table.number(i, "bg_iodepth");
    const auto block = table.number(i, "bg_bs_bytes");
    const auto p99_us = table.number(i, "fg_lat_p99_us");
    if (table.text(i, "fg_rw") != "randread" || table.text(i, "bg_rw") != "read" || !depth || !block || !p99_us) continue;
    if (table.number(i, "fg_iodepth") != 1.0) continue;
    rows.push_back({Bytes::from_base(*depth * *block), Seconds::from_base(*p99_us * 1e-6)});
  }
  return rows;
}

std::optional<Bytes> fit_read_window(std::vector<ReadBesideReads> rows) {
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.in_flight < b.in_flight; });
  std::optional<std::size_t> best;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (!best || num_wrong(rows, i) < num_wrong(rows, *best)) best = i;
  }
  // Without a border at all, every row would be on the near side.
  if (!best || num_wrong(rows, *best) >= num_wrong(rows, rows.size())) return std::nullopt;
  const double low = rows[*best - 1].in_flight.value();
  const double high = rows[*best].in_flight.value();
  return Bytes::from_base(std::sqrt(low * high));
}

}  // namespace labtwin::calibration
