#include "models/calibration/tp_direction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <string_view>

#include "models/calibration/row_words.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kLeastDifference = 0.10;
constexpr std::array<std::string_view, 6> kSame = {"gpu", "engine", "model", "quant", "quantity", "concurrency"};
// What notes may tell otherwise of two runs that are compared all the same.
constexpr std::array<std::string_view, 2> kMayDiffer = {"ctx=", "version="};

std::string load_in_notes(std::string_view notes) {
  std::string load;
  while (!notes.empty()) {
    const std::size_t end = std::min(notes.find(';'), notes.size());
    std::string_view part = notes.substr(0, end);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    const bool may_differ =
        std::any_of(kMayDiffer.begin(), kMayDiffer.end(), [part](std::string_view start) { return part.starts_with(start); });
    if (!may_differ) load += fmt::format("{};", part);
    notes.remove_prefix(std::min(end + 1, notes.size()));
  }
  return load;
}

/// What both runs must have in common.
std::string run_of(const MeasurementTable& table, std::size_t row) {
  const std::string_view source = table.text(row, "source");
  std::string run(source.substr(0, source.find('@')));
  for (const std::string_view column : kSame) run += fmt::format("|{}", table.text(row, column));
  return lower_case(run) + "|" + load_in_notes(lower_case(table.text(row, "notes")));
}

bool is_rate(std::string_view quantity) {
  return quantity.ends_with("tok_s");
}

double num_cards(const MeasurementTable& table, std::size_t row) {
  return table.number(row, "num_gpus").value_or(1.0);
}

}  // namespace

std::vector<Prediction> directions_of(const MeasurementTable& table,
                                      const std::function<std::optional<Estimate>(std::size_t row)>& predict) {
  std::map<std::string, std::size_t, std::less<>> of_one_card;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (is_rate(table.text(row, "quantity")) && num_cards(table, row) <= 1.0) of_one_card.emplace(run_of(table, row), row);
  }
  std::vector<Prediction> directions;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.split(row) != Split::HeldOut || !is_rate(table.text(row, "quantity")) || num_cards(table, row) <= 1.0) continue;
    const auto one = of_one_card.find(run_of(table, row));
    if (one == of_one_card.end()) continue;
    const auto measured = table.number(row, "value");
    const auto alone = table.number(one->second, "value");
    if (measured && alone && std::abs(*measured / *alone - 1.0) <= kLeastDifference) continue;
    const auto several = predict(row);
    const auto single = predict(one->second);
    if (!several || !single) continue;
    Prediction direction{.row = row + 1,
                         .quantity = "outcome",
                         .group = "against one card",
                         .measured = std::nullopt,
                         .estimate = std::nullopt,
                         .note = {}};
    if (measured && alone) direction.measured = *measured > *alone ? 1.0 : 0.0;
    // Both share their model, engine and owner: the interval of one is all that may turn the comparison.
    direction.estimate = Estimate{several->value > single->value ? 1.0 : 0.0, several->low > single->value ? 1.0 : 0.0,
                                  several->high > single->value ? 1.0 : 0.0};
    directions.push_back(std::move(direction));
  }
  return directions;
}

}  // namespace labtwin::calibration
