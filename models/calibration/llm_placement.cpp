#include "models/calibration/llm_placement.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <string>

#include "models/calibration/row_words.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kSpareBytes = 1e9;       // beside the weights, that a card needs
constexpr double kUsableMemory = 0.95;    // of a card
constexpr double kDesktopRate = 50e9;     // of two channels of DDR4
constexpr double kNewDesktopRate = 80e9;  // ... of DDR5
constexpr double kServerRate = 200e9;     // of eight
constexpr double kMostOfDesktop = 150e9;  // bytes that two channels hold

/// Cards of the years of DDR5, which those who own them mostly have.
bool is_of_ddr5(std::string_view architecture) {
  constexpr std::array<std::string_view, 5> kNew = {"Ada Lovelace", "Blackwell", "RDNA 3", "RDNA 4", "Xe2-HPG"};
  return std::find(kNew.begin(), kNew.end(), architecture) != kNew.end();
}

/// `31` of a cell; nothing of `all` or an empty one.
std::optional<int> count_in(std::string_view cell) {
  if (cell.empty() || std::isdigit(static_cast<unsigned char>(cell.front())) == 0) return std::nullopt;
  return std::atoi(std::string(cell).c_str());
}

void move(Bytes& from, Bytes& to, Bytes amount) {
  const Bytes moved = std::clamp(amount, Bytes{}, from);
  from -= moved;
  to += moved;
}

}  // namespace

BytesPerSecond host_bandwidth(std::string_view processor, const LlmRun& row, const LlmParts& parts) {
  const bool is_pair = processor.starts_with("2x ");
  if (const auto known = processor.empty() ? std::nullopt : parts.processor(processor.substr(is_pair ? 3 : 0))) {
    return known->spec.memory_bandwidth * (is_pair ? 2.0 : 1.0);
  }
  if (row.run.weights.in_host().value() > kMostOfDesktop) return BytesPerSecond::from_base(kServerRate);
  return BytesPerSecond::from_base(is_of_ddr5(row.architecture) ? kNewDesktopRate : kDesktopRate);
}

void place_in_host(LlmRun& row, const MeasurementTable& table, std::size_t index, double card_memory) {
  if (row.backend == "cpu") return;
  const std::string_view notes = table.text(index, "notes");
  serving::WeightPlacement& weights = row.run.weights;
  if (const std::optional<int> told = count_in(table.text(index, "ngl"))) {
    const double on_card = std::clamp(*told - 1.0, 0.0, row.run.layers);
    const double overflown = std::min(on_card, static_cast<double>(number_after(notes, "offload").value_or(0)));
    const double absent = row.run.layers - on_card;
    move(weights.dense_on_card, weights.dense_in_host, weights.dense_on_card * (absent / row.run.layers));
    move(weights.experts_on_card, weights.experts_in_host, weights.experts_on_card * ((absent + overflown) / row.run.layers));
  }
  if (holds(notes, "experts on CPU")) move(weights.experts_on_card, weights.experts_in_host, weights.experts_on_card);
  if (card_memory <= 0.0) return;
  const auto excess = [&] {
    const Bytes held = weights.dense_on_card + weights.experts_on_card;
    return held - Bytes::from_base(kUsableMemory * card_memory * row.run.num_cards - kSpareBytes);
  };
  move(weights.experts_on_card, weights.experts_in_host, excess());
  move(weights.dense_on_card, weights.dense_in_host, excess());
}

}  // namespace labtwin::calibration
