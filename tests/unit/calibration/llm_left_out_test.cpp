// Whether a card that is left out tells nothing of itself.

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "models/calibration/llm_fit.hpp"
#include "models/calibration/llm_throughput.hpp"

namespace labtwin::calibration {
namespace {

/// Rates of one card: three models that are fitted on, one that is held out.
struct Rates {
  std::string gpu;
  double scale = 1.0;
};

MeasurementTable table_of(const std::vector<Rates>& cards) {
  MeasurementTable table("runs", {"gpu", "backend", "engine", "model", "quant", "quantity", "value", "notes", "split"});
  for (const Rates& card : cards) {
    for (const auto& [model, rate, split] :
         {std::tuple{"Llama-3.1-8B", 100.0, "fit"}, std::tuple{"Llama-3.2-3B", 200.0, "fit"},
          std::tuple{"Qwen3-14B", 60.0, "fit"}, std::tuple{"Mistral-7B", 110.0, "held_out"}}) {
      table.add_row(
          {card.gpu, "cuda", "llama.cpp", model, "Q4_K_M", "decode_tok_s", std::to_string(card.scale * rate), "", split});
    }
  }
  return table;
}

/// What is predicted of each card, in their order.
std::vector<double> predicted(const std::vector<Rates>& cards) {
  const std::vector<MeasurementTable> tables{table_of(cards)};
  std::vector<double> values;
  for (const Prediction& p : evaluate_llm_cards_left_out(tables.front(), tables, {}).predictions) {
    values.push_back(p.estimate.value().value);
  }
  return values;
}

TEST(CardsLeftOut, TellNothingOfThemselves) {
  const std::vector<double> usual = predicted({{"RTX 3090"}, {"RTX 3080"}, {"RTX 4090"}});
  const std::vector<double> slow = predicted({{"RTX 3090", 0.5}, {"RTX 3080"}, {"RTX 4090"}});
  ASSERT_EQ(usual.size(), 3U);
  ASSERT_EQ(slow.size(), 3U);
  EXPECT_DOUBLE_EQ(slow[0], usual[0]);
  // Of the same architecture and of another: both have the slow one among what they are told by, its kin more so.
  EXPECT_LT(slow[1], 0.95 * usual[1]);
  EXPECT_LT(slow[2], 0.99 * usual[2]);
  EXPECT_LT(slow[1] / usual[1], slow[2] / usual[2]);
}

TEST(CardsLeftOut, AreInGroupsThatSaySo) {
  const std::vector<MeasurementTable> tables{table_of({{"RTX 3090"}, {"RTX 3080"}})};
  const Evaluation evaluation = evaluate_llm_cards_left_out(tables.front(), tables, {});
  for (const Prediction& p : evaluation.predictions) EXPECT_EQ(p.group, "llama.cpp|cuda, card left out");
  ASSERT_FALSE(evaluation.notes.empty());
  EXPECT_TRUE(evaluation.notes.front().starts_with("decode_tok_s, cuda, card left out: n 2,")) << evaluation.notes.front();
}

TEST(CardsLeftOut, OfOneArchitectureAreApart) {
  std::vector<LlmRun> runs(6);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].architecture = i % 2 == 0 ? "Ampere" : "Ada Lovelace";
    runs[i].card = "card-" + std::to_string(i);
  }
  const LlmFolds folds = fold_cards(runs, 3);
  EXPECT_NE(folds.at("card-0"), folds.at("card-2"));
  EXPECT_NE(folds.at("card-2"), folds.at("card-4"));
  EXPECT_NE(folds.at("card-0"), folds.at("card-4"));
}

}  // namespace
}  // namespace labtwin::calibration
