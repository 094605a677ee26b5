#include "models/network/loss.hpp"

#include <cmath>

namespace labtwin::network {

double LossModel::mean() const noexcept {
  if (p <= 0.0) return good_loss;
  const double bad = p / (p + r);
  return bad * bad_loss + (1.0 - bad) * good_loss;
}

LossModel both(const LossModel& first, const LossModel& second) noexcept {
  const bool is_second_bursty = first.p <= 0.0 && second.p > 0.0;
  LossModel model = is_second_bursty ? second : first;
  const double other = is_second_bursty ? first.mean() : second.mean();
  model.good_loss = 1.0 - (1.0 - model.good_loss) * (1.0 - other);
  model.bad_loss = 1.0 - (1.0 - model.bad_loss) * (1.0 - other);
  return model;
}

LossProcess::LossProcess(const LossModel& model, Variates variates) : model_(model), variates_(variates) {
  if (model_.p <= 0.0) draw_run();
}

void LossProcess::change(const LossModel& model) noexcept {
  model_ = model;
  is_bad_ = false;
  if (model_.p <= 0.0) draw_run();
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

bool LossProcess::lose() noexcept {
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
