#include "sim/service/llm_server.hpp"

#include <algorithm>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin::service {

Generation::Generation(LlmServer& server, const GenerationRequest& request)
    : Resumption(server.engine_->queue()), server_(&server), request_(request) {}

Generation::~Generation() {
  if (stage_ != Stage::Outside) server_->leave(*this);
}

void Generation::await_suspend(std::coroutine_handle<> process) {
  resumes(process);
  server_->arrive(*this);
}

LlmServer::LlmServer(Engine& engine, ResourceId resource, std::unique_ptr<const serving::StepTimeModel> model,
                     const LlmServerOptions& options)
    : engine_(&engine), resource_(resource), model_(std::move(model)), options_(options), alarm_(engine, [this] {
        finish_phase();
        begin_phase();
      }) {}

Seconds LlmServer::busy_time() const {
  return phase_ == Phase::Idle ? busy_time_ : busy_time_ + (engine_->now() - phase_began_);
}

Seconds LlmServer::waiting_time() {
  note_waiting();
  return waiting_time_;
}

void LlmServer::close(OwnerId owner) {
  LABTWIN_CHECK(phase_ == Phase::Idle && !closed_for_, "a server at work cannot be closed");
  occupancy_.advance(engine_->now());
  occupancy_.enter(owner);
  closed_for_ = owner;
}

void LlmServer::open() {
  occupancy_.advance(engine_->now());
  occupancy_.leave(closed_for_.value());
  closed_for_.reset();
  begin_phase();
}

void LlmServer::arrive(Generation& generation) {
  note_waiting();
  generation.arrived_ = engine_->now();
  if (options_.queue_limit && queue_.size() >= *options_.queue_limit && batch_.size() >= options_.max_batch) {
    generation.result_.outcome = Outcome::Rejected;
    engine_->queue().push_ready(generation);
    return;
  }
  occupancy_.advance(engine_->now());
  generation.from_ = occupancy_.moment();
  generation.stage_ = Generation::Stage::Queued;
  queue_.push_back(&generation);
  if (phase_ == Phase::Idle) {
    if (!closed_for_) begin_phase();
  } else if (phase_ == Phase::Decode && batch_.size() < options_.max_batch) {
    cut_decode_short();
  }
}

void LlmServer::leave(Generation& generation) {
  note_waiting();
  if (generation.stage_ == Generation::Stage::Queued) {
    std::erase(queue_, &generation);
  } else {
    // The step that runs was planned with it and takes its time; the next one is without it.
    occupancy_.advance(engine_->now());
    occupancy_.leave(generation.request_.owner);
    std::erase(batch_, &generation);
    if (phase_ == Phase::Decode) cut_decode_short();
  }
  generation.stage_ = Generation::Stage::Outside;
}

void LlmServer::cut_decode_short() {
  const std::uint64_t done = serving::decode_steps_within(*model_, phase_batch_, engine_->now() - phase_began_, phase_steps_);
  phase_steps_ = std::min(phase_steps_, done + 1);
  alarm_.set(std::max(engine_->now(), phase_began_ + model_->decode_time(phase_batch_, phase_steps_)));
}

void LlmServer::finish_phase() {
  const Seconds elapsed = engine_->now() - phase_began_;
  busy_time_ += elapsed;
  phase_ = Phase::Idle;
  std::vector<Generation*> present = batch_;
  for (Generation* generation : present) {
    settle(*generation, elapsed, phase_steps_);
    if (generation->num_remaining_ == 0) complete(*generation);
  }
}

void LlmServer::settle(Generation& generation, Seconds elapsed, std::uint64_t num_steps) {
  const auto context = static_cast<double>(generation.context_);
  Seconds alone;
  if (generation.context_ == 0) {
    alone = model_->step_time({.prefill_tokens = static_cast<double>(generation.request_.prompt_tokens)});
    generation.context_ = generation.request_.prompt_tokens;
    generation.num_remaining_ = generation.request_.output_tokens - 1;
    generation.result_.time_to_first_token = engine_->now() - generation.arrived_;
  } else {
    alone = model_->decode_time({.num_decodes = 1.0, .context_tokens = context}, num_steps);
    generation.context_ += num_steps;
    generation.num_remaining_ -= num_steps;
  }
  generation.slowdown_ += std::max(Seconds{}, elapsed - alone);
}

void LlmServer::complete(Generation& generation) {
  const Seconds now = engine_->now();
  const OwnerId owner = generation.request_.owner;
  occupancy_.advance(now);
  occupancy_.leave(owner);
  const Seconds in_batch = now - generation.admitted_;
  const Seconds service = in_batch - generation.slowdown_;
  occupancy_.charge(generation.result_.causes, DelayKind::Slowdown, generation.slowdown_, generation.from_, owner,
                    in_batch.value());
  generation.result_.causes.push_back({DelayKind::Service, owner, service});
  std::erase(batch_, &generation);
  generation.stage_ = Generation::Stage::Outside;
  engine_->queue().push_ready(generation);
}

void LlmServer::begin_phase() {
  note_waiting();
  const bool somebody_joins = !queue_.empty() && batch_.size() < options_.max_batch;
  phase_batch_ = decode_batch();
  phase_began_ = engine_->now();
  if (somebody_joins) {
    phase_ = Phase::Mixed;
    admit_waiting();
    phase_steps_ = 1;
    alarm_.set(phase_began_ + model_->step_time(phase_batch_));
  } else if (!batch_.empty()) {
    begin_decode();
  }
}

void LlmServer::admit_waiting() {
  occupancy_.advance(engine_->now());
  while (!queue_.empty() && batch_.size() < options_.max_batch) {
    Generation& generation = *queue_.front();
    queue_.pop_front();
    generation.stage_ = Generation::Stage::InBatch;
    generation.admitted_ = engine_->now();
    occupancy_.charge(generation.result_.causes, DelayKind::Waiting, generation.admitted_ - generation.arrived_,
                      generation.from_, generation.request_.owner);
    generation.from_ = occupancy_.moment();
    occupancy_.enter(generation.request_.owner);
    batch_.push_back(&generation);
    phase_batch_.prefill_tokens += static_cast<double>(generation.request_.prompt_tokens);
  }
}

void LlmServer::begin_decode() {
  phase_ = Phase::Decode;
  phase_steps_ = (*std::min_element(batch_.begin(), batch_.end(), [](const Generation* a, const Generation* b) {
                   return a->num_remaining_ < b->num_remaining_;
                 }))->num_remaining_;
  alarm_.set(phase_began_ + model_->decode_time(phase_batch_, phase_steps_));
}

serving::StepBatch LlmServer::decode_batch() const {
  serving::StepBatch batch;
  for (const Generation* generation : batch_) {
    batch.num_decodes += 1.0;
    batch.context_tokens += static_cast<double>(generation->context_);
  }
  return batch;
}

void LlmServer::note_waiting() {
  const Seconds now = engine_->now();
  waiting_time_ += (now - noted_at_) * static_cast<double>(queue_.size());
  noted_at_ = now;
}

}  // namespace labtwin::service
