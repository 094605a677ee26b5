#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "models/storage/drive.hpp"
#include "models/storage/queue_depth_curve.hpp"

namespace labtwin::storage::testing {

using namespace labtwin::literals;

/// No scatter: every latency is its mean.
inline TailCurve steady() {
  return TailCurve({{.utilization = 0.0, .shape = {.p50_ratio = 1.0, .p95_ratio = 1.0, .p99_ratio = 1.0, .p999_ratio = 1.0}}});
}

/// A class whose latency is exactly its backlog when that exceeds the floor, and the floor otherwise (a very sharp knee).
inline QueueDepthClass sharp(Seconds floor, BytesPerSecond bandwidth) {
  return {.latency_floor = floor,
          .stream_bandwidth = BytesPerSecond::from_base(1e30),
          .max_iops = PerSecond::from_base(1e30),
          .bandwidth = bandwidth,
          .knee = 1e6,
          .tail = steady()};
}

/// A drive whose reads and writes are all of that class.
inline std::unique_ptr<Drive> sharp_drive(Seconds floor, BytesPerSecond bandwidth, const DriveSettings& settings = {}) {
  const QueueDepthClass c = sharp(floor, bandwidth);
  return std::make_unique<Drive>(make_queue_depth_curve({c, c, c, c}), settings);
}

/// A drive that moves 1 MiB in 1.048576 ms with no floor to speak of.
inline QueueDepthParameters one_gigabyte_per_second() {
  const QueueDepthClass c = sharp(1_us, 1000_MBps);
  return {c, c, c, c};
}

/// The drive as device under test.
class DriveUnderTest {
 public:
  explicit DriveUnderTest(const QueueDepthParameters& law, const DriveSettings& settings = {})
      : drive_(make_queue_depth_curve(law), settings) {}

  Drive& operator*() { return drive_; }
  Drive* operator->() { return &drive_; }

  void run_until(Seconds horizon) {
    while (const auto next = drive_.next_event()) {
      if (*next > horizon) break;
      collect(*next);
    }
    collect(horizon);
  }
  void run_until_idle() {
    while (const auto next = drive_.next_event()) collect(*next);
  }

  [[nodiscard]] const std::vector<IoCompletion>& completions() const { return completions_; }
  [[nodiscard]] const IoCompletion& completion(WorkId id) const {
    for (const IoCompletion& c : completions_) {
      if (c.id == id) return c;
    }
    ADD_FAILURE() << "work " << id << " has not completed";
    return completions_.at(0);
  }
  [[nodiscard]] double finished(WorkId id) const { return completion(id).finished.value(); }
  /// Seconds of a completion by kind and culprit.
  [[nodiscard]] double caused(WorkId id, DelayKind kind, OwnerId culprit) const {
    double sum = 0.0;
    for (const Cause& cause : completion(id).causes) {
      if (cause.kind == kind && cause.culprit == culprit) sum += cause.duration.value();
    }
    return sum;
  }

 private:
  void collect(Seconds now) {
    for (IoCompletion& c : drive_.advance(now)) {
      double sum = 0.0;
      for (const Cause& cause : c.causes) sum += cause.duration.value();
      EXPECT_NEAR(sum, (c.finished - c.submitted).value(), 1e-12) << "causes of work " << c.id;
      completions_.push_back(std::move(c));
    }
  }

  Drive drive_;
  std::vector<IoCompletion> completions_;
};

}  // namespace labtwin::storage::testing
