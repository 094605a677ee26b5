#include "sim/service/gpu_card.hpp"

#include <algorithm>
#include <utility>

namespace labtwin::service {

Seconds GpuCard::busy_time() const noexcept {
  return active_.empty() ? busy_time_ : busy_time_ + (engine_->now() - noted_at_);
}

void GpuCard::note() {
  const Seconds now = engine_->now();
  if (!active_.empty()) {
    busy_time_ += now - noted_at_;
    progress_ += (now - noted_at_) / static_cast<double>(active_.size());
  }
  noted_at_ = now;
}

void GpuCard::arm_all() {
  for (Burst* burst : active_) burst->arm();
}

GpuCard::Burst::Burst(GpuCard& card, std::function<void()> on_end)
    : card_(&card), on_end_(std::move(on_end)), alarm_(*card.engine_, [this] { end(); }) {}

GpuCard::Burst::~Burst() {
  std::erase(card_->active_, this);
}

void GpuCard::Burst::start(Seconds work) {
  card_->note();
  began_ = card_->progress_;
  ends_ = began_ + work;
  is_active_ = true;
  card_->active_.push_back(this);
  card_->arm_all();
}

void GpuCard::Burst::resize(Seconds work) {
  card_->note();
  ends_ = std::max(card_->progress_, began_ + work);
  arm();
}

Seconds GpuCard::Burst::done() const {
  card_->note();
  return card_->progress_ - began_;
}

void GpuCard::Burst::arm() {
  const Seconds rest = std::max(Seconds{}, ends_ - card_->progress_);
  alarm_.set(card_->engine_->now() + rest * static_cast<double>(card_->active_.size()));
}

void GpuCard::Burst::end() {
  card_->note();
  std::erase(card_->active_, this);
  is_active_ = false;
  card_->arm_all();
  on_end_();
}

}  // namespace labtwin::service
