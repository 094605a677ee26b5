#include "models/calibration/sustained_write_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace labtwin::calibration {
namespace {

using namespace labtwin::literals;

// How far the law itself is off, as standard deviations of logarithms: of the level of a rate by what is going on, and of the
// spare, which moves the cliff. From runs left out of the fit: skewed writes reach 0.9 of the rate of uniform ones before any
// cleaning.
constexpr double kSequentialDiscrepancy = 0.02;
constexpr double kRandomDiscrepancy = 0.08;
constexpr double kCleaningDiscrepancy = 0.04;
constexpr double kSpareDiscrepancy = 0.08;
constexpr double kNoise = 0.03;

// How far the law is off by where a cliff lies, besides the spare.
constexpr double kCliffDiscrepancy = 0.06;

// Bytes per second of a million writes of 4 KiB: what controllers get through.
constexpr double kMostRandomWrites = 4.1e9;

// The spares that are tried first, and the steps of the search between the best and its neighbours.
constexpr int kNumTriedSpares = 9;
constexpr int kNumSearchSteps = 8;
constexpr double kSmallestSpare = 0.03;
constexpr double kLargestSpare = 2.0;

/// Drives of a generation of PCIe.
struct Generation {
  double rate = 0.0;  // bytes per second of sequential writes to 894 GiB of flash
  double link = 0.0;  // bytes per second of four lanes
  double sigma = 0.25;
};

Generation generation_of(std::string_view interface) {
  if (interface.find("PCIe 3") != std::string_view::npos) return {.rate = 0.65e9, .link = 3.5e9};
  if (interface.find("PCIe 4") != std::string_view::npos) return {.rate = 1.6e9, .link = 7.0e9};
  if (interface.find("PCIe 5") != std::string_view::npos) return {.rate = 3.0e9, .link = 14.0e9};
  return {.rate = 1.6e9, .link = 7.0e9, .sigma = 0.4};
}

/// Amount copied by the end of every window.
std::vector<double> copied_by(const WriteRun& run, double spare) {
  std::vector<double> copied(run.written.size(), 0.0);
  if (!run.pattern.overwrites(run.initial)) return copied;
  storage::FlashLog log(std::clamp(spare, kSmallestSpare, kLargestSpare), run.pattern.classes, run.initial);
  double written = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < run.written.size();) {
    const double more = log.advance();
    for (; i < run.written.size() && run.written[i] <= written + log.step(); ++i) {
      copied[i] = total + more * (run.written[i] - written) / log.step();
    }
    written += log.step();
    total += more;
  }
  return copied;
}

/// Logarithm of the mean rate of a window.
double log_rate(const WriteRun& run, const std::vector<double>& copied, std::size_t window, std::span<const double> log) {
  if (run.pattern.order == WritePattern::Order::Sequential) return log[FlashBelief::Sequential];
  const double from = window == 0 ? 0.0 : run.written[window - 1];
  const double written = run.written[window] - from;
  const double copies = copied[window] - (window == 0 ? 0.0 : copied[window - 1]);
  return log[FlashBelief::Random] - std::log1p(std::exp(log[FlashBelief::CopyCost]) * copies / written);
}

double level_discrepancy(const WriteRun& run, const std::vector<double>& copied, std::size_t window) {
  if (run.pattern.order == WritePattern::Order::Sequential) return kSequentialDiscrepancy;
  return copied[window] > 0.0 ? kCleaningDiscrepancy : kRandomDiscrepancy;
}

WritePhases phases_of(const WriteRun& run, const std::vector<double>& copied, std::span<const double> log) {
  std::vector<BytesPerSecond> rates;
  for (std::size_t i = 0; i < run.written.size(); ++i) {
    rates.push_back(BytesPerSecond::from_base(std::exp(log_rate(run, copied, i, log))));
  }
  return write_phases(run.written, rates);
}

std::array<double, FlashBelief::kNumParameters> means(const FlashBelief& belief) {
  std::array<double, FlashBelief::kNumParameters> log{};
  for (std::size_t p = 0; p < log.size(); ++p) log[p] = belief.log[p].mean;
  return log;
}

