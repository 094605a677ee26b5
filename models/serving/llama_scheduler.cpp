#include "models/serving/llama_scheduler.hpp"

#include <algorithm>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin::serving {
namespace {

// Below which a slot's text is copied before it goes, and below which a copy is left where it is.
constexpr double kKeptShare = 0.5;
constexpr double kUsefulShare = 0.25;

/// Tokens of the texts that two requests begin with.
std::uint32_t common_texts(std::span<const TextRun> a, std::span<const TextRun> b) {
  std::uint32_t common = 0;
  for (auto mine = a.begin(), other = b.begin(); mine != a.end() && other != b.end() && mine->text == other->text;) {
    const std::uint32_t my_end = mine->end;
    const std::uint32_t its_end = other->end;
    common = std::min(my_end, its_end);
    if (my_end == common) ++mine;
    if (its_end == common) ++other;
  }
  return common;
}

}  // namespace

LlamaScheduler::LlamaScheduler(const LlamaSchedulerSettings& settings) : settings_(settings), slots_(settings.num_slots) {
  LABTWIN_CHECK(settings.num_slots > 0 && settings.slot_tokens > 0 && settings.batch >= settings.num_slots,
                "a server that can do nothing");
}

bool LlamaScheduler::submit(const InferenceRequest& request) {
  if (request.prompt_tokens + request.output_tokens - 1 > settings_.slot_tokens) return false;
  waiting_.push_back(request);
  return true;
}

void LlamaScheduler::cancel(std::uint64_t request) {
  std::erase_if(waiting_, [&](const InferenceRequest& one) { return one.id == request; });
  for (Slot& slot : slots_) {
    if (!slot.is_busy || slot.request.id != request) continue;
    const auto in_step = [&](std::size_t index) { return &slots_[index] == &slot; };
    if (!step_.empty() && std::any_of(scheduled_.begin(), scheduled_.end(), in_step)) {
      slot.is_cancelled = true;
    } else {
      free(slot);
    }
  }
}

std::span<const StepPart> LlamaScheduler::schedule() {
  step_.clear();
  scheduled_.clear();
  place_waiting();
  ++num_steps_;
  const auto generates = [](const Slot& slot) { return slot.is_busy && slot.num_outputs > 0; };
  std::uint32_t room = settings_.batch;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!generates(slots_[i])) continue;
    add_part(i, 1);
    --room;
  }
  for (std::size_t i = 0; i < slots_.size() && room > 0; ++i) {
    const Slot& slot = slots_[i];
    if (!slot.is_busy || generates(slot)) continue;
    const std::uint32_t tokens = std::min(slot.request.prompt_tokens - slot.num_cached, room);
    add_part(i, tokens);
    room -= tokens;
  }
  return step_;
}

void LlamaScheduler::place_waiting() {
  while (!waiting_.empty() && num_busy_ < slots_.size()) {
    const InferenceRequest request = waiting_.front();
    waiting_.pop_front();
    Slot& slot = slots_[slot_for(request)];
    exchange_with_host(slot, request);
    slot.num_cached = settings_.caches_prompts ? common_tokens(slot, request) : 0;
    slot.request = request;
    slot.num_outputs = 0;
    slot.is_busy = true;
    ++num_busy_;
  }
}

std::size_t LlamaScheduler::slot_for(const InferenceRequest& request) const {
  std::size_t best = slots_.size();
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].is_busy) continue;
    const std::uint32_t common = common_tokens(slots_[i], request);
    if (common > most && common > settings_.least_similarity * request.prompt_tokens) {
      best = i;
      most = common;
    }
  }
  if (best < slots_.size()) return best;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].is_busy) continue;
    if (best == slots_.size() || slots_[i].last_used < slots_[best].last_used) best = i;
  }
  return best;
}

// A slot that was found by what it holds keeps it, unless more than half would be lost.
void LlamaScheduler::exchange_with_host(Slot& slot, const InferenceRequest& request) {
  if (settings_.host_tokens == 0 || !settings_.caches_prompts) return;
  const std::uint32_t common = common_tokens(slot, request);
  if (common > settings_.least_similarity * request.prompt_tokens && common >= kKeptShare * slot.num_cached) return;
  store(slot);
  restore(slot, request);
}

void LlamaScheduler::store(Slot& slot) {
  if (slot.num_cached == 0 || slot.num_cached > settings_.host_tokens) return;
  std::erase_if(stored_, [&](const Text& text) { return common_tokens(text, slot.request) == text.num_cached; });
  while (!stored_.empty() && num_stored() + slot.num_cached > settings_.host_tokens) stored_.pop_front();
  stored_.push_back(slot);
  slot.num_moved += slot.num_cached;
}

