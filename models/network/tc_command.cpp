// Commands of tc as they are typed in a shell.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/text.hpp"
#include "models/network/netem.hpp"
#include "models/network/netem_words.hpp"
#include "models/network/tc_words.hpp"

namespace labtwin::network {
namespace {

constexpr double kNoLimit = 1e18;

/// Commands as a shell separates them; a line that ends with a backslash goes on.
std::vector<std::string> split_commands(std::string_view text) {
  std::vector<std::string> commands(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') continue;
    const bool is_continued = text[i] == '\n' && i > 0 && text[i - 1] == '\\';
    if ((text[i] == '\n' && !is_continued) || text[i] == ';') {
      commands.emplace_back();
    } else if (text.substr(i, 2) == "&&") {
      commands.emplace_back();
      ++i;
    } else {
      commands.back() += text[i];
    }
  }
  std::erase_if(commands, [](const std::string& command) { return trim(command).empty(); });
  return commands;
}

// Where only `latency` is given, the queue holds what the rate carries in it, and the burst.
void read_token_bucket(TcWords& words, Netem& netem) {
  TokenBucket bucket{.rate = {}, .burst = {}, .limit = Bytes::from_base(kNoLimit)};
  Seconds latency;
  while (!words.done()) {
    const std::string word = words.take("tbf");
    if (word == "rate") {
      bucket.rate = words.take_rate("tbf rate");
    } else if (word == "burst" || word == "buffer" || word == "maxburst") {
      bucket.burst = words.take_size(fmt::format("tbf {}", word));
    } else if (word == "limit") {
      bucket.limit = words.take_size("tbf limit");
    } else if (word == "latency") {
      latency = words.take_time("tbf latency");
    } else {
      words.fail("tbf", word, "is no word of tbf that is simulated: rate, burst, limit, latency");
    }
  }
  if (bucket.rate <= BytesPerSecond{}) words.fail("tbf", {}, "needs a rate");
  if (bucket.burst <= Bytes{}) words.fail("tbf", {}, "needs a burst");
  if (latency > Seconds{}) bucket.limit = bucket.rate * latency + bucket.burst;
  if (bucket.limit.value() >= kNoLimit) words.fail("tbf", {}, "needs limit or latency");
  netem.bucket = bucket;
}

/// What stands between `tc` and the name of the queueing discipline.
struct Place {
  std::string verb;
  std::string interface;
  bool is_below = false;  ///< another discipline
};

Place read_place(TcWords& words) {
  Place place;
  words.take_if("tc");
  if (!words.take_if("qdisc")) {
    words.fail(words.peek(), {}, "is not simulated: of tc's commands `tc qdisc` with netem or tbf is");
  }
  place.verb = words.take("qdisc");
  while (!words.done()) {
    if (words.take_if("dev")) {
      place.interface = words.take("dev");
    } else if (words.take_if("parent")) {
      static_cast<void>(words.take("parent"));
      place.is_below = true;
    } else if (words.take_if("handle")) {
      static_cast<void>(words.take("handle"));
    } else if (!words.take_if("root")) {
      break;
    }
  }
  return place;
}

/// A whole command; whether it sits below another discipline.
bool read_command(TcWords& words, Netem& netem) {
  const Place place = read_place(words);
  if (place.verb == "del" || place.verb == "delete")
    words.fail("qdisc", place.verb, "takes netem away: let the degradation end with `to`");
  if (place.verb != "add" && place.verb != "change" && place.verb != "replace")
    words.fail("qdisc", place.verb, "degrades nothing: add, change or replace does");
  if (place.interface.empty()) words.fail("dev", {}, "is missing: netem acts on what leaves one interface");
  if (!netem.interface.empty() && netem.interface != place.interface)
    words.fail("dev", place.interface, fmt::format("is another interface than {}: one degradation each", netem.interface));
  netem.interface = place.interface;
  if (words.done()) words.fail("qdisc", {}, "must say what it does: netem or tbf");
  if (words.take_if("tbf")) {
    read_token_bucket(words, netem);
  } else if (words.take_if("netem")) {
    if (words.done()) words.fail("netem", {}, "must be followed by what it does");
    read_netem_words(words, netem);
  } else {
    words.fail("qdisc", words.peek(), "is not simulated: netem and tbf are");
  }
  return place.is_below;
}

}  // namespace

Netem parse_netem(std::string_view text) {
  Netem netem;
  const std::vector<std::string> commands = split_commands(text);
  bool is_below = false;
  for (const std::string& command : commands) {
    TcWords words(command);
    words.take_if("sudo");
    if (words.peek() == "tc" || words.peek() == "qdisc") {
      is_below = read_command(words, netem) || is_below;
    } else {
      words.take_if("netem");
      read_netem_words(words, netem);
    }
  }
  if (is_below && commands.size() == 1) {
    netem.caveats.emplace_back(
        "it sits below another discipline: here it meets all packets of the interface, not those alone "
        "that a filter sends there");
  }
  return netem;
}

}  // namespace labtwin::network
