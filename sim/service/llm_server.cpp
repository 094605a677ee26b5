#include "sim/service/llm_server.hpp"

#include <algorithm>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin::service {
namespace {

// Tokens are counted in 32 bits behind this.
constexpr std::uint64_t kMostTokens = 1ULL << 30U;

serving::StepRun decode_alone(const serving::StepTimeModel& model) {
  return serving::step_run(model, {.num_tokens = 1.0, .num_sampled = 1.0, .num_decodes = 1.0});
}

serving::InferenceRequest request_of(const GenerationRequest& request, std::uint64_t id) {
  return {.id = id,
          .prompt_tokens = static_cast<std::uint32_t>(request.prompt_tokens),
          .output_tokens = static_cast<std::uint32_t>(request.output_tokens),
          .prefix = request.prefix,
          .prefix_tokens = static_cast<std::uint32_t>(std::min(request.prefix_tokens, request.prompt_tokens)),
          .conversation = request.conversation,
          .texts = request.texts};
}

}  // namespace

Generation::Generation(LlmServer& server, const GenerationRequest& request)
    : Resumption(server.engine_->queue()), server_(&server), request_(request) {
  result_.card = server.resource();
}

Generation::~Generation() {
  if (stage_ != Stage::Gone) server_->leave(*this);
}

void Generation::await_suspend(std::coroutine_handle<> process) {
  resumes(process);
  server_->arrive(*this);
}

LlmServer::LlmServer(Engine& engine, GpuCard& card, std::unique_ptr<serving::InferenceEngine> scheduler,
                     std::unique_ptr<const serving::StepTimeModel> model, const LlmServerOptions& options)
    : engine_(&engine),
      card_(&card),
      scheduler_(std::move(scheduler)),
      model_(std::move(model)),
      options_(options),
      burst_(card,
             [this] {
               finish_phase();
               begin_phase();
             }),
      alone_(decode_alone(*model_)) {
  LABTWIN_CHECK(options.longest_request > 0, "a server without a context");
}

Seconds LlmServer::waiting_time() {
  note_waiting();
  return waiting_time_;
}

void LlmServer::resume() {
  note_waiting();
  is_paused_ = false;
  for (Generation* generation : std::exchange(outside_, {})) enter(*generation);
}

void LlmServer::arrive(Generation& generation) {
  note_waiting();
  GenerationRequest& request = generation.request_;
  generation.arrived_ = engine_->now();
  const std::size_t num_waiting = outside_.size() + scheduler_->num_waiting();
  const bool has_room = !is_paused_ && scheduler_->has_room();
  const bool queue_is_full = options_.queue_limit && num_waiting >= *options_.queue_limit && !has_room;
  if (queue_is_full || request.prompt_tokens >= std::min(options_.longest_request, kMostTokens)) return refuse(generation);
  request.output_tokens = std::min(request.output_tokens, options_.longest_request - request.prompt_tokens);
  card_->occupancy().advance(engine_->now());
  generation.from_ = card_->occupancy().moment();
  if (!is_paused_) return enter(generation);
  generation.stage_ = Generation::Stage::Outside;
  outside_.push_back(&generation);
  tell();
}

void LlmServer::enter(Generation& generation) {
  const bool can_join = scheduler_->has_room();
  generation.id_ = next_id_++;
  if (!scheduler_->submit(request_of(generation.request_, generation.id_))) return refuse(generation);
  generation.stage_ = Generation::Stage::Queued;
  present_.emplace(generation.id_, &generation);
  if (!burst_.is_active()) {
    begin_phase();
  } else if (can_join) {
    cut_short();
  }
}

void LlmServer::tell() {
  if (on_change_) on_change_();
}

void LlmServer::refuse(Generation& generation) {
  generation.result_.outcome = Outcome::Rejected;
  generation.stage_ = Generation::Stage::Gone;
  engine_->queue().push_ready(generation);
}

void LlmServer::leave(Generation& generation) {
  note_waiting();
  if (generation.stage_ == Generation::Stage::Outside) {
    std::erase(outside_, &generation);
  } else {
    // The step that runs was planned with it and takes its time; the next one is without it.
    scheduler_->cancel(generation.id_);
    present_.erase(generation.id_);
    if (burst_.is_active()) cut_short();
  }
  if (generation.stage_ == Generation::Stage::InBatch) {
    card_->occupancy().advance(engine_->now());
    card_->occupancy().leave(generation.request_.owner);
  }
  generation.stage_ = Generation::Stage::Gone;
}

void LlmServer::cut_short() {
  if (run_steps_ == 1) return;
  run_steps_ = std::min(run_steps_, run_.steps_within(alone_done(), run_steps_) + 1);
  resize(run_.time(run_steps_));
}

void LlmServer::cross(Bus& bus, std::vector<topology::LaneUse> lanes, OwnerId owner) {
  links_ = std::make_unique<StepLinks>(*engine_, bus, std::move(lanes), owner, [this] { stretch_changed(); });
}

void LlmServer::deal(serving::Routing policy, std::span<LlmServer* const> others) {
  router_ = serving::Router(policy);
  copies_ = {this};
  copies_.insert(copies_.end(), others.begin(), others.end());
}

