#include "sim/run/load_search.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin {
namespace {

double settled(const LoadRange& range, double load) {
  return std::clamp(range.whole_numbers ? std::floor(load) : load, range.least, range.most);
}

/// Doubles or halves until the limit lies between two loads, or an end of the range is reached.
LoadLimit enclose(const LoadRange& range, const std::function<bool(double)>& holds) {
  LoadLimit limit;
  double load = settled(range, range.start);
  for (;;) {
    const bool held = holds(load);
    (held ? limit.holds : limit.fails) = load;
    if (limit.holds && limit.fails) return limit;
    if (load == (held ? range.most : range.least)) return limit;
    load = settled(range, held ? 2.0 * load : load / 2.0);
  }
}

bool is_close(const LoadRange& range, double low, double high) {
  const double gap = high - low;
  return gap <= range.precision * low || (range.whole_numbers && gap <= 1.0);
}

}  // namespace

LoadLimit search_limit(const LoadRange& range, const std::function<bool(double)>& holds) {
  LoadLimit limit = enclose(range, holds);
  while (limit.holds && limit.fails && !is_close(range, *limit.holds, *limit.fails)) {
    const double middle = settled(range, (*limit.holds + *limit.fails) / 2.0);
    (holds(middle) ? limit.holds : limit.fails) = middle;
  }
  return limit;
}

}  // namespace labtwin
