#include "models/network/loss.hpp"

#include <cmath>

namespace labtwin::network {

// The stationary shares: what flows into a state flows out of it.
double FourStateLoss::mean() const noexcept {
  const double lost_in_burst = p13 / p31;
  const double received_in_burst = p32 > 0.0 ? lost_in_burst * p32 / p23 : 0.0;
  const double lost = lost_in_burst + p14;
  return lost / (1.0 + received_in_burst + lost);
}

double LossModel::mean() const noexcept {
  if (states) return 1.0 - (1.0 - states->mean()) * (1.0 - good_loss);
  if (p <= 0.0) return good_loss;
  const double bad = p / (p + r);
  return bad * bad_loss + (1.0 - bad) * good_loss;
}

LossModel both(const LossModel& first, const LossModel& second) noexcept {
  const bool is_second_bursty = !first.is_bursty() && second.is_bursty();
  LossModel model = is_second_bursty ? second : first;
  const double other = is_second_bursty ? first.mean() : second.mean();
  model.good_loss = 1.0 - (1.0 - model.good_loss) * (1.0 - other);
  model.bad_loss = 1.0 - (1.0 - model.bad_loss) * (1.0 - other);
  return model;
}

LossProcess::LossProcess(const LossModel& model, Variates variates) : model_(model), variates_(variates) {
  if (!model_.is_bursty()) draw_run();
}

void LossProcess::change(const LossModel& model) noexcept {
  model_ = model;
  is_bad_ = false;
  state_ = State::Gap;
  if (!model_.is_bursty()) draw_run();
}

void LossProcess::draw_run() noexcept {
  constexpr double kLongest = 1e15;
  if (model_.good_loss >= 1.0) {
    run_ = 0;
    return;
  }
  const double run = model_.good_loss <= 0.0 ? kLongest : std::log(variates_.next()) / std::log1p(-model_.good_loss);
  run_ = static_cast<std::int64_t>(std::min(run, kLongest));
}

bool LossProcess::lose_by_states() noexcept {
  const FourStateLoss& chain = *model_.states;
  const double u = variates_.next();
  switch (state_) {
    case State::Gap:
      if (u < chain.p14) {
        state_ = State::LostAlone;
      } else if (u < chain.p14 + chain.p13) {
        state_ = State::LostInBurst;
      }
      break;
    case State::ReceivedInBurst:
      if (u < chain.p23) state_ = State::LostInBurst;
      break;
    case State::LostInBurst:
      if (u < chain.p32) {
        state_ = State::ReceivedInBurst;
      } else if (u < chain.p32 + chain.p31) {
        state_ = State::Gap;
      }
      break;
    case State::LostAlone:
      state_ = State::Gap;
      break;
  }
  if (state_ == State::LostInBurst || state_ == State::LostAlone) return true;
  return model_.good_loss > 0.0 && variates_.next() < model_.good_loss;
}

bool LossProcess::lose() noexcept {
  if (model_.states) return lose_by_states();
  if (model_.p <= 0.0) {
    if (run_-- > 0) return false;
    draw_run();
    return true;
  }
  const double u = variates_.next();
  if (is_bad_ ? u < model_.r : u < model_.p) is_bad_ = !is_bad_;
  return variates_.next() < (is_bad_ ? model_.bad_loss : model_.good_loss);
}

}  // namespace labtwin::network
