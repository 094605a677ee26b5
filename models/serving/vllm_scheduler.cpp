#include "models/serving/vllm_scheduler.hpp"

#include <algorithm>

#include "models/base/error.hpp"

namespace labtwin::serving {

VllmScheduler::VllmScheduler(const VllmSchedulerSettings& settings) : settings_(settings), pool_(settings.num_blocks) {
  LABTWIN_CHECK(settings.block_tokens > 0 && settings.max_sequences > 0 && settings.max_batched_tokens > 0,
                "an engine that can do nothing");
}

std::size_t VllmScheduler::blocks_for(std::uint32_t tokens) const {
  return (static_cast<std::size_t>(tokens) + settings_.block_tokens - 1) / settings_.block_tokens;
}

BlockKey VllmScheduler::key(const InferenceRequest& request, std::uint32_t index) const {
  // Four kinds of content with numbers of their own.
  const std::uint32_t end = (index + 1) * settings_.block_tokens;
  const auto run = std::lower_bound(request.texts.begin(), request.texts.end(), end,
                                    [](const TextRun& text, std::uint32_t token) { return text.end < token; });
  if (run != request.texts.end()) return {.content = 4 * (request.prefix << 32U | run->text) + 3, .index = index};
  if (end <= request.prefix_tokens) return {.content = 4 * request.prefix, .index = index};
  if (request.conversation != 0) return {.content = 4 * request.conversation + 1, .index = index};
  return {.content = 4 * request.id + 2, .index = index};
}

bool VllmScheduler::submit(const InferenceRequest& request) {
  // The last token that comes out is never an input.
  if (blocks_for(request.prompt_tokens + request.output_tokens - 1) > pool_.num_blocks()) return false;
  if (unused_.empty()) {
    unused_.push_back(static_cast<Slot>(states_.size()));
    states_.emplace_back();
  }
  const Slot slot = unused_.back();
  unused_.pop_back();
  states_[slot] = State{};
  states_[slot].request = request;
  waiting_.push_back(slot);
  return true;
}

std::span<const StepPart> VllmScheduler::schedule() {
  step_.clear();
  scheduled_.clear();
  std::uint32_t budget = settings_.max_batched_tokens;
  has_preempted_ = false;
  schedule_running(budget);
  if (!has_preempted_) admit_waiting(budget);
  return step_;
}

void VllmScheduler::schedule_running(std::uint32_t& budget) {
  // Preemption takes from the end, so that positions before it stay.
  for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
    const Slot slot = running_[i];
    const std::uint32_t tokens = std::min(states_[slot].num_tokens() - states_[slot].num_computed, budget);
    if (!make_room(slot, tokens)) return;
    add_part(slot, tokens, budget);
  }
}

bool VllmScheduler::make_room(Slot slot, std::uint32_t tokens) {
  const std::size_t needed = blocks_for(states_[slot].num_computed + tokens);
  while (needed > states_[slot].blocks.size() + pool_.num_free()) {
    const Slot last = running_.back();
    running_.pop_back();
    preempt(last);
    has_preempted_ = true;
    if (last == slot) return false;
  }
  return true;
}

void VllmScheduler::add_part(Slot slot, std::uint32_t tokens, std::uint32_t& budget) {
  State& state = states_[slot];
  while (state.blocks.size() < blocks_for(state.num_computed + tokens)) state.blocks.push_back(pool_.allocate());
  scheduled_.push_back(slot);
  step_.push_back({.request = state.request.id,
                   .num_tokens = tokens,
                   .num_computed = state.num_computed,
                   .samples = state.num_computed + tokens == state.num_tokens(),
                   .is_decode = tokens == 1 && state.num_outputs > 0});
  budget -= tokens;
}

void VllmScheduler::preempt(Slot slot) {
  release_blocks(states_[slot]);
  waiting_.push_front(slot);
  ++num_preemptions_;
}

void VllmScheduler::admit_waiting(std::uint32_t& budget) {
  while (!waiting_.empty() && budget > 0 && running_.size() < settings_.max_sequences) {
    const Slot slot = waiting_.front();
    if (!admit(slot, budget)) return;
    waiting_.pop_front();
    running_.push_back(slot);
  }
}

bool VllmScheduler::admit(Slot slot, std::uint32_t& budget) {
  State& state = states_[slot];
  const std::vector<BlockId> hits = cached_blocks(state.request, state.num_tokens());
  const auto hits_in_queue = std::count_if(hits.begin(), hits.end(), [this](BlockId block) { return pool_.is_free(block); });
  const std::size_t needed = blocks_for(state.num_tokens()) - hits.size() + static_cast<std::size_t>(hits_in_queue);
  if (needed > pool_.num_free()) return false;
  for (const BlockId block : hits) pool_.share(block);
  state.blocks = hits;
  state.num_labelled = static_cast<std::uint32_t>(hits.size());
  state.num_computed = state.num_labelled * settings_.block_tokens;
  add_part(slot, std::min(state.num_tokens() - state.num_computed, budget), budget);
  return true;
}

