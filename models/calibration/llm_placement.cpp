#include "models/calibration/llm_placement.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <string>

#include "models/calibration/row_words.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kSpareBytes = 1e9;     // beside the weights, that a card needs
constexpr double kUsableMemory = 0.95;  // of a card

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
