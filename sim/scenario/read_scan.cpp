#include "sim/scenario/read_scan.hpp"

namespace labtwin {

ServiceKind read_scan(TableReader& table, const ServicePlace& place) {
  EtlJobSpec job;
  job.drive = table.required<std::string>("drive");
  check_drive(table, "drive", job.drive, place);
  job.write_drive = job.drive;
  EtlJobSpec::Window window{.block = Bytes::from_base(1048576.0), .depth = 8};
  window.block = table.value_or("block", window.block, at_least(512.0));
  window.depth = table.value_or("streams", window.depth, between(1.0, 1024.0));
  window.is_buffered = table.value_or<bool>("buffered", false);
  job.read = window;
  const auto spill = table.value_or<double>("spill", 0.0, between(0.0, 10.0));
  job.schedule.volume = table.required<Bytes>("bytes", kPositive) * (1.0 + spill);
  if (spill > 0.0) job.write = EtlJobSpec::Window{.block = window.block, .depth = window.depth};
  job.write_ratio = spill / (1.0 + spill);
  job.transform_rate = table.optional<BytesPerSecond>("core_rate", kPositive);
  job.num_workers = table.value_or<std::uint32_t>("workers", job.num_workers, at_least(1.0));
  job.ionice = table.enumeration_or("ionice", job.ionice, kIoClasses);
  job.memory = table.value_or<Bytes>("memory", Bytes{}, kNonNegative);
  job.schedule.start = table.value_or<Seconds>("start", Seconds{}, kNonNegative);
  job.schedule.every = table.optional<Seconds>("every", kPositive);
  job.is_enabled = table.value_or<bool>("enabled", true);
  return job;
}

}  // namespace labtwin
