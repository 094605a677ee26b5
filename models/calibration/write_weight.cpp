#include "models/calibration/write_weight.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "models/storage/drive.hpp"

namespace labtwin::calibration {
namespace {

using namespace labtwin::literals;

constexpr WorkId kWriter = 1ULL << 40U;
constexpr double kHeaviest = 20.0;
constexpr unsigned kDeepest = 8;  // beyond, the simulated drive is hindered too little whatever the weight

/// A law that belongs to somebody else.
class BorrowedLaw final : public storage::DriveLaw {
 public:
  explicit BorrowedLaw(const storage::DriveLaw& law) : law_(law) {}
  [[nodiscard]] Seconds work(const storage::IoClass& io) const override { return law_.work(io); }
  [[nodiscard]] Seconds mean_latency(const storage::IoClass& io, const storage::DriveLoad& load) const override {
    return law_.mean_latency(io, load);
  }
  [[nodiscard]] storage::TailShape tail(const storage::IoClass& io, double utilization) const override {
    return law_.tail(io, utilization);
  }

 private:
  const storage::DriveLaw& law_;
};

double mean_log_residual(const storage::DriveLaw& law, const std::vector<ReadsBesideWrites>& rows, double weight) {
  double sum = 0.0;
  for (const ReadsBesideWrites& row : rows) sum += std::log(simulated_read_latency(law, row, weight) / row.read_latency);
  return sum / static_cast<double>(rows.size());
}

}  // namespace

std::vector<ReadsBesideWrites> reads_beside_writes(const MeasurementTable& table) {
  std::vector<ReadsBesideWrites> loops;
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    const auto read_bytes = table.number(i, "fg_bs_bytes");
    const auto depth = table.number(i, "fg_iodepth");
    const auto write_bytes = table.number(i, "bg_bs_bytes");
    const auto asked = table.number(i, "bg_rate_target_mb_s");
    const auto reached = table.number(i, "bg_mb_s");
    const auto latency_us = table.number(i, "fg_lat_mean_us");
    const bool shallow = depth && *depth >= 1.0 && *depth <= kDeepest && table.number(i, "fg_numjobs").value_or(1.0) == 1.0;
    const bool closed = !table.number(i, "fg_rate_target_iops");
    if (table.text(i, "fg_rw") != "randread" || table.text(i, "bg_rw") != "write" || !shallow || !closed) continue;
    if (!read_bytes || !write_bytes || !asked || !reached || !latency_us || *asked <= 0.0 || *reached < 0.8 * *asked) continue;
    loops.push_back({.read_size = Bytes::from_base(*read_bytes),
                     .read_depth = static_cast<unsigned>(*depth),
                     .write_size = Bytes::from_base(*write_bytes),
                     .write_rate = BytesPerSecond::from_base(*reached * 1e6),
                     .read_latency = Seconds::from_base(*latency_us * 1e-6)});
  }
  return loops;
}

Seconds simulated_read_latency(const storage::DriveLaw& law, const ReadsBesideWrites& loop, double write_on_read) {
  storage::DriveSettings settings;
  settings.limits.interference.write_on_read = write_on_read;
  storage::Drive drive(std::make_unique<BorrowedLaw>(law), settings);
  const RandomStream stream = RandomSource(1, 0).stream("reads beside writes");
  WorkId next = 0;
  const auto read = [&](Seconds now) {
    drive.submit(
        now, {.id = next, .size = loop.read_size, .position = stream.bits(next) >> 24U, .uniform = stream.uniform(next, 1)});
    ++next;
  };
  drive.start_bulk(0_s, kWriter,
                   {.owner = 1,
                    .direction = storage::Direction::Write,
                    .block_size = loop.write_size,
                    .rate_limit = loop.write_rate,
                    .variates = RandomSource(1, 0).stream("writes")});
  for (unsigned i = 0; i < loop.read_depth; ++i) read(0_s);
  Seconds sum;
  double done = 0.0;
  const Seconds until = std::max(250_ms, 500.0 * loop.read_latency);
  for (Seconds now; now < until;) {
    now = *drive.next_event();
    for (const storage::IoCompletion& c : drive.advance(now)) {
      sum = sum + (c.finished - c.submitted);
      ++done;
      read(now);
    }
  }
  return sum / done;
}

double fit_write_weight(const storage::DriveLaw& law, const std::vector<ReadsBesideWrites>& rows) {
  double low = 0.0;
  double high = kHeaviest;
  for (int i = 0; i < 20; ++i) {
    const double weight = 0.5 * (low + high);
    (mean_log_residual(law, rows, weight) < 0.0 ? low : high) = weight;
  }
  return 0.5 * (low + high);
}

}  // namespace labtwin::calibration
