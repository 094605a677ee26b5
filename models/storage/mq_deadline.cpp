#include "models/storage/mq_deadline.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin::storage {
namespace {

struct Waiting {
  std::uint32_t handle = 0;
  Seconds since;
};

/// The waiting requests of one direction within one priority class, in order of position and in order of age.
class Lane {
 public:
  using Place = std::pair<std::uint64_t, std::uint64_t>;  ///< position, then age (smaller is older)

  void add(const Place& place, const Waiting& waiting) {
    sorted_.emplace(place, waiting);
    by_age_.emplace_hint(by_age_.end(), place.second, place);
  }

  [[nodiscard]] bool empty() const { return by_age_.empty(); }
  [[nodiscard]] const Place& oldest() const { return by_age_.begin()->second; }
  [[nodiscard]] const Waiting& at(const Place& place) const { return sorted_.at(place); }

  /// The next request in order of position from where the lane last was.
  [[nodiscard]] std::optional<Place> ahead() const {
    const auto next = sorted_.lower_bound({last_position_, 0});
    if (next == sorted_.end()) return std::nullopt;
    return next->first;
  }

  std::uint32_t take(const Place& place) {
    last_position_ = place.first;
    return erase(place);
  }

  std::uint32_t erase(const Place& place) {
    const auto found = sorted_.find(place);
    const std::uint32_t handle = found->second.handle;
    sorted_.erase(found);
    by_age_.erase(place.second);
    return handle;
  }

  [[nodiscard]] std::optional<Place> find(std::uint64_t position, std::uint32_t handle) const {
    for (auto it = sorted_.lower_bound({position, 0}); it != sorted_.end() && it->first.first == position; ++it) {
      if (it->second.handle == handle) return it->first;
    }
    return std::nullopt;
  }

 private:
  std::map<Place, Waiting> sorted_;
  std::map<std::uint64_t, Place> by_age_;
  std::uint64_t last_position_ = 0;
};

constexpr std::size_t kNumDirections = 2;
constexpr std::size_t index_of(Direction direction) {
  return static_cast<std::size_t>(direction);
}
constexpr std::size_t index_of(IoPriority priority) {
  return static_cast<std::size_t>(priority);
}

class MqDeadline final : public IoScheduler {
 public:
  explicit MqDeadline(const SchedulerSettings& settings) : settings_(settings) {}

  void add(Seconds now, const QueuedRequest& request) override {
    Class& c = classes_[index_of(request.priority)];
    ++c.num_pending;
    c.lanes[index_of(request.direction)].add({request.position, next_age_++}, {request.handle, now});
  }

  std::optional<std::uint32_t> take_next(Seconds now) override {
    if (const auto aged = take_aged(now)) return aged;
    for (Class& c : classes_) {
      const auto taken = take_from(c, now, now);
      if (taken || c.num_pending > 0) return taken;
    }
    return std::nullopt;
  }

  void completed(IoPriority priority) override { --classes_[index_of(priority)].num_pending; }

  void remove(const QueuedRequest& request) override {
    Class& c = classes_[index_of(request.priority)];
    Lane& lane = c.lanes[index_of(request.direction)];
    const auto place = lane.find(request.position, request.handle);
    LABTWIN_CHECK(place.has_value(), "removed a request that does not wait");
    lane.erase(*place);
    --c.num_pending;
  }

 private:
  struct Class {
    std::array<Lane, kNumDirections> lanes;
    std::size_t num_pending = 0;  ///< waiting or in the drive
  };

  [[nodiscard]] Seconds expiry(Direction direction) const {
    return direction == Direction::Read ? settings_.read_expire : settings_.write_expire;
  }

  /// Requests of lower classes that waited for `prio_aging_expire` go before anything else.
  std::optional<std::uint32_t> take_aged(Seconds now) {
    std::size_t num_classes_pending = 0;
    for (const Class& c : classes_) num_classes_pending += c.num_pending > 0 ? 1 : 0;
    if (num_classes_pending < 2) return std::nullopt;
    for (std::size_t i = index_of(IoPriority::BestEffort); i < kNumIoPriorities; ++i) {
      if (const auto taken = take_from(classes_[i], now, now - settings_.prio_aging_expire)) return taken;
    }
    return std::nullopt;
  }

  /// The next request of a class, if it has waited since `latest_start` or longer.
  std::optional<std::uint32_t> take_from(Class& c, Seconds now, Seconds latest_start) {
    if (num_in_batch_ < settings_.fifo_batch) {
      Lane& lane = c.lanes[index_of(batch_direction_)];
      if (const auto next = lane.ahead()) return take_place(lane, *next, latest_start);
    }
    const auto direction = next_direction(c);
    if (!direction) return std::nullopt;
    batch_direction_ = *direction;
    num_in_batch_ = 0;
    Lane& lane = c.lanes[index_of(*direction)];
    return take_place(lane, first_of_batch(lane, now - expiry(*direction)), latest_start);
  }

  std::optional<Direction> next_direction(Class& c) {
    const bool reads = !c.lanes[index_of(Direction::Read)].empty();
    const bool writes = !c.lanes[index_of(Direction::Write)].empty();
    if (reads && !(writes && times_writes_passed_over_++ >= settings_.writes_starved)) return Direction::Read;
    if (!writes) return std::nullopt;
    times_writes_passed_over_ = 0;
    return Direction::Write;
  }

  static Lane::Place first_of_batch(const Lane& lane, Seconds expired_since) {
    const auto next = lane.ahead();
    const bool expired = lane.at(lane.oldest()).since <= expired_since;
    return expired || !next ? lane.oldest() : *next;
  }

  std::optional<std::uint32_t> take_place(Lane& lane, const Lane::Place& place, Seconds latest_start) {
    if (lane.at(place).since > latest_start) return std::nullopt;
    ++num_in_batch_;
    return lane.take(place);
  }

  SchedulerSettings settings_;
  std::array<Class, kNumIoPriorities> classes_;
  Direction batch_direction_ = Direction::Write;  // as in the kernel, where the first batch is of writes
  unsigned num_in_batch_ = 0;
  unsigned times_writes_passed_over_ = 0;
  std::uint64_t next_age_ = 1;
};

}  // namespace

std::unique_ptr<IoScheduler> make_mq_deadline(const SchedulerSettings& settings) {
  return std::make_unique<MqDeadline>(settings);
}

}  // namespace labtwin::storage
