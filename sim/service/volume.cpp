#include "sim/service/volume.hpp"

#include <algorithm>

namespace labtwin::service {

Causes joined(Causes causes, const Causes& more) {
  for (const Cause& cause : more) {
    const auto same = std::find_if(causes.begin(), causes.end(), [&cause](const Cause& known) {
      return known.kind == cause.kind && known.culprit == cause.culprit;
    });
    if (same == causes.end()) {
      causes.push_back(cause);
    } else {
      same->duration += cause.duration;
    }
  }
  return causes;
}

Burst::Burst(Volume& volume, std::vector<storage::Io> ios, std::size_t window)
    : Resumption(volume.engine_->queue()), volume_(&volume), ios_(std::move(ios)), window_(window) {}

Burst::~Burst() {
  if (num_submitted_ == num_completed_) return;
  for (std::size_t i = 0; i < num_submitted_; ++i) volume_->cancel(ios_[i].id);
  volume_->unplug();
}

void Burst::await_suspend(std::coroutine_handle<> process) {
  resumes(process);
  if (window_ < ios_.size()) before_.resize(ios_.size());
  const std::size_t first_ones = std::min(window_, ios_.size());
  while (num_submitted_ < first_ones) submit_next({});
  volume_->unplug();
}

void Burst::submit_next(Causes before) {
  const std::size_t index = num_submitted_++;
  if (!before_.empty()) before_[index] = std::move(before);
  volume_->submit(ios_[index], *this, index);
}

void Burst::io_ended(std::size_t index, storage::IoCompletion&& completion) {
  if (completion.outcome != Outcome::Completed) result_.outcome = completion.outcome;
  ++num_completed_;
  const bool is_last = result_.causes.empty() || completion.finished > last_finish_;
  const bool makes_room = num_submitted_ < ios_.size();
  if (is_last || makes_room) {
    Causes causes = before_.empty() ? std::move(completion.causes) : joined(std::move(before_[index]), completion.causes);
    if (is_last) {
      last_finish_ = completion.finished;
      result_.causes = causes;
    }
    if (makes_room) submit_next(std::move(causes));
  }
  if (num_completed_ == ios_.size()) volume_->engine_->queue().push_ready(*this);
}

}  // namespace labtwin::service
