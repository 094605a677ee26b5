#include "models/calibration/write_pattern.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace labtwin::calibration {
namespace {

using storage::WriteClass;

// Ranks of a Zipf law are put together in decades of their share of the drive.
constexpr int kNumZipfClasses = 12;
constexpr double kLogSmallestShare = -5.0;

// The generator of fio computes its sum over at most this many items, so that no more are drawn often.
constexpr double kFioZipfItems = 1e7;

// 1 + 2^-theta + ... + ranks^-theta, by the trapezoidal rule from 1 on.
double zipf_sum(double theta, double ranks) {
  if (ranks < 1.0) return ranks;
  const double integral = std::abs(theta - 1.0) < 1e-9 ? std::log(ranks) : (std::pow(ranks, 1.0 - theta) - 1.0) / (1.0 - theta);
  return integral + 0.5 * (1.0 + std::pow(ranks, -theta));
}

std::vector<WriteClass> zipf_classes(double theta, double num_pages) {
  std::vector<WriteClass> classes;
  const double all = zipf_sum(theta, num_pages);
  double pages = 0.0;
  double writes = 0.0;
  for (int i = 1; i <= kNumZipfClasses; ++i) {
    const double share = std::pow(10.0, kLogSmallestShare * (1.0 - static_cast<double>(i) / kNumZipfClasses));
    const double up_to = zipf_sum(theta, share * num_pages) / all;
    classes.push_back({share - pages, up_to - writes});
    pages = share;
    writes = up_to;
  }
  return classes;
}

std::optional<double> to_number(std::string_view text) {
  double value = 0.0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// `s0.95 f0.05 s0.05 f0.95`, shares in proportion. Words that are no share say how a zone is written: uniformly here.
std::vector<WriteClass> zone_classes(std::string_view detail) {
  std::vector<WriteClass> zones;
  double pages = 0.0;
  double writes = 0.0;
  while (!detail.empty()) {
    const std::string_view word = detail.substr(0, detail.find(' '));
    detail.remove_prefix(std::min(detail.size(), word.size() + 1));
    if (word.size() < 2) continue;
    const auto value = to_number(word.substr(1));
    if (!value || *value < 0.0) continue;
    if (word.front() == 's') {
      zones.push_back({*value, 0.0});
      pages += *value;
    } else if (word.front() == 'f' && !zones.empty()) {
      zones.back().writes = *value;
      writes += *value;
    }
  }
  if (pages <= 0.0 || writes <= 0.0) return {};
  for (WriteClass& zone : zones) zone = {zone.pages / pages, zone.writes / writes};
  return zones;
}

}  // namespace

bool WritePattern::overwrites(storage::FlashState state) const {
  return order == Order::Random || (order == Order::EachOnce && state == storage::FlashState::Full);
}

std::optional<WritePattern> read_write_pattern(std::string_view pattern, std::string_view detail, double num_pages) {
  using Order = WritePattern::Order;
  const std::string_view name = pattern.substr(0, pattern.find('-'));
  if (name == "sequential") {
    const bool shuffled = pattern.ends_with("-shuffle");
    return WritePattern{shuffled ? Order::EachOnce : Order::Sequential, {{1.0, 1.0}}};
  }
  if (name == "uniform") return WritePattern{Order::Random, {{1.0, 1.0}}};
  if (name == "fiozipf") {
    const double pages = std::min(1.0, kFioZipfItems / num_pages);
    return WritePattern{Order::Random, {{pages, 1.0}, {1.0 - pages, 0.0}}};
  }
  if (name == "zipf") {
    const auto theta = to_number(detail);
    if (!theta || *theta < 0.0 || *theta > 5.0) return std::nullopt;
    return WritePattern{Order::Random, zipf_classes(*theta, num_pages)};
  }
  if (name == "zones") {
    std::vector<WriteClass> zones = zone_classes(detail);
    if (!zones.empty()) return WritePattern{Order::Random, std::move(zones)};
  }
  return std::nullopt;
}

}  // namespace labtwin::calibration