/// Fits with the spare given, and finds the spare. Copies depend on the spare alone and are worked out once for each.
class FlashFit {
 public:
  FlashFit(std::span<const WriteRun> runs, std::span<const WriteObservation> observations, const FlashBelief& prior)
      : runs_(runs), observations_(observations), prior_(prior) {
    for (const WriteObservation& o : observations) log_rates_.push_back(std::log(o.rate.value()));
  }

  FlashBelief best() {
    const Prior& spare = prior_.log[FlashBelief::Spare];
    const double reach = 2.5 * spare.sigma;
    const double step = 2.0 * reach / (kNumTriedSpares - 1);
    double centre = spare.mean;
    double lowest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < kNumTriedSpares; ++i) {
      const double tried = spare.mean - reach + step * i;
      if (cost(tried) >= lowest) continue;
      lowest = cost(tried);
      centre = tried;
    }
    double width = step / 2.0;
    for (int i = 0; i < kNumSearchSteps; ++i, width /= 2.0) {
      for (const double tried : {centre - width, centre + width}) {
        if (cost(tried) < lowest) {
          lowest = cost(tried);
          centre = tried;
        }
      }
    }
    return belief_at(centre);
  }

 private:
  const LeastSquaresFit& at(double log_spare) {
    const auto found = fits_.find(log_spare);
    if (found != fits_.end()) return found->second;
    std::vector<std::vector<double>> copied;
    for (const WriteRun& run : runs_) copied.push_back(copied_by(run, std::exp(log_spare)));
    const std::array<Prior, 3> priors = {prior_.log[FlashBelief::Sequential], prior_.log[FlashBelief::Random],
                                         prior_.log[FlashBelief::CopyCost]};
    const LeastSquaresProblem problem{.predict =
                                          [&](std::span<const double> p, std::span<double> out) {
                                            const std::array<double, 4> log = {p[0], p[1], log_spare, p[2]};
                                            for (std::size_t i = 0; i < observations_.size(); ++i) {
                                              const WriteObservation& o = observations_[i];
                                              out[i] = log_rate(runs_[o.run], copied[o.run], o.window, log);
                                            }
                                          },
                                      .observations = log_rates_,
                                      .noise_sigma = kNoise,
                                      .priors = priors};
    const std::vector<double> start = {priors[0].mean, priors[1].mean, priors[2].mean};
    return fits_.emplace(log_spare, fit_least_squares(problem, std::span<const double>(start))).first->second;
  }

  double cost(double log_spare) {
    const Prior& prior = prior_.log[FlashBelief::Spare];
    const double z = (log_spare - prior.mean) / prior.sigma;
    return at(log_spare).cost + 0.5 * z * z;
  }

  // The spread of the spare from the curvature of the cost; no narrower than the search resolves.
  FlashBelief belief_at(double log_spare) {
    const double h = 0.04;
    const double curvature = (cost(log_spare - h) - 2.0 * cost(log_spare) + cost(log_spare + h)) / (h * h);
    const double prior_sigma = prior_.log[FlashBelief::Spare].sigma;
    const double sigma = curvature > 0.0 ? std::clamp(1.0 / std::sqrt(curvature), 0.005, prior_sigma) : prior_sigma;
    const LeastSquaresFit& fit = at(log_spare);
    FlashBelief belief;
    belief.log[FlashBelief::Sequential] = {fit.parameters[0], std::sqrt(fit.variance(0))};
    belief.log[FlashBelief::Random] = {fit.parameters[1], std::sqrt(fit.variance(1))};
    belief.log[FlashBelief::Spare] = {log_spare, sigma};
    belief.log[FlashBelief::CopyCost] = {fit.parameters[2], std::sqrt(fit.variance(2))};
    return belief;
  }

  std::span<const WriteRun> runs_;
  std::span<const WriteObservation> observations_;
  const FlashBelief& prior_;
  std::vector<double> log_rates_;
  std::map<double, LeastSquaresFit> fits_;
};

}  // namespace

