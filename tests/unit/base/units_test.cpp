#include "models/base/units.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace labtwin {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};

TEST(Quantity, KeepsDimensionsApart) {
  static_assert(!Addable<Seconds, Bytes>);
  static_assert(!std::is_convertible_v<double, Seconds>);
  static_assert(std::is_same_v<decltype(Bytes{} / BytesPerSecond{}), Seconds>);
  static_assert(std::is_same_v<decltype(Watts{} * Seconds{}), Joules>);
  static_assert(std::is_same_v<decltype(PerSecond{} * Seconds{}), double>);
  static_assert(std::is_same_v<decltype(1.0 / Seconds{}), PerSecond>);
}

TEST(Quantity, ComputesInBaseUnits) {
  EXPECT_DOUBLE_EQ((1_GiB / 1000_MBps).value(), 1.073741824);
  EXPECT_DOUBLE_EQ((85_us + 1_ms).value(), 1.085e-3);
  EXPECT_DOUBLE_EQ(3_s / 2_s, 1.5);
  EXPECT_LT(999_us, 1_ms);
}

}  // namespace
}  // namespace labtwin