// The copy has to be better than what the slot holds in both: more of it of use, more of the prompt in it.
void LlamaScheduler::restore(Slot& slot, const InferenceRequest& request) {
  const auto share = [](std::uint32_t common, const Text& text) {
    return text.num_cached == 0 ? -1.0 : static_cast<double>(common) / text.num_cached;
  };
  std::uint32_t most = common_tokens(slot, request);
  double largest = share(most, slot);
  auto best = stored_.end();
  for (auto text = stored_.begin(); text != stored_.end(); ++text) {
    const std::uint32_t common = common_tokens(*text, request);
    if (share(common, *text) < kUsefulShare || share(common, *text) <= largest || common <= most) continue;
    most = common;
    largest = share(common, *text);
    best = text;
  }
  if (best == stored_.end()) return;
  static_cast<Text&>(slot) = *best;
  slot.num_moved += best->num_cached;
  stored_.erase(best);
}

std::uint64_t LlamaScheduler::num_kept(const InferenceRequest& prompt) const {
  std::uint32_t most = 0;
  for (const Text& text : stored_) most = std::max(most, common_tokens(text, prompt));
  for (const Slot& slot : slots_) {
    if (!slot.is_busy && settings_.caches_prompts) most = std::max(most, common_tokens(slot, prompt));
  }
  return most;
}

std::uint32_t LlamaScheduler::common_tokens(const Text& text, const InferenceRequest& request) {
  const InferenceRequest& last = text.request;
  const bool same_prefix = last.prefix == request.prefix && last.prefix_tokens > 0 && request.prefix_tokens > 0;
  std::uint32_t common = same_prefix ? std::min(last.prefix_tokens, request.prefix_tokens) : 0;
  const bool whole_prefix = last.prefix_tokens == request.prefix_tokens && (same_prefix || request.prefix_tokens == 0);
  if (last.prefix == request.prefix) common = std::max(common, common_texts(last.texts, request.texts));
  if (whole_prefix && request.conversation != 0 && last.conversation == request.conversation) common = text.num_cached;
  // The last token of a prompt has to be computed, for something to come out.
  return std::min({common, text.num_cached, request.prompt_tokens - 1});
}

void LlamaScheduler::add_part(std::size_t index, std::uint32_t tokens) {
  Slot& slot = slots_[index];
  slot.last_used = num_steps_;
  scheduled_.push_back(index);
  step_.push_back({.request = slot.request.id,
                   .num_tokens = tokens,
                   .num_computed = slot.num_cached,
                   .num_moved = std::exchange(slot.num_moved, 0),
                   .samples = slot.num_outputs > 0 || slot.num_cached + tokens == slot.request.prompt_tokens,
                   .is_decode = slot.num_outputs > 0});
}

std::uint64_t LlamaScheduler::num_alike() const {
  if (step_.empty() || step_.size() != num_busy_) return 1;
  std::uint64_t most = ~0ULL;
  for (std::size_t i = 0; i < step_.size(); ++i) {
    const Slot& slot = slots_[scheduled_[i]];
    if (!step_[i].is_decode || slot.is_cancelled) return 1;
    most = std::min<std::uint64_t>(most, slot.request.output_tokens - slot.num_outputs);
  }
  return most;
}

std::span<const TokenEvent> LlamaScheduler::complete(std::uint64_t num_steps) {
  events_.clear();
  const auto more = static_cast<std::uint32_t>(num_steps - 1);
  for (std::size_t i = 0; i < step_.size(); ++i) {
    Slot& slot = slots_[scheduled_[i]];
    slot.num_cached += step_[i].num_tokens + more;
    if (slot.is_cancelled) {
      free(slot);
      continue;
    }
    if (!step_[i].samples) continue;
    slot.num_outputs += 1 + more;
    const bool is_last = slot.num_outputs == slot.request.output_tokens;
    events_.push_back({slot.request.id, slot.num_outputs == 1, is_last});
    if (is_last) free(slot);
  }
  num_steps_ += more;
  step_.clear();
  return events_;
}

// The text stays in the slot, for whoever goes on with it.
void LlamaScheduler::free(Slot& slot) {
  slot.is_busy = false;
  slot.is_cancelled = false;
  --num_busy_;
}

std::uint64_t LlamaScheduler::num_cached() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : slots_) sum += slot.num_cached;
  return sum;
}

std::uint64_t LlamaScheduler::num_stored() const {
  std::uint64_t sum = 0;
  for (const Text& text : stored_) sum += text.num_cached;
  return sum;
}

}  // namespace labtwin::serving
