#include "models/serving/usual_memory.hpp"

#include <algorithm>
#include <array>

namespace labtwin::serving {
namespace {

constexpr Bytes kMostOfDdr4 = 128_GiB;
constexpr Bytes kMostOfDdr5 = 192_GiB;

/// Cards of the years of DDR5, which those who own them mostly have.
bool is_of_ddr5(std::string_view architecture) {
  constexpr std::array<std::string_view, 5> kNew = {"Ada Lovelace", "Blackwell", "RDNA 3", "RDNA 4", "Xe2-HPG"};
  return std::find(kNew.begin(), kNew.end(), architecture) != kNew.end();
}

}  // namespace

BytesPerSecond usual_memory_bandwidth(std::string_view card_architecture, Bytes kept) {
  const bool is_new = is_of_ddr5(card_architecture);
  if (kept > (is_new ? kMostOfDdr5 : kMostOfDdr4)) return kServerMemory;
  return is_new ? kDdr5Desktop : kDdr4Desktop;
}

}  // namespace labtwin::serving
