#pragma once

// Whose fault an error is decides its type. The user's input: ConfigError, all mistakes at once. A law asked outside its
// range: ModelError. labtwin itself: InternalError. Failures of the simulated world are values in records, never errors.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace labtwin {

/// A place in a file the user wrote. Line and column count from 1; 0 means that the place has none.
struct SourcePlace {
  std::string file;
  std::size_t line = 0;
  std::size_t column = 0;
};

/// One mistake in an input: where, which key, what it says, the rule it breaks and, where there is one, a hint.
struct Diagnostic {
  SourcePlace place;
  std::string key;    ///< dotted path, e.g. `workloads.chat.rate`; may be empty
  std::string value;  ///< as written; may be empty
  std::string rule;   ///< e.g. `must be > 0 /s`
  std::string hint;   ///< e.g. `did you mean "bandwidth"?`; may be empty

  /// `file:line:column: key = value: rule (hint)`, parts that are absent left out.
  [[nodiscard]] std::string text() const;
};

/// The user's input is wrong. Carries every mistake that was found; what() is one line each.
class ConfigError : public std::runtime_error {
 public:
  explicit ConfigError(std::vector<Diagnostic> diagnostics);
  explicit ConfigError(Diagnostic diagnostic);
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const noexcept { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

/// A law was asked outside the range for which it holds and cannot answer.
class ModelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// labtwin is wrong. Always a defect to report.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace detail {
[[noreturn]] void throw_internal_error(const char* condition, const char* file, int line, std::string_view context);
}

}  // namespace labtwin

/// Throws InternalError unless the condition holds; on in every build, for checks that cost little.
#define LABTWIN_CHECK(condition, context)                                                                 \
  do {                                                                                                    \
    if (!(condition)) ::labtwin::detail::throw_internal_error(#condition, __FILE__, __LINE__, (context)); \
  } while (false)
