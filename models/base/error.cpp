#include "models/base/error.hpp"

#include <fmt/format.h>

namespace labtwin {
namespace {

std::string join_lines(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (!text.empty()) text += '\n';
    text += diagnostic.text();
  }
  return text;
}

}  // namespace

std::string Diagnostic::text() const {
  std::string text = place.file;
  if (place.line > 0) text += fmt::format(":{}:{}", place.line, place.column);
  if (!text.empty()) text += ": ";
  if (!key.empty()) text += value.empty() ? key + ": " : fmt::format("{} = {}: ", key, value);
  text += rule;
  if (!hint.empty()) text += fmt::format(" ({})", hint);
  return text;
}

ConfigError::ConfigError(std::vector<Diagnostic> diagnostics)
    : std::runtime_error(join_lines(diagnostics)), diagnostics_(std::move(diagnostics)) {}

ConfigError::ConfigError(Diagnostic diagnostic) : ConfigError(std::vector<Diagnostic>{std::move(diagnostic)}) {}

namespace detail {

void throw_internal_error(const char* condition, const char* file, int line, std::string_view context) {
  throw InternalError(fmt::format("{}:{}: {} does not hold: {}", file, line, condition, context));
}

}  // namespace detail
}  // namespace labtwin
