#include "models/calibration/expected_drive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace labtwin::calibration {
namespace {

using catalog::Grade;
using storage::Direction;
using storage::IoClass;
using storage::Pattern;
using namespace labtwin::literals;

constexpr double kSheetSpread = 0.35;   // of the log of a rate, a bandwidth or a latency against its datasheet's
constexpr double kUsualTurns = 7200.0;  // of the disks that the class prior is of
constexpr double kAccessExponent = 1.3;
constexpr double kSizeExponent = 0.4;  // of rates over the size of drives of one model
constexpr Bytes kSmallBlock = Bytes::from_base(4096.0);
constexpr Bytes kLargeBlock = Bytes::from_base(1024.0 * 1024.0);

std::string class_name(std::string_view operation) {
  if (operation == "randread") return "random_read";
  if (operation == "randwrite") return "random_write";
  return operation == "read" ? "sequential_read" : "sequential_write";
}

IoClass io_class(std::string_view operation, Bytes block) {
  return {operation.ends_with("read") ? Direction::Read : Direction::Write,
          operation.starts_with("rand") ? Pattern::Random : Pattern::Sequential, block};
}

// Whether the sheet itself tells this parameter.
bool tells(const DrivePart& part, const std::string& parameter) {
  return std::any_of(part.entry.parameters.begin(), part.entry.parameters.end(),
                     [&](const catalog::Parameter& p) { return p.name == parameter && p.grade <= Grade::Datasheet; });
}

BytesPerSecond bandwidth(const DrivePart& part, std::string_view operation) {
  return kLargeBlock / part.law->work(io_class(operation, kLargeBlock));
}

std::optional<PerSecond> small_block_rate(const DrivePart& part, std::string_view operation,
                                          const std::optional<PerSecond>& path) {
  std::optional<PerSecond> rate;
  if (tells(part, class_name(operation) + ".max_iops")) rate = 1.0 / part.law->work(io_class(operation, Bytes::from_base(1.0)));
  if (operation == "randwrite" && tells(part, "sequential_write.bandwidth")) {
    const PerSecond fresh = bandwidth(part, "write") / kSmallBlock;
    rate = rate ? std::max(*rate, fresh) : fresh;
  }
  if (rate && path) rate = std::min(*rate, *path);
  return rate;
}

// `larger`: by how much the drive is larger than that of the sheet, as a logarithm.
void refine(const DrivePart& part, std::string_view operation, double larger, ClassPrior& prior) {
  const auto set = [](Prior& of, double value, double shift, double spread) {
    of = {std::log(value) + shift, spread, of.heavy_tailed};
  };
  const double shift = kSizeExponent * larger;
  const double spread = std::hypot(kSheetSpread, shift);
  const std::string name = class_name(operation);
  if (const auto rate = small_block_rate(part, operation, prior.path_iops)) {
    set(prior.log_iops, rate->value(), shift, spread);
    if (prior.path_iops) prior.log_iops.mean = std::min(prior.log_iops.mean, std::log(prior.path_iops->value()));
    // Small blocks are limited by requests, not by bytes.
    prior.log_bytes_per_s.mean = std::max(prior.log_bytes_per_s.mean, prior.log_iops.mean + std::log(kSmallBlock.value()));
  }
  if (tells(part, name + ".bandwidth")) set(prior.log_bytes_per_s, bandwidth(part, operation).value(), shift, spread);
  if (part.limits.has_head ? operation == "randread" : tells(part, name + ".latency_floor")) {
    const IoClass io = io_class(operation, Bytes::from_base(1.0));
    const Seconds floor = part.law->mean_latency(io, {.backlog = part.law->work(io), .num_in_flight = 1.0});
    set(prior.log_floor_s, floor.value(), 0.0, kSheetSpread);
  }
}

// `10000rpm`
std::optional<double> turns_in(std::string_view name) {
  const std::size_t end = name.find("rpm");
  if (end == std::string_view::npos) return std::nullopt;
  std::size_t begin = end;
  while (begin > 0 && name[begin - 1] >= '0' && name[begin - 1] <= '9') --begin;
  if (end - begin < 4 || end - begin > 5) return std::nullopt;
  return std::stod(std::string(name.substr(begin, end - begin)));
}

std::string_view class_of(const DrivePart& part) {
  if (part.limits.has_head) return "hdd";
  if (part.entry.part.find("optane") != std::string::npos) return "optane";
  const bool sata = std::any_of(part.entry.parameters.begin(), part.entry.parameters.end(), [](const catalog::Parameter& p) {
    return p.name == "device.interface" && p.value.find("sata") != std::string::npos;
  });
  return sata ? "sata_ssd" : "nvme";
}

}  // namespace

ExpectedDrive::ExpectedDrive(std::string_view device, std::string_view drive_class, const CatalogDrive* sheet)
    : device_(device), drive_class_(drive_class), sheet_(sheet) {
  if (sheet_ == nullptr) return;
  const DriveName asked = drive_name(device);
  const DriveName known = drive_name(sheet_->name());
  if (asked.capacity_gb && known.capacity_gb) log_size_ratio_ = std::log(*asked.capacity_gb / *known.capacity_gb);
}

ClassPrior ExpectedDrive::prior(const ClassPriors& priors, std::string_view operation) const {
  ClassPrior prior = priors.find(drive_class_, operation);
  if (drive_class_ == "hdd" && operation == "randread") prior.log_floor_s.mean += log_access_time(device_);
  if (sheet_ != nullptr) refine(sheet_->part(), operation, log_size_ratio_, prior);
  return prior;
}

std::string ExpectedDrive::note() const {
  if (sheet_ != nullptr)
    return fmt::format("datasheet of {} and its class: this drive was not measured", sheet_->part().entry.part);
  return "prior of the drive's class: this drive was not measured";
}

Grade ExpectedDrive::grade() const noexcept {
  return sheet_ != nullptr ? Grade::Datasheet : Grade::Assumed;
}

double log_access_time(std::string_view disk) {
  const std::optional<double> turns = turns_in(disk);
  return turns ? kAccessExponent * std::log(kUsualTurns / *turns) : 0.0;
}

std::vector<DatasheetRate> datasheet_rates(const CatalogDrives& drives, const ClassPriors& priors) {
  std::vector<DatasheetRate> rates;
  for (const CatalogDrive& drive : drives.all()) {
    const DrivePart& part = drive.part();
    if (!drive.is_datasheet()) continue;
    for (const std::string_view operation : {"randread", "randwrite"}) {
      const std::string drive_class(class_of(part));
      const auto rate = small_block_rate(part, operation, priors.find(drive_class, operation).path_iops);
      if (rate) rates.push_back({part.entry.part, drive_class, std::string(operation), *rate});
    }
  }
  return rates;
}

}  // namespace labtwin::calibration