std::uint64_t VllmScheduler::num_kept(const InferenceRequest& prompt) const {
  return cached_blocks(prompt, prompt.prompt_tokens).size() * settings_.block_tokens;
}

std::vector<BlockId> VllmScheduler::cached_blocks(const InferenceRequest& request, std::uint32_t num_tokens) const {
  std::vector<BlockId> hits;
  if (!settings_.caches_prefixes) return hits;
  // At least one token has to be computed, for something to come out.
  const std::uint32_t most = (num_tokens - 1) / settings_.block_tokens;
  for (std::uint32_t index = 0; index < most; ++index) {
    const auto block = pool_.find(key(request, index));
    if (!block) break;
    hits.push_back(*block);
  }
  return hits;
}

std::uint64_t VllmScheduler::num_alike() const {
  // Who was preempted is admitted next; whoever else waits found no block, and there will be fewer.
  if (step_.empty() || has_preempted_ || step_.size() != running_.size()) return 1;
  std::uint64_t most = ~0ULL;
  for (std::size_t i = 0; i < step_.size(); ++i) {
    const State& state = states_[scheduled_[i]];
    if (!step_[i].is_decode || state.is_cancelled) return 1;
    most = std::min<std::uint64_t>(most, state.request.output_tokens - state.num_outputs);
  }
  std::uint64_t fits = 1;
  while (fits < most) {
    const std::uint64_t middle = fits + (most - fits + 1) / 2;
    if (blocks_needed(middle) <= pool_.num_free()) {
      fits = middle;
    } else {
      most = middle - 1;
    }
  }
  return fits;
}

std::size_t VllmScheduler::blocks_needed(std::uint64_t num_steps) const {
  std::size_t needed = 0;
  for (const Slot slot : scheduled_) {
    const State& state = states_[slot];
    needed += blocks_for(state.num_computed + static_cast<std::uint32_t>(num_steps)) - state.blocks.size();
  }
  return needed;
}

void VllmScheduler::go_on() {
  for (std::size_t i = 0; i < step_.size(); ++i) {
    State& state = states_[scheduled_[i]];
    ++state.num_computed;
    ++state.num_outputs;
    label_full_blocks(state);
    if (state.num_computed == state.blocks.size() * settings_.block_tokens) state.blocks.push_back(pool_.allocate());
    ++step_[i].num_computed;
  }
}

std::span<const TokenEvent> VllmScheduler::complete(std::uint64_t num_steps) {
  for (std::uint64_t step = 1; step < num_steps; ++step) go_on();
  events_.clear();
  bool any_done = false;
  for (std::size_t i = 0; i < step_.size(); ++i) {
    State& state = states_[scheduled_[i]];
    if (!state.is_cancelled) {
      state.num_computed += step_[i].num_tokens;
      label_full_blocks(state);
      if (!step_[i].samples) continue;
      ++state.num_outputs;
      const bool is_last = state.num_outputs == state.request.output_tokens;
      events_.push_back({state.request.id, state.num_outputs == 1, is_last});
      if (!is_last) continue;
    }
    any_done = true;
    finish(scheduled_[i]);
  }
  step_.clear();
  if (any_done) {
    std::erase_if(running_, [this](Slot slot) { return states_[slot].is_finished; });
  }
  return events_;
}

void VllmScheduler::finish(Slot slot) {
  State& state = states_[slot];
  release_blocks(state);
  state.is_finished = true;
  unused_.push_back(slot);
}

void VllmScheduler::cancel(std::uint64_t request) {
  const auto is_it = [&](Slot slot) { return states_[slot].request.id == request; };
  if (const auto waits = std::find_if(waiting_.begin(), waiting_.end(), is_it); waits != waiting_.end()) {
    unused_.push_back(*waits);
    waiting_.erase(waits);
    return;
  }
  const auto runs = std::find_if(running_.begin(), running_.end(), is_it);
  if (runs == running_.end()) return;
  const bool in_step = !step_.empty() && std::find(scheduled_.begin(), scheduled_.end(), *runs) != scheduled_.end();
  states_[*runs].is_cancelled = true;
  if (in_step) return;
  finish(*runs);
  running_.erase(runs);
}

// The last block goes first into the queue of free ones, so that the first tokens can be found longest.
void VllmScheduler::release_blocks(State& state) {
  for (auto block = state.blocks.rbegin(); block != state.blocks.rend(); ++block) pool_.release(*block);
  state.blocks.clear();
  state.num_computed = 0;
  state.num_labelled = 0;
}

void VllmScheduler::label_full_blocks(State& state) {
  if (!settings_.caches_prefixes) return;
  const std::uint32_t num_full = state.num_computed / settings_.block_tokens;
  for (; state.num_labelled < num_full; ++state.num_labelled) {
    pool_.label(state.blocks[state.num_labelled], key(state.request, state.num_labelled));
  }
}

}  // namespace labtwin::serving
