#include "models/network/netem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <sstream>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/base/text.hpp"

namespace labtwin::network {
namespace {

constexpr std::array<std::string_view, 10> kWords = {"limit",   "delay",   "distribution", "loss", "duplicate",
                                                     "corrupt", "reorder", "gap",          "rate", "seed"};

// What a full packet counts against `limit`.
constexpr double kFullPacketBytes = 1514.0;

// Words of a command, one after another.
class Words {
 public:
  explicit Words(std::string_view command) : command_(command) {
    std::istringstream stream{std::string(command)};
    for (std::string word; stream >> word;) words_.push_back(word);
  }

  [[nodiscard]] bool done() const { return at_ == words_.size(); }
  [[nodiscard]] std::string_view peek() const { return done() ? std::string_view() : std::string_view(words_[at_]); }
  std::string take(std::string_view what) {
    if (done()) fail(what, {}, fmt::format("`{}` must be followed by a value", what));
    return words_[at_++];
  }
  void skip_through(std::string_view word) {
    const auto found = std::find(words_.begin(), words_.end(), word);
    if (found != words_.end()) at_ = static_cast<std::size_t>(found - words_.begin()) + 1;
  }
  [[nodiscard]] std::string after(std::string_view word) const {
    const auto found = std::find(words_.begin(), words_.end(), word);
    return found == words_.end() || found + 1 == words_.end() ? std::string() : *(found + 1);
  }
  [[nodiscard]] bool next_is_number() const {
    return !done() &&
           (std::isdigit(static_cast<unsigned char>(peek().front())) != 0 || peek().front() == '-' || peek().front() == '.');
  }

  [[noreturn]] void fail(std::string_view key, std::string_view value, std::string rule, std::string hint = {}) const {
    throw ConfigError({.place = {fmt::format("netem `{}`", printable(command_)), 0, 0},
                       .key = std::string(key),
                       .value = printable(value),
                       .rule = std::move(rule),
                       .hint = std::move(hint)});
  }

 private:
  std::string_view command_;
  std::vector<std::string> words_;
  std::size_t at_ = 0;
};

struct Number {
  double value = 0.0;
  std::string unit;
};

Number take_number(Words& words, std::string_view key) {
  const std::string word = words.take(key);
  Number number;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number.value);
  if (error != std::errc()) words.fail(key, word, "must be a number with a unit");
  number.unit = std::string(end, word.data() + word.size());
  return number;
}

double take_share(Words& words, std::string_view key) {
  const Number number = take_number(words, key);
  if (number.unit != "%" && !number.unit.empty()) words.fail(key, number.unit, "must be a percentage");
  if (number.value < 0.0 || number.value > 100.0) {
    words.fail(key, fmt::format("{}%", number.value), "must lie between 0 and 100 %");
  }
  return number.value / 100.0;
}

Seconds take_time(Words& words, std::string_view key) {
  static constexpr std::array<std::pair<std::string_view, double>, 6> kUnits{
      {{"s", 1.0}, {"ms", 1e-3}, {"msecs", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"", 1e-6}}};
  const Number number = take_number(words, key);
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& known) { return known.first == number.unit; });
  if (unit == kUnits.end()) words.fail(key, number.unit, "is no unit of time: s, ms, us or ns");
  if (number.value < 0.0) words.fail(key, fmt::format("{}{}", number.value, number.unit), "must not be negative");
  return Seconds::from_base(number.value * unit->second);
}

// tc counts `bit` in bits and `bps` in bytes a second.
BytesPerSecond take_rate(Words& words, std::string_view key) {
  static constexpr std::array<std::pair<std::string_view, double>, 11> kUnits{{{"bit", 0.125},
                                                                               {"kbit", 125.0},
                                                                               {"mbit", 125e3},
                                                                               {"gbit", 125e6},
                                                                               {"tbit", 125e9},
                                                                               {"bps", 1.0},
                                                                               {"kbps", 1e3},
                                                                               {"mbps", 1e6},
                                                                               {"gbps", 1e9},
                                                                               {"tbps", 1e12},
                                                                               {"", 0.125}}};
  Number number = take_number(words, key);
  std::transform(number.unit.begin(), number.unit.end(), number.unit.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& known) { return known.first == number.unit; });
  if (unit == kUnits.end()) words.fail(key, number.unit, "is no unit of rate: bit, kbit, mbit, gbit, or bps for bytes");
  if (number.value <= 0.0) words.fail(key, fmt::format("{}{}", number.value, number.unit), "must be greater than 0");
  return BytesPerSecond::from_base(number.value * unit->second);
}

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

double take_correlated_share(Words& words, const std::string& key) {
  const double share = take_share(words, key);
  return words.next_is_number() ? correlated_share(share, take_share(words, fmt::format("{} correlation", key))) : share;
}

void read_delay(Words& words, Netem& netem) {
  netem.delay = take_time(words, "delay");
  if (!words.next_is_number()) return;
  netem.jitter = take_time(words, "delay jitter");
  if (words.next_is_number()) netem.delay_correlation = take_share(words, "delay correlation");
}

