#pragma once

// What words in a cell of a measurement tell: notes, names of slots, methods.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace labtwin::calibration {

[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] bool holds(std::string_view text, std::string_view part) noexcept;
[[nodiscard]] bool holds_any(std::string_view text, std::initializer_list<std::string_view> parts) noexcept;
/// The whole number that stands before `word`: 8 of `aggregate, 8 GPUs` for `gpu`. Text is in lower case.
[[nodiscard]] std::optional<int> number_before(std::string_view text, std::string_view word);
/// The whole number that follows `word` at once, perhaps after one of ` =x:`.
[[nodiscard]] std::optional<int> number_after(std::string_view text, std::string_view word);

}  // namespace labtwin::calibration
