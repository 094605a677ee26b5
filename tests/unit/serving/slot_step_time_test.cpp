#include "models/serving/slot_step_time.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace labtwin::serving {
namespace {

Seconds ms(double value) {
  return Seconds::from_base(value * 1e-3);
}

SlotCoefficients coefficients() {
  return {.first = ms(4.0),
          .more = ms(1.0),
          .tiles = ms(7.0),
          .tile_more = ms(0.1),
          .context = Seconds::from_base(1e-8),
          .pass = ms(5.0),
          .prompt_token = ms(0.1),
          .pair = Seconds::from_base(1e-9),
          .ubatch = 512.0,
          .has_tiles = true};
}

OperatorBatch decodes(double sequences, double context) {
  return {.num_tokens = sequences,
          .num_sampled = sequences,
          .num_decodes = sequences,
          .kv_tokens = sequences * context,
          .longest_kv = context};
}

TEST(SlotStepTime, MultipliesUpToEightSequencesAsVectorsAndMoreAsTiles) {
  const SlotStepTime steps(coefficients());
  EXPECT_NEAR(steps.step_time(decodes(1.0, 0.0)).value(), 4e-3, 1e-12);
  EXPECT_NEAR(steps.step_time(decodes(8.0, 0.0)).value(), 11e-3, 1e-12);
  EXPECT_NEAR(steps.step_time(decodes(9.0, 0.0)).value(), 7.9e-3, 1e-12);
  SlotCoefficients few = coefficients();
  few.has_tiles = false;
  EXPECT_NEAR(SlotStepTime(few).step_time(decodes(9.0, 0.0)).value(), 12e-3, 1e-12);
}

TEST(SlotStepTime, GrowsByTheContextOfEverySequence) {
  const SlotStepTime steps(coefficients());
  EXPECT_NEAR((steps.step_time(decodes(4.0, 1000.0)) - steps.step_time(decodes(4.0, 0.0))).value(), 4000.0 * 1e-8, 1e-12);
}

TEST(SlotStepTime, WorksOnPromptsInMicrobatchesTogetherWithDecodes) {
  const SlotStepTime steps(coefficients());
  OperatorBatch batch = decodes(2.0, 100.0);
  batch.num_tokens += 600.0;
  batch.longest_chunk = 600.0;
  batch.num_pairs = 600.0 * 300.0;
  EXPECT_NEAR(steps.step_time(batch).value(), 2 * 5e-3 + 602 * 0.1e-3 + 180000.0 * 1e-9 + 200.0 * 1e-8, 1e-12);
}

TEST(ServedStepTime, AddsTheServersThreadToEveryStep) {
  ModelShape shape;
  shape.vocabulary = 100000;
  const ServerThread thread = llama_server_thread(shape, {});
  const ServedStepTime served(std::make_unique<SlotStepTime>(coefficients()), thread);
  const SlotStepTime card(coefficients());
  // Four slots sample in turn, each over the whole vocabulary.
  EXPECT_NEAR((served.step_time(decodes(4.0, 10.0)) - card.step_time(decodes(4.0, 10.0))).value(), 0.5e-3 + 4 * 100000 * 6e-9,
              1e-9);
  // A prompt that ends samples its first token and costs the request around it.
  OperatorBatch prompt{.num_tokens = 100.0, .num_sampled = 1.0, .longest_chunk = 100.0};
  EXPECT_NEAR((served.step_time(prompt) - card.step_time(prompt)).value(), 0.5e-3 + 0.6e-3 + 10e-3, 1e-9);
  // One that goes on in the next step does neither.
  prompt.num_sampled = 0.0;
  EXPECT_NEAR((served.step_time(prompt) - card.step_time(prompt)).value(), 0.5e-3, 1e-9);
}

}  // namespace
}  // namespace labtwin::serving