storage::FlashParameters FlashBelief::mean() const {
  return {.sequential = BytesPerSecond::from_base(std::exp(log[Sequential].mean)),
          .random = BytesPerSecond::from_base(std::exp(log[Random].mean)),
          .spare = std::exp(log[Spare].mean),
          .copy_cost = std::exp(log[CopyCost].mean)};
}

FlashBelief flash_prior(Bytes capacity, std::string_view interface) {
  const double gib = capacity / 1_GiB;
  const double raw = std::exp2(std::ceil(std::log2(gib) - 1e-6));
  const Generation generation = generation_of(interface);
  const double sequential = std::min(generation.rate * std::pow(gib / 894.0, 0.6), 0.6 * generation.link);
  FlashBelief belief;
  belief.log[FlashBelief::Sequential] = {std::log(sequential), generation.sigma};
  belief.log[FlashBelief::Random] = {std::log(std::min(0.88 * sequential, kMostRandomWrites)), generation.sigma};
  belief.log[FlashBelief::Spare] = {std::log(raw / gib - 1.0 + 0.04), 0.2};
  belief.log[FlashBelief::CopyCost] = {0.05, 0.15};
  return belief;
}

std::vector<WriteRate> predict_run(const WriteRun& run, const FlashBelief& belief) {
  const auto log = means(belief);
  const double spare_sigma = std::hypot(belief.log[FlashBelief::Spare].sigma, kSpareDiscrepancy);
  const double log_spare = log[FlashBelief::Spare];
  const std::vector<double> copied = copied_by(run, std::exp(log_spare));
  const std::vector<double> copied_less = copied_by(run, std::exp(log_spare - spare_sigma));
  const std::vector<double> copied_more = copied_by(run, std::exp(log_spare + spare_sigma));
  std::vector<WriteRate> rates;
  for (std::size_t i = 0; i < run.written.size(); ++i) {
    const double value = log_rate(run, copied, i, log);
    const double level = level_discrepancy(run, copied, i);
    double variance = level * level;
    const double by_spare = 0.5 * (log_rate(run, copied_more, i, log) - log_rate(run, copied_less, i, log));
    variance += by_spare * by_spare;
    for (const auto p : {FlashBelief::Sequential, FlashBelief::Random, FlashBelief::CopyCost}) {
      auto moved = log;
      moved[p] += belief.log[p].sigma;
      const double change = log_rate(run, copied, i, moved) - value;
      variance += change * change;
    }
    rates.push_back({BytesPerSecond::from_base(std::exp(value)), std::sqrt(variance)});
  }
  return rates;
}

PhasesOfRun predict_phases(const WriteRun& run, const FlashBelief& belief) {
  const auto log = means(belief);
  const double spare_sigma = std::hypot(belief.log[FlashBelief::Spare].sigma, kSpareDiscrepancy);
  const auto with_spare = [&](double log_spare) { return phases_of(run, copied_by(run, std::exp(log_spare)), log); };
  const std::vector<WriteRate> rates = predict_run(run, belief);
  PhasesOfRun result{.phases = with_spare(log[FlashBelief::Spare]),
                     .fast_sigma = rates.front().log_sigma,
                     .after_sigma = rates.back().log_sigma};
  const auto less = with_spare(log[FlashBelief::Spare] - spare_sigma).cliff;
  const auto more = with_spare(log[FlashBelief::Spare] + spare_sigma).cliff;
  if (!result.phases.cliff) return result;
  // A cliff inside a window may lie anywhere in it: the standard deviation of that is the width over the root of 12.
  const auto window = std::lower_bound(run.written.begin(), run.written.end(), *result.phases.cliff);
  const double begin = window == run.written.begin() ? 0.0 : *(window - 1);
  const double by_window = (*window - begin) / std::sqrt(12.0) / *result.phases.cliff;
  const double by_spare = less && more ? 0.5 * std::log(*more / *less) : spare_sigma;
  result.cliff_sigma = std::hypot(by_spare, by_window, kCliffDiscrepancy);
  return result;
}

FlashBelief fit_flash(std::span<const WriteRun> runs, std::span<const WriteObservation> observations,
                      const FlashBelief& prior) {
  return FlashFit(runs, observations, prior).best();
}

}  // namespace labtwin::calibration
