#include "models/storage/io_scheduler.hpp"

#include <algorithm>
#include <deque>

#include "models/base/error.hpp"
#include "models/storage/mq_deadline.hpp"

namespace labtwin::storage {
namespace {

/// `none`: first come, first served, whatever the priority.
class NoneScheduler final : public IoScheduler {
 public:
  void add(Seconds /*now*/, const QueuedRequest& request) override { queue_.push_back(request.handle); }

  std::optional<std::uint32_t> take_next(Seconds /*now*/) override {
    if (queue_.empty()) return std::nullopt;
    const std::uint32_t handle = queue_.front();
    queue_.pop_front();
    return handle;
  }

  void completed(IoPriority /*priority*/) override {}

  void remove(const QueuedRequest& request) override {
    const auto found = std::find(queue_.begin(), queue_.end(), request.handle);
    LABTWIN_CHECK(found != queue_.end(), "removed a request that does not wait");
    queue_.erase(found);
  }

 private:
  std::deque<std::uint32_t> queue_;
};

}  // namespace

std::unique_ptr<IoScheduler> make_io_scheduler(const SchedulerSettings& settings) {
  switch (settings.kind) {
    case SchedulerKind::None:
      return std::make_unique<NoneScheduler>();
    case SchedulerKind::MqDeadline:
      return make_mq_deadline(settings);
  }
  throw InternalError("unknown scheduler kind");
}

}  // namespace labtwin::storage
