#include "models/storage/flash_log.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace labtwin::storage {
namespace {

// Fine enough that twice as many move no predicted rate by more than 1 %.
constexpr std::size_t kNumBlocks = 240;
constexpr double kStepsPerBlock = 2.0;
// One that is being written and one that copies go to; they come on top of the spare.
constexpr double kOpenBlocks = 2.0;
constexpr double kNothing = 1e-12;

}  // namespace

FlashLog::FlashLog(double spare, std::vector<WriteClass> classes, FlashState state)
    : classes_(std::move(classes)), block_((1.0 + spare) / (kNumBlocks - kOpenBlocks)), step_(block_ / kStepsPerBlock) {
  for (const WriteClass& c : classes_) survival_.push_back(c.pages > 0.0 ? std::exp(-c.writes / c.pages * step_) : 1.0);
  valid_.assign(kNumBlocks * classes_.size(), 0.0);
  in_use_.assign(kNumBlocks, false);
  // Whole blocks hold the data; what rounding leaves over is kept out of the pool, so that the spare counts exactly.
  const double blocks_of_data = 1.0 / block_;
  const auto num_full = static_cast<std::size_t>(blocks_of_data);
  reserve_ = kOpenBlocks + (blocks_of_data - static_cast<double>(num_full));
  const std::size_t num_used = state == FlashState::Full ? num_full : 0;
  for (std::size_t b = 0; b < num_used; ++b) {
    in_use_[b] = true;
    for (std::size_t c = 0; c < classes_.size(); ++c)
      valid_[b * classes_.size() + c] = classes_[c].pages / static_cast<double>(num_full);
  }
  for (std::size_t b = kNumBlocks; b > num_used; --b) free_.push_back(b - 1);
}

std::size_t FlashLog::take_free_block() {
  const std::size_t block = free_.back();
  free_.pop_back();
  in_use_[block] = true;
  return block;
}

double FlashLog::valid_of(std::size_t block) const {
  double amount = 0.0;
  for (std::size_t c = 0; c < classes_.size(); ++c) amount += valid_[block * classes_.size() + c];
  return amount;
}

double FlashLog::valid() const {
  double amount = 0.0;
  for (double v : valid_) amount += v;
  return amount;
}

double FlashLog::free() const {
  double amount = block_ * static_cast<double>(free_.size());
  if (host_block_ != kNone) amount += block_ - host_filled_;
  if (copy_block_ != kNone) amount += block_ - copy_filled_;
  return amount;
}

void FlashLog::expire_overwritten() {
  const std::size_t num_classes = classes_.size();
  for (std::size_t b = 0; b < kNumBlocks; ++b) {
    if (!in_use_[b]) continue;
    for (std::size_t c = 0; c < num_classes; ++c) valid_[b * num_classes + c] *= survival_[c];
  }
}

// Of the pages written in a step, those that were written twice count once.
void FlashLog::write_host() {
  if (host_block_ == kNone) {
    host_block_ = take_free_block();
    host_filled_ = 0.0;
  }
  for (std::size_t c = 0; c < classes_.size(); ++c)
    valid_[host_block_ * classes_.size() + c] += classes_[c].pages * (1.0 - survival_[c]);
  host_filled_ += step_;
  if (host_filled_ >= block_ - kNothing) host_block_ = kNone;
}

bool FlashLog::needs_cleaning() const {
  const double open = host_block_ == kNone ? 0.0 : 1.0 - host_filled_ / block_;
  return static_cast<double>(free_.size()) + open < reserve_;
}

std::size_t FlashLog::victim() const {
  std::size_t best = kNone;
  double least = block_ * (1.0 - kNothing);
  for (std::size_t b = 0; b < kNumBlocks; ++b) {
    if (!in_use_[b] || b == host_block_ || b == copy_block_) continue;
    const double amount = valid_of(b);
    if (amount >= least) continue;
    least = amount;
    best = b;
  }
  return best;
}

// Copies the valid pages of the best victim away and erases it; returns the amount copied. Nothing where no page is invalid.
std::optional<double> FlashLog::clean_one() {
  const std::size_t from = victim();
  if (from == kNone) return std::nullopt;
  const double amount = valid_of(from);
  const std::size_t num_classes = classes_.size();
  std::vector<double> pages(valid_.begin() + static_cast<std::ptrdiff_t>(from * num_classes),
                            valid_.begin() + static_cast<std::ptrdiff_t>((from + 1) * num_classes));
  std::fill_n(valid_.begin() + static_cast<std::ptrdiff_t>(from * num_classes), num_classes, 0.0);
  in_use_[from] = false;
  free_.push_back(from);
  for (double left = amount; left > kNothing;) {
    if (copy_block_ == kNone) {
      copy_block_ = take_free_block();
      copy_filled_ = 0.0;
    }
    const double put = std::min(left, block_ - copy_filled_);
    for (std::size_t c = 0; c < num_classes; ++c) valid_[copy_block_ * num_classes + c] += pages[c] * (put / amount);
    copy_filled_ += put;
    left -= put;
    if (copy_filled_ >= block_ - kNothing) copy_block_ = kNone;
  }
  return amount;
}

double FlashLog::advance() {
  expire_overwritten();
  write_host();
  double copied = 0.0;
  while (needs_cleaning()) {
    const auto amount = clean_one();
    if (!amount) break;
    copied += *amount;
  }
  return copied;
}

double steady_copies_per_write(double spare) {
  double valid = 0.5;
  for (int i = 0; i < 200; ++i) valid = std::exp(-(1.0 + spare) * (1.0 - valid));
  return valid / (1.0 - valid);
}

}  // namespace labtwin::storage
