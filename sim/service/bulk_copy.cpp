#include "sim/service/bulk_copy.hpp"

#include "sim/process/repetition.hpp"

namespace labtwin::service {
namespace {

/// More than a duration lets cross.
constexpr Bytes kEndless = Bytes::from_base(1e24);

}  // namespace

Task<> BulkCopy::run() {
  return repeat(*engine_, options_.schedule, [this] { return run_once(); });
}

Task<> BulkCopy::run_once() {
  active_since_ = engine_->now();
  current_ = std::make_unique<Bus::Copy>(*engine_, *bus_, demand_, options_.schedule.volume.value_or(kEndless), options_.owner);
  if (options_.schedule.duration) {
    co_await engine_->hold(*options_.schedule.duration);
  } else {
    co_await current_->done();
    ++num_passes_;
    time_of_passes_ += engine_->now() - active_since_;
  }
  moved_before_ = bytes_moved();
  active_time_ = active_time();
  current_.reset();
}

Bytes BulkCopy::bytes_moved() const {
  return current_ ? moved_before_ + current_->moved() : moved_before_;
}

Seconds BulkCopy::active_time() const {
  return current_ ? active_time_ + (engine_->now() - active_since_) : active_time_;
}

}  // namespace labtwin::service
