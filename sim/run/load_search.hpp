#pragma once

// How much load something bears: bisection over a condition that holds up to some load and fails beyond.

#include <functional>
#include <optional>

namespace labtwin {

/// Where to look, and how closely.
struct LoadRange {
  double least = 1.0;
  double most = 1000.0;       ///< nothing is asked beyond
  double start = 1.0;         ///< asked first; from here doubled or halved until the limit is between two loads
  double precision = 0.02;    ///< the two loads at the end differ by this part at most, or by 1 where loads are whole
  bool whole_numbers = true;  ///< of users; rates have fractions
};

/// The end of a search.
struct LoadLimit {
  std::optional<double> holds{};  ///< the largest load found at which the condition holds; nothing: not even the least
  std::optional<double> fails{};  ///< the smallest load found at which it fails; nothing: it holds at the most
};

/// Searches the limit in a number of questions that grows with the logarithm of the range. If the condition is not monotone
/// (replications are few), the answer is one of the places where it changes.
[[nodiscard]] LoadLimit search_limit(const LoadRange& range, const std::function<bool(double load)>& holds);

}  // namespace labtwin
