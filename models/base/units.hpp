#pragma once

// Strong units. A Quantity is a double in base units (second, byte, flop, joule, token) that carries its dimension in its
// type: adding bytes to seconds does not compile, Bytes / BytesPerSecond is Seconds. There is no bit type: link rates are
// converted where text is read (units.cpp), so that eight bits are confused with a byte in one place at most.

#include <cmath>
#include <compare>
#include <concepts>
#include <string>
#include <string_view>

namespace labtwin {

/// The exponents of a dimension, for code that handles all quantities alike (reading and writing text).
struct Dimension {
  int second = 0;
  int byte = 0;
  int flop = 0;
  int joule = 0;
  int token = 0;
  constexpr bool operator==(const Dimension&) const noexcept = default;
};

/// A number with the dimension second^S byte^B flop^F joule^J token^T. Construct with `from_base` or a literal.
template <int S, int B, int F, int J, int T>
class Quantity {
 public:
  static constexpr Dimension kDimension{S, B, F, J, T};

  constexpr Quantity() noexcept = default;

  [[nodiscard]] static constexpr Quantity from_base(double value) noexcept {
    Quantity quantity;
    quantity.value_ = value;
    return quantity;
  }

  /// The number in base units (s, B, flop, J, token and their products).
  [[nodiscard]] constexpr double value() const noexcept { return value_; }

  constexpr auto operator<=>(const Quantity&) const noexcept = default;

  constexpr Quantity operator-() const noexcept { return from_base(-value_); }
  constexpr Quantity& operator+=(Quantity other) noexcept {
    value_ += other.value_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) noexcept {
    value_ -= other.value_;
    return *this;
  }
  constexpr Quantity& operator*=(double factor) noexcept {
    value_ *= factor;
    return *this;
  }
  constexpr Quantity& operator/=(double divisor) noexcept {
    value_ /= divisor;
    return *this;
  }