void read_gemodel(Words& words, Netem& netem) {
  netem.loss = {.p = take_share(words, "loss gemodel"), .r = 1.0, .bad_loss = 1.0, .good_loss = 0.0};
  netem.loss.r = words.next_is_number() ? take_share(words, "loss gemodel r") : 1.0 - netem.loss.p;
  if (words.next_is_number()) netem.loss.bad_loss = take_share(words, "loss gemodel 1-h");
  if (words.next_is_number()) netem.loss.good_loss = take_share(words, "loss gemodel 1-k");
}

void read_loss(Words& words, Netem& netem) {
  if (words.peek() == "gemodel") {
    static_cast<void>(words.take("loss"));
    return read_gemodel(words, netem);
  }
  if (words.peek() == "state") words.fail("loss", "state", "is not simulated: use gemodel with its two states");
  if (words.peek() == "random") static_cast<void>(words.take("loss"));
  netem.loss = LossModel::random(take_correlated_share(words, "loss"));
}

void read_word(Words& words, Netem& netem) {
  const std::string word = words.take("netem");
  if (word == "delay" || word == "latency") return read_delay(words, netem);
  if (word == "loss" || word == "drop") return read_loss(words, netem);
  if (word == "duplicate" || word == "corrupt" || word == "reorder") {
    double& share = word == "duplicate" ? netem.duplicate : word == "corrupt" ? netem.corrupt : netem.reorder;
    share = take_correlated_share(words, word);
    return;
  }
  if (word == "gap") {
    // Of every so many packets one may skip the delay.
    const double packets = take_number(words, word).value;
    if (packets < 1.0) words.fail(word, {}, "must be at least one packet");
    netem.reorder /= packets;
    return;
  }
  if (word == "distribution") {
    const std::string shape = words.take(word);
    if (shape != "normal" && shape != "uniform") words.fail(word, shape, "is not simulated: normal or uniform");
    netem.is_uniform = shape == "uniform";
  } else if (word == "rate") {
    netem.rate = take_rate(words, word);
  } else if (word == "limit") {
    netem.limit_packets = static_cast<std::int64_t>(take_number(words, word).value);
    if (netem.limit_packets <= 0) words.fail(word, {}, "must be at least one packet");
  } else if (word == "seed") {
    static_cast<void>(take_number(words, word));
  } else {
    const std::vector<std::string> known(kWords.begin(), kWords.end());
    words.fail("netem", word, fmt::format("is no word of netem that is simulated: {}", join_names(known)),
               nearest_name_hint(word, known));
  }
}

}  // namespace

Netem parse_netem(std::string_view command) {
  Words words(command);
  Netem netem;
  if (words.peek() == "tc" || words.peek() == "sudo" || words.peek() == "qdisc") {
    netem.interface = words.after("dev");
    if (netem.interface.empty()) words.fail("dev", {}, "is missing: netem acts on what leaves one interface");
    if (words.after("netem").empty()) words.fail("netem", {}, "must be followed by what it does");
    words.skip_through("netem");
  } else {
    words.skip_through("netem");
  }
  while (!words.done()) read_word(words, netem);
  if (netem.reorder > 0.0 && netem.delay == Seconds{})
    words.fail("reorder", {}, "needs a delay: packets overtake by skipping it");
  return netem;
}

Seconds Netem::deviation() const noexcept {
  constexpr double kUniformDeviation = 0.5773502691896258;  // of a uniform width from -1 to 1
  return is_uniform ? jitter * kUniformDeviation : jitter;
}

void Netem::apply(Path& path, bool to_client) const {
  path.round_trip += delay;
  path.jitter = std::max(path.jitter, deviation());
  path.at_once = std::max(path.at_once, reorder);
  path.duplicate = std::max(path.duplicate, duplicate);
  if (rate) path.rate = std::min(path.rate, *rate);
  LossModel& direction = to_client ? path.to_client : path.to_server;
  if (loss.mean() > 0.0) direction = loss;
  if (corrupt > 0.0) direction.good_loss = 1.0 - (1.0 - direction.good_loss) * (1.0 - corrupt);
}

void Netem::apply(PipeSettings& direction) const {
  direction.delay += to_nanos(delay);
  const Seconds before = to_seconds(direction.jitter);
  direction.jitter = to_nanos(Seconds::from_base(std::hypot(before.value(), deviation().value())));
  direction.at_once = std::max(direction.at_once, reorder);
  direction.duplicate = 1.0 - (1.0 - direction.duplicate) * (1.0 - duplicate);
  direction.loss = both(direction.loss, loss);
  if (corrupt > 0.0) direction.loss = both(direction.loss, LossModel::random(corrupt));
  if (!rate) return;
  direction.rate = std::min(direction.rate, *rate);
  direction.queue_bytes = std::min(direction.queue_bytes, static_cast<double>(limit_packets) * kFullPacketBytes);
  direction.keeps_order = true;
}

}  // namespace labtwin::network
