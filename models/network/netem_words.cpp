#include "models/network/netem_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "models/base/text.hpp"

namespace labtwin::network {
namespace {

constexpr std::array<std::string_view, 11> kWords = {"limit",   "delay", "distribution", "loss", "duplicate", "corrupt",
                                                     "reorder", "gap",   "rate",         "ecn",  "seed"};

/// What words give that only count together.
struct Reordering {
  double share = 0.0;
  std::int64_t gap = 0;
};

/// How often the kernel's correlated variate stays below a share: it averages each draw with the one before, so that small
/// shares hardly ever come up.
/// Law:    x = (1 - r) u + r x', u uniform; the distribution that this keeps, by iteration on a grid.
/// Inputs: share and correlation r, 0 to 1.
/// Valid:  single packets; that those which are hit come in runs is left out.
/// Source: net/sched/sch_netem.c, get_crandom; tc-netem(8) calls it deprecated.
/// Error:  the share within 1 %, or 1e-7, of the limit.
double correlated_share(double share, double correlation) {
  constexpr std::size_t kCells = 2000;
  constexpr int kIterations = 60;
  if (correlation <= 0.0 || correlation >= 1.0 || share <= 0.0 || share >= 1.0) return share;
  // Integral of the distribution function up to i cells; the uniform one to begin with.
  std::vector<double> below(kCells + 1);
  for (std::size_t i = 0; i <= kCells; ++i) below[i] = static_cast<double>(i) / kCells;
  const auto at = [](const std::vector<double>& values, double x) {
    const double cell = std::clamp(x, 0.0, 1.0) * kCells;
    const std::size_t low = std::min(static_cast<std::size_t>(cell), kCells - 1);
    return values[low] + (cell - static_cast<double>(low)) * (values[low + 1] - values[low]);
  };
  std::vector<double> integral(kCells + 1);
  const auto area = [&](double x) { return at(integral, x) + std::max(x - 1.0, 0.0); };
  for (int step = 0; step < kIterations; ++step) {
    for (std::size_t i = 1; i <= kCells; ++i) integral[i] = integral[i - 1] + (below[i] + below[i - 1]) / (2.0 * kCells);
    for (std::size_t i = 0; i <= kCells; ++i) {
      const double x = static_cast<double>(i) / kCells;
      const double from = std::max((x - (1.0 - correlation)) / correlation, 0.0);
      below[i] = (area(x / correlation) - area(from)) * correlation / (1.0 - correlation);
    }
  }
  return std::clamp(at(below, share), 0.0, 1.0);
}

double take_correlated_share(TcWords& words, const std::string& key, Netem& netem) {
  const double share = words.take_share(key);
  if (!words.next_is_number()) return share;
  const double correlation = words.take_share(fmt::format("{} correlation", key));
  const double kept = correlated_share(share, correlation);
  constexpr double kNoticed = 0.9;
  if (kept < kNoticed * share) {
    netem.caveats.push_back(
        fmt::format("netem's `{} {:g}% {:g}%` hits {:.2g} % of the packets, for it averages each variate with the one before{}",
                    key, share * 100.0, correlation * 100.0, kept * 100.0,
                    key == "loss" ? ": `loss gemodel` loses in bursts what it says" : ""));
  }
  return kept;
}

void read_delay(TcWords& words, Netem& netem) {
  netem.delay = words.take_time("delay");
  if (!words.next_is_number()) return;
  netem.jitter = words.take_time("delay jitter");
  if (!words.next_is_number()) return;
  if (words.take_share("delay correlation") > 0.0) {
    netem.caveats.emplace_back(
        "the correlation of netem's delay changes nothing: the kernel takes its variate modulo the size of a table");
  }
}

void read_distribution(TcWords& words, Netem& netem) {
  static constexpr std::array<std::pair<std::string_view, DelayShape>, 4> kShapes{{{"uniform", DelayShape::Uniform},
                                                                                   {"normal", DelayShape::Normal},
                                                                                   {"pareto", DelayShape::Pareto},
                                                                                   {"paretonormal", DelayShape::ParetoNormal}}};
  const std::string name = words.take("distribution");
  const auto shape = std::find_if(kShapes.begin(), kShapes.end(), [&](const auto& known) { return known.first == name; });
  if (shape == kShapes.end()) words.fail("distribution", name, "is not simulated: uniform, normal, pareto or paretonormal are");
  netem.shape = shape->second;
}

void read_gemodel(TcWords& words, Netem& netem) {
  netem.loss = {.p = words.take_share("loss gemodel"), .r = 1.0, .bad_loss = 1.0, .good_loss = 0.0};
  netem.loss.r = words.next_is_number() ? words.take_share("loss gemodel r") : 1.0 - netem.loss.p;
  if (words.next_is_number()) netem.loss.bad_loss = words.take_share("loss gemodel 1-h");
  if (words.next_is_number()) netem.loss.good_loss = words.take_share("loss gemodel 1-k");
}

void read_states(TcWords& words, Netem& netem) {
  FourStateLoss chain;
  chain.p13 = words.take_share("loss state p13");
  chain.p31 = words.next_is_number() ? words.take_share("loss state p31") : 1.0 - chain.p13;
  if (words.next_is_number()) chain.p32 = words.take_share("loss state p32");
  if (words.next_is_number()) chain.p23 = words.take_share("loss state p23");
  if (words.next_is_number()) chain.p14 = words.take_share("loss state p14");
  if (chain.p13 + chain.p14 > 1.0 || chain.p31 + chain.p32 > 1.0)
    words.fail("loss state", {}, "must leave a state with at most 100 %: p13 + p14 and p31 + p32");
  if (chain.p31 <= 0.0 || (chain.p32 > 0.0 && chain.p23 <= 0.0))
    words.fail("loss state", {}, "must leave a burst: p31, and p23 beside p32, must be above 0 %");
  netem.loss = {};
  netem.loss.states = chain;
}

void read_loss(TcWords& words, Netem& netem) {
  if (words.take_if("gemodel")) return read_gemodel(words, netem);
  if (words.take_if("state")) return read_states(words, netem);
  words.take_if("random");
  netem.loss = LossModel::random(take_correlated_share(words, "loss", netem));
}

void read_rate(TcWords& words, Netem& netem) {
  netem.rate = words.take_rate("rate");
  const auto take_bytes = [&](const char* key) { return static_cast<double>(words.take_count(key, -1000)); };
  if (words.next_is_number()) netem.framing.per_packet += take_bytes("rate packetoverhead");
  if (words.next_is_number()) netem.framing.cell = static_cast<double>(words.take_count("rate cellsize", 0));
  if (words.next_is_number()) netem.framing.per_cell = take_bytes("rate celloverhead");
  if (netem.framing.cell > 0.0 && netem.framing.cell + netem.framing.per_cell <= 0.0)
    words.fail("rate celloverhead", {}, "must leave something of a cell");
}

void read_word(TcWords& words, Netem& netem, Reordering& reordering) {
  const std::string word = words.take("netem");
  if (word == "delay" || word == "latency") return read_delay(words, netem);
  if (word == "loss" || word == "drop") return read_loss(words, netem);
  if (word == "distribution") return read_distribution(words, netem);
  if (word == "rate") return read_rate(words, netem);
  if (word == "duplicate") {
    netem.duplicate = take_correlated_share(words, word, netem);
  } else if (word == "corrupt") {
    netem.corrupt = take_correlated_share(words, word, netem);
  } else if (word == "reorder") {
    reordering.share = take_correlated_share(words, word, netem);
  } else if (word == "gap") {
    reordering.gap = words.take_count(word, 1);
  } else if (word == "limit") {
    netem.limit_packets = words.take_count(word, 1);
  } else if (word == "seed") {
    static_cast<void>(words.take(word));
  } else if (word != "ecn") {
    // ecn marks packets of connections that negotiated it, which Linux does only if the other end asks (tcp_ecn = 2).
    const std::vector<std::string> known(kWords.begin(), kWords.end());
    words.fail("netem", word, fmt::format("is no word of netem that is simulated: {}", join_names(known)),
               nearest_name_hint(word, known));
  }
}

}  // namespace

// Of the packets after one that left at once, gap - 1 are delayed in any case; then each has its chance.
void read_netem_words(TcWords& words, Netem& netem) {
  constexpr std::int64_t kDefaultLimit = 1000;
  netem.limit_packets = kDefaultLimit;
  Reordering reordering;
  while (!words.done()) read_word(words, netem, reordering);
  if (reordering.gap > 0 && reordering.share == 0.0) words.fail("gap", {}, "needs `reorder`: how many of the packets overtake");
  if (reordering.share == 0.0) return;
  if (netem.delay == Seconds{}) words.fail("reorder", {}, "needs a delay: packets overtake by skipping it");
  const double in_any_case = static_cast<double>(std::max<std::int64_t>(reordering.gap, 1) - 1);
  netem.reorder = 1.0 / (in_any_case + 1.0 / reordering.share);
}

}  // namespace labtwin::network