LlmServer& LlmServer::chosen(const GenerationRequest& request) {
  const bool asks_caches = router_.policy() == serving::Routing::CacheAware;
  states_.clear();
  for (const LlmServer* copy : copies_) {
    states_.push_back({.num_present = copy->num_present(),
                       .cached_tokens = asks_caches ? copy->scheduler_->num_kept(request_of(request, 0)) : 0,
                       .is_ready = !copy->is_paused_});
  }
  const std::uint64_t session = request.session != 0 ? request.session : request.conversation;
  return *copies_[router_.choose(states_, {.session = session, .prompt_tokens = request.prompt_tokens})];
}

// Of the stretch under way what it would have taken alone.
Seconds LlmServer::alone_done() const {
  return links_ ? alone_before_ + (burst_.done() - done_before_) / stretch_ : burst_.done();
}

void LlmServer::resize(Seconds alone) {
  burst_.resize(links_ ? done_before_ + (alone - alone_before_) * stretch_ : alone);
}

void LlmServer::stretch_changed() {
  if (!burst_.is_active()) return;
  alone_before_ = alone_done();
  done_before_ = burst_.done();
  stretch_ = links_->stretch();
  resize(run_.time(run_steps_));
}

void LlmServer::begin_phase() {
  note_waiting();
  const auto step = scheduler_->schedule();
  if (step.empty()) {
    if (links_) links_->end();
    return tell();
  }
  for (const serving::StepPart& part : step) {
    if (part.is_decode) continue;
    if (const auto found = present_.find(part.request); found != present_.end()) take_in(*found->second, part);
  }
  const serving::OperatorBatch batch = serving::operator_batch(step);
  run_ = serving::step_run(*model_, batch);
  run_steps_ = scheduler_->num_alike();
  run_began_ = engine_->now();
  const Seconds alone = run_.time(run_steps_);
  if (!links_) return burst_.start(alone);
  links_->begin(model_->traffic(batch), alone / static_cast<double>(run_steps_));
  alone_before_ = done_before_ = {};
  stretch_ = links_->stretch();
  burst_.start(alone * stretch_);
}

void LlmServer::take_in(Generation& generation, const serving::StepPart& part) {
  if (generation.stage_ == Generation::Stage::Queued) {
    Occupancy& occupancy = card_->occupancy();
    occupancy.advance(engine_->now());
    generation.stage_ = Generation::Stage::InBatch;
    generation.admitted_ = engine_->now();
    generation.result_.prompt = {.total = generation.request_.prompt_tokens, .prefix_hits = part.num_computed};
    occupancy.charge(generation.result_.causes, DelayKind::Waiting, generation.admitted_ - generation.arrived_,
                     generation.from_, generation.request_.owner);
    generation.from_ = occupancy.moment();
    if (links_) generation.links_from_ = links_->moment();
    occupancy.enter(generation.request_.owner);
  }
  // What is computed again after a preemption is nothing that it would take alone.
  if (!generation.has_first_token_) generation.alone_ += model_->step_time(serving::operator_batch({&part, 1}));
}

void LlmServer::finish_phase() {
  num_steps_ += run_steps_;
  for (const serving::TokenEvent& token : scheduler_->complete(run_steps_)) {
    const auto found = present_.find(token.request);
    if (found == present_.end()) continue;
    note_token(*found->second, token.is_first);
    if (token.is_last) complete(*found->second);
  }
}

// The steps of a run are stretched alike by whoever shares card or links with it.
void LlmServer::note_token(Generation& generation, bool is_first) {
  const Seconds now = engine_->now();
  if (is_first) {
    generation.has_first_token_ = true;
    generation.result_.time_to_first_token = now - generation.arrived_;
  } else {
    const Seconds elapsed = now - run_began_;
    const Seconds first_step = run_steps_ > 1 ? run_.first * (elapsed / run_.time(run_steps_)) : elapsed;
    generation.result_.gaps.add(1, run_began_ + first_step - generation.last_token_);
    add_run(generation.result_.gaps, run_, run_steps_, elapsed);
  }
  generation.last_token_ = now;
}

Seconds LlmServer::decoding_alone(const Generation& generation) const {
  const std::uint64_t prompt = generation.request_.prompt_tokens;
  return alone_.time(prompt + generation.request_.output_tokens) - alone_.time(prompt + 1);
}

void LlmServer::complete(Generation& generation) {
  const Seconds now = engine_->now();
  const OwnerId owner = generation.request_.owner;
  Occupancy& occupancy = card_->occupancy();
  occupancy.advance(now);
  occupancy.leave(owner);
  const Seconds in_batch = now - generation.admitted_;
  const Seconds service = std::min(in_batch, generation.alone_ + decoding_alone(generation));
  Seconds slowdown = in_batch - service;
  if (links_) slowdown -= links_->charge(generation.links_from_, slowdown, generation.result_.links);
  occupancy.charge(generation.result_.causes, DelayKind::Slowdown, slowdown, generation.from_, owner, in_batch.value());
  generation.result_.causes.push_back({DelayKind::Service, owner, service});
  generation.result_.num_tokens = generation.request_.output_tokens;
  present_.erase(generation.id_);
  generation.stage_ = Generation::Stage::Gone;
  engine_->queue().push_ready(generation);
}

void LlmServer::note_waiting() {
  const Seconds now = engine_->now();
  waiting_time_ += (now - noted_at_) * static_cast<double>(outside_.size() + scheduler_->num_waiting());
  noted_at_ = now;
}

}  // namespace labtwin::service
