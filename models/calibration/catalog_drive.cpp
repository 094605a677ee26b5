#include "models/calibration/catalog_drive.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

namespace labtwin::calibration {
namespace {

// Half-widths of 90 % intervals of log IOPS on another path (host, interface, engine): see CatalogDrive.
constexpr double kPathOfReads = 0.4;
constexpr double kPathOfWrites = 0.6;

// Standard deviation of the log of a rate by its grade, where the entry has no fit that tells it. Assumed.
double sigma_of_grade(Grade grade) {
  return grade == Grade::Assumed ? 0.5 : 0.2;
}

// Lower case letters and digits of what stands outside parentheses, the rest as single hyphens: names as files have them.
std::string normal_name(std::string_view name) {
  std::string result;
  int depth = 0;
  for (char c : name) {
    if (c == '(') ++depth;
    if (c == ')') depth = std::max(0, depth - 1);
    const auto letter = static_cast<unsigned char>(c);
    if (depth > 0 || c == ')') continue;
    if (std::isalnum(letter) != 0) {
      result += static_cast<char>(std::tolower(letter));
    } else if (!result.empty() && result.back() != '-') {
      result += '-';
    }
  }
  while (!result.empty() && result.back() == '-') result.pop_back();
  return result;
}

struct ClassOfIo {
  std::string_view name;  // in the entry
  storage::IoClass io;
};

ClassOfIo class_of(std::string_view operation, double block_bytes) {
  using storage::Direction;
  using storage::Pattern;
  const Bytes block = Bytes::from_base(block_bytes);
  if (operation == "randread") return {"random_read", {Direction::Read, Pattern::Random, block}};
  if (operation == "randwrite") return {"random_write", {Direction::Write, Pattern::Random, block}};
  if (operation == "read") return {"sequential_read", {Direction::Read, Pattern::Sequential, block}};
  return {"sequential_write", {Direction::Write, Pattern::Sequential, block}};
}

struct Loop {
  PerSecond iops;
  Seconds latency;  // of the half that the row reports
  double utilization = 0.0;
};

Loop loop_of(const storage::DriveLaw& law, const SweepKey& key, double num_in_flight) {
  if (!key.is_mix()) {
    const storage::ClosedLoop loop = closed_loop(law, class_of(key.operation, key.block_bytes).io, num_in_flight);
    return {loop.iops, loop.mean_latency, loop.utilization};
  }
  const bool random = key.operation == "randrw";
  const double reads = key.read_percent / 100.0;
  const storage::MixedLoop loop = mixed_loop(law,
                                             {class_of(random ? "randread" : "read", key.block_bytes).io,
                                              class_of(random ? "randwrite" : "write", key.block_bytes).io, reads},
                                             num_in_flight);
  if (key.part == "read") return {loop.iops, loop.read_latency, loop.utilization};
  if (key.part == "write") return {loop.iops, loop.write_latency, loop.utilization};
  return {loop.iops, num_in_flight / loop.iops, loop.utilization};
}

double value_or(const std::map<std::string, double>& values, const std::string& key, double otherwise) {
  const auto found = values.find(key);
  return found != values.end() ? found->second : otherwise;
}

}  // namespace

CatalogDrive::CatalogDrive(DrivePart part) : part_(std::make_shared<DrivePart>(std::move(part))) {}

CatalogDrive::Spread CatalogDrive::spread(std::string_view io_class, double utilization) const {
  const std::string name(io_class);
  Spread result{.rate = 0.0, .grade = Grade::Measured};
  for (const catalog::Parameter& parameter : part_->entry.parameters) {
    if (parameter.name.starts_with(name + ".")) result.grade = std::max(result.grade, parameter.grade);
  }
  double sigma = sigma_of_grade(result.grade);
  double discrepancy = 0.0;
  if (part_->entry.fit) {
    const auto& sigmas = part_->entry.fit->sigma;
    const double floor = value_or(sigmas, name + ".latency_floor", value_or(sigmas, name + ".positioning_time", sigma));
    const double rate = value_or(sigmas, name + ".max_iops", floor);
    sigma = floor + (rate - floor) * utilization;
    discrepancy = value_or(part_->entry.fit->discrepancy, name, 0.0);
  }
  const double path = io_class.ends_with("read") ? kPathOfReads : kPathOfWrites;
  result.rate = std::hypot(kNormal90 * sigma, discrepancy, path);
  return result;
}

CatalogDrive::Answer CatalogDrive::answer(const SweepKey& key, const LoopPoint& point, const ClassTails& of_class) const {
  const Loop loop = loop_of(*part_->law, key, point.num_in_flight);
  const ClassOfIo io = class_of(key.pure_operation(), key.block_bytes);
  const Spread spread_here = spread(io.name, loop.utilization);
  const storage::TailShape tail = part_->law->tail(io.io, loop.utilization);
  const TailScale scale{loop.latency, loop_of(*part_->law, key, 1.0).latency};
  Answer answer{.loop = {}, .grade = spread_here.grade, .note = "catalog entry " + part_->entry.part};
  answer.loop.iops = log_interval(loop.iops.value() * key.share(), spread_here.rate);
  answer.loop.latency_us = log_interval(loop.latency.value() * 1e6, spread_here.rate);
  const std::array<double, kNumQuantiles> ratios = {tail.p50_ratio, tail.p95_ratio, tail.p99_ratio, tail.p999_ratio};
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    const Seconds quantile = scale.mean * ratios[q];
    const double width = log_half_width(tail_excess(quantile, scale), of_class[q].spread, scale);
    answer.loop.quantile_us[q] = log_interval(quantile.value() * 1e6, std::hypot(spread_here.rate, width));
  }
  return answer;
}

CatalogDrives::CatalogDrives() {
  for (const std::string& part : catalog_.parts("drives")) {
    CatalogDrive drive(load_drive(catalog_, part));
    by_name_.emplace(normal_name(drive.name()), drives_.size());
    by_name_.insert_or_assign(part, drives_.size());
    names_.push_back(drive_name(drive.name()));
    drives_.push_back(std::move(drive));
  }
}

const CatalogDrive* CatalogDrives::find(std::string_view device) const {
  const auto found = by_name_.find(normal_name(device));
  return found != by_name_.end() ? &drives_[found->second] : nullptr;
}

const CatalogDrive* CatalogDrives::find_model(std::string_view device) const {
  if (const CatalogDrive* drive = find(device); drive != nullptr) return drive;
  const DriveName asked = drive_name(device);
  const CatalogDrive* best = nullptr;
  std::pair<std::size_t, double> best_match;  // words in common, nearness of the size
  for (std::size_t i = 0; i < drives_.size(); ++i) {
    if (!is_same_model(names_[i], asked)) continue;
    const bool sizes_known = names_[i].capacity_gb && asked.capacity_gb;
    const double nearness = sizes_known ? -std::abs(std::log(*names_[i].capacity_gb / *asked.capacity_gb)) : 0.0;
    const std::pair match(names_[i].words.size(), nearness);
    if (best == nullptr || match > best_match) {
      best = &drives_[i];
      best_match = match;
    }
  }
  return best;
}

}  // namespace labtwin::calibration