  friend constexpr Quantity operator+(Quantity a, Quantity b) noexcept { return from_base(a.value_ + b.value_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) noexcept { return from_base(a.value_ - b.value_); }
  friend constexpr Quantity operator*(Quantity a, double factor) noexcept { return from_base(a.value_ * factor); }
  friend constexpr Quantity operator*(double factor, Quantity a) noexcept { return from_base(a.value_ * factor); }
  friend constexpr Quantity operator/(Quantity a, double divisor) noexcept { return from_base(a.value_ / divisor); }
  /// The ratio of two quantities of one dimension is a plain number.
  friend constexpr double operator/(Quantity a, Quantity b) noexcept { return a.value_ / b.value_; }

 private:
  double value_ = 0.0;
};

template <int S, int B, int F, int J, int T, int S2, int B2, int F2, int J2, int T2>
constexpr auto operator*(Quantity<S, B, F, J, T> a, Quantity<S2, B2, F2, J2, T2> b) noexcept {
  if constexpr (S + S2 == 0 && B + B2 == 0 && F + F2 == 0 && J + J2 == 0 && T + T2 == 0) {
    return a.value() * b.value();
  } else {
    return Quantity<S + S2, B + B2, F + F2, J + J2, T + T2>::from_base(a.value() * b.value());
  }
}

template <int S, int B, int F, int J, int T, int S2, int B2, int F2, int J2, int T2>
requires(S != S2 || B != B2 || F != F2 || J != J2 || T != T2) constexpr auto operator/(
    Quantity<S, B, F, J, T> a, Quantity<S2, B2, F2, J2, T2> b) noexcept {
  return Quantity<S - S2, B - B2, F - F2, J - J2, T - T2>::from_base(a.value() / b.value());
}

template <int S, int B, int F, int J, int T>
constexpr auto operator/(double a, Quantity<S, B, F, J, T> b) noexcept {
  return Quantity<-S, -B, -F, -J, -T>::from_base(a / b.value());
}

using Seconds = Quantity<1, 0, 0, 0, 0>;
using Bytes = Quantity<0, 1, 0, 0, 0>;
using Flops = Quantity<0, 0, 1, 0, 0>;
using Joules = Quantity<0, 0, 0, 1, 0>;
using Tokens = Quantity<0, 0, 0, 0, 1>;
using PerSecond = Quantity<-1, 0, 0, 0, 0>;  ///< a rate of events: arrivals, I/Os, queries
using BytesPerSecond = Quantity<-1, 1, 0, 0, 0>;
using FlopsPerSecond = Quantity<-1, 0, 1, 0, 0>;
using Watts = Quantity<-1, 0, 0, 1, 0>;
using TokensPerSecond = Quantity<-1, 0, 0, 0, 1>;
using SecondsPerByte = Quantity<1, -1, 0, 0, 0>;
using SecondsPerToken = Quantity<1, 0, 0, 0, -1>;
using BytesPerToken = Quantity<0, 1, 0, 0, -1>;

template <class>
inline constexpr bool is_quantity = false;
template <int S, int B, int F, int J, int T>
inline constexpr bool is_quantity<Quantity<S, B, F, J, T>> = true;

inline namespace literals {
constexpr Seconds operator""_s(long double v) noexcept {
  return Seconds::from_base(static_cast<double>(v));
}
constexpr Seconds operator""_s(unsigned long long v) noexcept {
  return Seconds::from_base(static_cast<double>(v));
}
constexpr Seconds operator""_ms(long double v) noexcept {
  return Seconds::from_base(static_cast<double>(v) / 1e3);
}
constexpr Seconds operator""_ms(unsigned long long v) noexcept {
  return Seconds::from_base(static_cast<double>(v) / 1e3);
}
constexpr Seconds operator""_us(long double v) noexcept {
  return Seconds::from_base(static_cast<double>(v) / 1e6);
}
constexpr Seconds operator""_us(unsigned long long v) noexcept {
  return Seconds::from_base(static_cast<double>(v) / 1e6);
}
constexpr Bytes operator""_B(unsigned long long v) noexcept {
  return Bytes::from_base(static_cast<double>(v));
}
constexpr Bytes operator""_KiB(unsigned long long v) noexcept {
  return Bytes::from_base(static_cast<double>(v) * 1024.0);
}
constexpr Bytes operator""_MiB(unsigned long long v) noexcept {
  return Bytes::from_base(static_cast<double>(v) * 1048576.0);
}
constexpr Bytes operator""_GiB(unsigned long long v) noexcept {
  return Bytes::from_base(static_cast<double>(v) * 1073741824.0);
}
constexpr BytesPerSecond operator""_MBps(unsigned long long v) noexcept {
  return BytesPerSecond::from_base(static_cast<double>(v) * 1e6);
}
constexpr PerSecond operator""_per_s(long double v) noexcept {
  return PerSecond::from_base(static_cast<double>(v));
}
constexpr PerSecond operator""_per_s(unsigned long long v) noexcept {
  return PerSecond::from_base(static_cast<double>(v));
}
}  // namespace literals

template <class Q>
requires is_quantity<Q>
[[nodiscard]] constexpr Q abs(Q q) noexcept {
  return q < Q{} ? -q : q;
}

/// A number in base units, or what is wrong with the text.
struct ParsedQuantity {
  double value = 0.0;
  std::string problem;  ///< empty if the text was understood
};

/// Reads `number unit` (`"3.35 TB/s"`, `"24 GiB"`, `"85 us"`, `"2.5 Gbit/s"`). Units: B and bit with k M G T P Ki Mi Gi Ti;
/// s with n u m; min h d; flop and token with k M G T P; W and J with n u m k M G T P; one unit per another as `B/s`, and
/// `/s`; Hz is `/s`. Anything else (`Kb`, `bps`, `GBps`, a number without unit) is a problem whose text lists the accepted
/// spellings.
[[nodiscard]] ParsedQuantity parse_in_base_units(std::string_view text, Dimension dimension);

/// The shortest text that reads back as exactly this number, with the prefix that suits its size: `"85 us"`, `"24 GiB"`.
[[nodiscard]] std::string format_in_base_units(double value, Dimension dimension);

/// The accepted spellings of a dimension, e.g. `B/s or bit/s with k M G T P Ki Mi Gi Ti in front`.
[[nodiscard]] std::string accepted_units(Dimension dimension);

namespace detail {
[[noreturn]] void throw_quantity_error(std::string_view text, const std::string& problem);
}

/// Reads a quantity; throws ConfigError if the text is not a number with a unit of this dimension.
template <class Q>
requires is_quantity<Q>
[[nodiscard]] Q parse_quantity(std::string_view text) {
  const ParsedQuantity parsed = parse_in_base_units(text, Q::kDimension);
  if (!parsed.problem.empty()) detail::throw_quantity_error(text, parsed.problem);
  return Q::from_base(parsed.value);
}

template <class Q>
requires is_quantity<Q>
[[nodiscard]] std::string format_quantity(Q quantity) {
  return format_in_base_units(quantity.value(), Q::kDimension);
}

}  // namespace labtwin
