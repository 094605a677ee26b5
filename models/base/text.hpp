#pragma once

// Small helpers for text that people read and write.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace labtwin {

/// Without spaces, tabs and line ends at both ends.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// Fit for one line of a message: control characters escaped, cut to 80 bytes.
[[nodiscard]] std::string printable(std::string_view text);

/// The candidate that was probably meant: at most a third of its letters differ (insertions, deletions, replacements, swaps of
/// neighbours; case is ignored), else the first of which it is the beginning. Ties go to the first. Nothing if none is near.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> candidates);

/// `did you mean "NAME"?` for the nearest name, empty if none is near.
[[nodiscard]] std::string nearest_name_hint(std::string_view word, std::span<const std::string> candidates);

/// The same; where none is near, `nearest are A, B and C` of the three that differ least, those
/// with the same beginning first.
[[nodiscard]] std::string nearest_names_hint(std::string_view word, std::span<const std::string> candidates);

/// `a, b, c`.
[[nodiscard]] std::string join_names(std::span<const std::string> names);

}  // namespace labtwin
