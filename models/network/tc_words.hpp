#pragma once

// Words of a command of tc, one after another, with its units.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin::network {

/// Every `take` throws ConfigError that names the word.
class TcWords {
 public:
  /// The command is what mistakes are told about; it outlives the words.
  explicit TcWords(std::string_view command);

  [[nodiscard]] bool done() const noexcept { return at_ == words_.size(); }
  [[nodiscard]] std::string_view peek() const noexcept { return done() ? std::string_view() : std::string_view(words_[at_]); }
  [[nodiscard]] bool next_is_number() const noexcept;
  /// Takes the next word if it is this one.
  bool take_if(std::string_view word) noexcept;
  std::string take(std::string_view key);

  /// A percentage as a share; tc takes it with or without its sign.
  double take_share(std::string_view key);
  /// Without a unit, microseconds.
  Seconds take_time(std::string_view key);
  /// `bit` and `bps` are bits and bytes a second; without a unit, bits.
  BytesPerSecond take_rate(std::string_view key);
  /// `kb` and `kbit` are 1024 bytes and bits; without a unit, bytes.
  Bytes take_size(std::string_view key);
  std::int64_t take_count(std::string_view key, std::int64_t at_least);

  /// A name, in lower case, and what one of it is in the base unit.
  struct Unit {
    std::string_view name;
    double factor = 1.0;
  };

  [[noreturn]] void fail(std::string_view key, std::string_view value, std::string rule, std::string hint = {}) const;

 private:
  struct Number {
    double value = 0.0;
    std::string unit;  ///< in lower case
  };
  Number take_number(std::string_view key);
  /// In the base unit, >= 0 or > 0; `rule` says which units there are.
  double take_in(std::span<const Unit> units, std::string_view key, std::string_view rule);
  double take_positive_in(std::span<const Unit> units, std::string_view key, std::string_view rule);

  std::string_view command_;
  std::vector<std::string> words_;
  std::size_t at_ = 0;
};

}  // namespace labtwin::network
