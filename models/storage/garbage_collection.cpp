#include "models/storage/garbage_collection.hpp"

#include <algorithm>

namespace labtwin::storage {
namespace {

// Steps of the log in which the cost of copies stays the same: one block of the log.
constexpr int kStepsPerStage = 2;
// Share of the copies that are due that are made in a stage.
constexpr double kMadeAtOnce = 0.25;
// After this many overwrites of all data the log is in its steady state.
constexpr double kOverwritesUntilSteady = 4.0;
// FlashLog takes no more spare, and a drive that is nearly empty never cleans.
constexpr double kMostSpare = 20.0;
// A stage whose rest is less than this share of it is over.
constexpr double kNegligible = 1e-9;

double spare_of(const FlashParameters& flash, const FlashUse& use) {
  return std::min(kMostSpare, (1.0 + flash.spare) * (flash.capacity / use.data) - 1.0);
}

}  // namespace

GarbageCollection::GarbageCollection(const FlashParameters& flash, const FlashUse& use)
    : log_(spare_of(flash, use), use.classes, use.history == FlashHistory::Sanitized ? FlashState::Empty : FlashState::Full),
      copy_time_per_byte_(flash.copy_cost / flash.random),
      stage_(use.data * (log_.step() * kStepsPerStage)) {
  if (use.history != FlashHistory::Rewritten) return;
  const double num_stages = kOverwritesUntilSteady * (use.data / stage_);
  for (int i = 0; i < num_stages; ++i) next_stage();
}

void GarbageCollection::write(Bytes size) {
  writes_ = writes(size);
  written_in_stage_ += size;
  while (written_in_stage_ > stage_ * (1.0 - kNegligible)) {
    written_in_stage_ = std::max(Bytes{}, written_in_stage_ - stage_);
    next_stage();
  }
}

void GarbageCollection::next_stage() {
  double copied = 0.0;
  for (int i = 0; i < kStepsPerStage; ++i) copied += log_.advance();
  copies_per_write_ += kMadeAtOnce * (copied / (log_.step() * kStepsPerStage) - copies_per_write_);
}

}  // namespace labtwin::storage
