// Kinds of measurements of links between cards: invariants of the laws, and outcomes that no prediction reads.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {
namespace {

struct Copy {
  std::string device = "RTX 4090";
  std::string gen = "4";
  std::string lanes = "16";
  std::string direction = "h2d";
  std::string notes = {};
  std::string value = {};
};

std::vector<double> rates(const std::vector<Copy>& copies) {
  MeasurementTable table("links",
                         {"device", "board_or_slot", "gen", "lanes", "direction", "method", "quantity", "value", "notes"});
  for (const Copy& c : copies) {
    table.add_row({c.device, "desktop", c.gen, c.lanes, c.direction, "nvbandwidth", "gb_s", c.value, c.notes});
  }
  std::vector<double> values;
  for (const Prediction& p : recognise(table).evaluate(table, {}).predictions) {
    values.push_back(p.estimate.value_or(Estimate{}).value);
  }
  return values;
}

TEST(PcieLinks, PredictsABlankOutcomeLikeAMeasuredOne) {
  const auto both = rates({{.value = ""}, {.value = "3"}});
  EXPECT_EQ(both.at(0), both.at(1));
}

TEST(PcieLinks, RatesGrowWithLanesAndGenerationAndStayBelowTheLine) {
  const std::vector<std::string> lanes = {"1", "2", "4", "8", "16"};
  const std::vector<std::string> generations = {"1", "2", "3", "4", "5", "6"};
  for (const std::string direction : {"h2d", "d2h", "p2p"}) {
    std::vector<Copy> wider;
    std::vector<Copy> newer;
    for (const std::string& count : lanes) wider.push_back({.lanes = count, .direction = direction, .notes = "P2P on"});
    for (const std::string& gen : generations) newer.push_back({.gen = gen, .direction = direction, .notes = "P2P on"});
    const std::vector<double> by_lanes = rates(wider);
    const std::vector<double> by_generation = rates(newer);
    for (std::size_t i = 0; i < lanes.size(); ++i) EXPECT_LT(by_lanes.at(i), 1.9692 * std::stod(lanes.at(i))) << direction;
    EXPECT_TRUE(std::is_sorted(by_lanes.begin(), by_lanes.end())) << direction;
    EXPECT_TRUE(std::is_sorted(by_generation.begin(), by_generation.end())) << direction;
  }
}

TEST(PcieLinks, PeersGainByReachingEachOtherAndByABridge) {
  const auto values = rates({{.direction = "p2p", .notes = "P2P=Disabled"},
                             {.direction = "p2p", .notes = "P2P=Enabled"},
                             {.device = "RTX 3090", .gen = "NVLink3", .lanes = "4", .direction = "p2p"}});
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
}

TEST(PcieLinks, AStockConsumerCardReachesItsPeerThroughTheHost) {
  const auto values = rates({{.direction = "p2p"},
                             {.direction = "p2p", .notes = "P2P=Disabled"},
                             {.device = "RTX PRO 6000 Blackwell", .direction = "p2p"},
                             {.device = "RTX PRO 6000 Blackwell", .direction = "p2p", .notes = "P2P on"}});
  EXPECT_EQ(values.at(0), values.at(1));
  EXPECT_EQ(values.at(2), values.at(3));
}

TEST(PcieLinks, OldCardsForwardWhatNewOnesOverlap) {
  const auto values = rates({{.device = "RTX 3090", .direction = "p2p", .notes = "P2P=Disabled"},
                             {.device = "RTX 4090", .direction = "p2p", .notes = "P2P=Disabled"},
                             {.device = "RTX 4090", .direction = "p2p", .notes = "P2P=Enabled"}});
  EXPECT_LT(1.3 * values.at(0), values.at(1));
  EXPECT_LT(values.at(1), values.at(2));
}

TEST(PcieLinks, SumsOfFlowsAreBoundByWhatCarriesThem) {
  const auto sum = [](const std::string& notes) {
    return Copy{.device = "RTX PRO 6000 Blackwell", .gen = "5", .direction = "p2p", .notes = notes};
  };
  const auto values = rates({sum("2 flows, same uplink (sum)"), sum("2 flows cross (sum)"), sum("4 flows same switch (sum)"),
                             sum("12 flows same switch (sum)"), sum("8 flows cross (sum)")});
  EXPECT_LT(values.at(0), values.at(1));                // one uplink, or one each way
  EXPECT_LT(values.at(1), values.at(2));                // four pairs of ports
  EXPECT_LT(values.at(3), values.at(2));                // the same four ports, each to all others
  EXPECT_NEAR(values.at(1) / values.at(4), 1.0, 1e-9);  // more flows, no more uplinks
}

TEST(PcieLinks, FourCardsWithoutASwitchShareTheirLinksAmongThree) {
  MeasurementTable table("links", {"device", "board_or_slot", "gen", "lanes", "direction", "method", "quantity", "value"});
  for (const char* board : {"8-card HGX", "4-card"})
    table.add_row({"H100", board, "NVLink4", "", "p2p", "all2all", "gb_s", "1"});
  const std::vector<Prediction> predictions = recognise(table).evaluate(table, {}).predictions;
  EXPECT_NEAR(predictions.at(0).estimate.value_or(Estimate{}).value / predictions.at(1).estimate.value_or(Estimate{}).value,
              3.0, 0.15);
}

TEST(PcieLinks, ManyMessagesUnderWayHideTheirLatency) {
  MeasurementTable table(
      "links", {"device", "board_or_slot", "gen", "lanes", "direction", "method", "transfer_bytes", "quantity", "value"});
  for (const char* method : {"osu_bw", "bandwidthTest"}) {
    table.add_row({"V100", "server", "3", "16", "h2d", method, "8192", "gb_s", "1"});
  }
  const std::vector<Prediction> predictions = recognise(table).evaluate(table, {}).predictions;
  EXPECT_GT(predictions.at(0).estimate.value_or(Estimate{}).value,
            10.0 * predictions.at(1).estimate.value_or(Estimate{}).value);
}

TEST(PcieLinks, SaysThatSpeedsOfModelsAreNoFiguresOfALink) {
  MeasurementTable table("links", {"device", "board_or_slot", "gen", "lanes", "direction", "method", "quantity", "value"});
  table.add_row({"RTX 4090", "", "4", "4", "", "llm", "frames_s", "3"});
  const Evaluation evaluation = recognise(table).evaluate(table, {});
  ASSERT_EQ(evaluation.predictions.size(), 1U);
  EXPECT_FALSE(evaluation.predictions.front().estimate);
  EXPECT_NE(evaluation.predictions.front().note.find("no law of links"), std::string::npos);
}

std::vector<double> call_times(const std::vector<std::vector<std::string>>& calls, std::vector<std::string> fitted = {}) {
  MeasurementTable table("calls", {"gpu", "num_gpus", "topology", "link", "op", "message_bytes", "time_us", "split"});
  for (std::vector<std::string> call : calls) {
    call.insert(call.end(), {"", "held_out"});
    table.add_row(std::move(call));
  }
  if (!fitted.empty()) table.add_row(std::move(fitted));
  std::vector<double> times;
  for (const Prediction& p : recognise(table).evaluate(table, {}).predictions)
    times.push_back(p.estimate.value_or(Estimate{}).value);
  return times;
}

TEST(Collectives, TakeLongerForMoreBytesAndNarrowerLinks) {
  std::vector<std::vector<std::string>> growing;
  for (const char* bytes : {"256", "65536", "1048576", "67108864"}) {
    growing.push_back({"RTX 4090", "2", "desktop", "pcie4 x16", "all_reduce", bytes});
  }
  const auto times = call_times(growing);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  const auto by_link = call_times({{"RTX 3090", "2", "bridge", "nvlink3 x4", "all_reduce", "67108864"},
                                   {"RTX 3090", "2", "patched driver P2P", "pcie4 x16", "all_reduce", "67108864"},
                                   {"RTX 3090", "2", "patched driver P2P", "pcie4 x4", "all_reduce", "67108864"}});
  EXPECT_TRUE(std::is_sorted(by_link.begin(), by_link.end()));
}

TEST(Collectives, MoreThanTwoCardsOfAProcessorGoThroughItsMemory) {
  const auto of = [](const char* cards, const char* topology, const char* gpu) {
    return std::vector<std::string>{gpu, cards, topology, "pcie5 x16", "all_reduce", "67108864"};
  };
  const char* const pro = "RTX PRO 6000 Blackwell";
  const auto times = call_times({of("4", "server", pro), of("4", "no P2P", pro), of("4", "2 switches", pro),
                                 of("4", "P2P", pro), of("2", "server", pro), of("2", "no P2P", pro)});
  EXPECT_EQ(times.at(0), times.at(1));
  EXPECT_EQ(times.at(2), times.at(3));
  EXPECT_LT(1.1 * times.at(3), times.at(0));
  EXPECT_LT(1.2 * times.at(4), times.at(5));
}

TEST(Collectives, TellsRigsThatItKnowsFromOthers) {
  MeasurementTable table("calls", {"gpu", "num_gpus", "topology", "link", "op", "message_bytes", "time_us", "split"});
  table.add_row({"RTX 4090", "2", "my desktop", "pcie4 x16", "all_reduce", "1024", "20", "held_out"});
  EXPECT_EQ(recognise(table).evaluate(table, {}).predictions.at(0).group, "unseen rigs: pcie staged");
  table.add_row({"RTX 4090", "2", "my desktop", "pcie4 x16", "all_reduce", "2048", "20", "fit"});
  EXPECT_EQ(recognise(table).evaluate(table, {}).predictions.at(0).group, "known rigs: pcie staged");
}

TEST(Collectives, ARigsOwnRowMovesItsPredictions) {
  const std::vector<std::string> call = {"RTX 4090", "2", "desktop", "pcie4 x16", "all_reduce", "67108864"};
  const double before = call_times({call}).front();
  std::vector<std::string> slow = call;
  slow.insert(slow.end(), {std::to_string(3.0 * before), "fit"});
  const double after = call_times({call}, slow).front();
  EXPECT_GT(after, 1.2 * before);
  EXPECT_LT(after, 3.0 * before);
}

struct Rig {
  std::string cards = "1";
  std::string link = "none";
  std::string parallelism = "tp1";
  std::string concurrency = "1";
  std::string quantity = "output_tok_s";
};

std::vector<double> speeds(const std::vector<Rig>& rigs) {
  MeasurementTable table("rigs",
                         {"gpu", "num_gpus", "link", "engine", "model", "quant", "parallelism", "concurrency", "quantity"});
  for (const Rig& r : rigs) {
    table.add_row({"RTX 3090", r.cards, r.link, "vllm", "Qwen3-14B", "awq-int4", r.parallelism, r.concurrency, r.quantity});
  }
  std::vector<double> values;
  for (const Prediction& p : recognise(table).evaluate(table, {}).predictions) {
    values.push_back(p.estimate.value_or(Estimate{}).value);
  }
  return values;
}

TEST(TpScaling, TwoCardsAreFasterThanOneAndABetterLinkHelps) {
  const auto values = speeds({{},
                              {.cards = "2", .link = "PCIe x4/x4", .parallelism = "tp2"},
                              {.cards = "2", .link = "PCIe P2P patched", .parallelism = "tp2"},
                              {.cards = "2", .link = "NVLink", .parallelism = "tp2"}});
  EXPECT_LT(values.at(0), values.at(1));
  EXPECT_LE(values.at(1), values.at(2));
  EXPECT_LE(values.at(2), values.at(3));
}

TEST(TpScaling, ReplicasServeManyUsersAndNotOne) {
  const Rig one_copy = {.concurrency = "1"};
  const Rig copies = {.cards = "4", .link = "PCIe", .parallelism = "tp1+4 instances", .concurrency = "1"};
  Rig busy_copy = one_copy;
  busy_copy.concurrency = "16";
  Rig busy_copies = copies;
  busy_copies.concurrency = "64";
  const auto values = speeds({one_copy, copies, busy_copy, busy_copies});
  EXPECT_NEAR(values.at(1) / values.at(0), 1.0, 0.3);
  EXPECT_NEAR(values.at(3) / values.at(2), 4.0, 1.0);
}

TEST(TpScaling, SaysWhetherCardsAreFasterThanOneWhereTheyDiffer) {
  MeasurementTable table("rigs", {"source", "gpu", "num_gpus", "link", "engine", "model", "quant", "parallelism", "concurrency",
                                  "quantity", "notes", "value"});
  const auto add = [&](const std::string& cards, const std::string& notes, const std::string& value) {
    const std::string link = cards == "1" ? "none" : "NVLink";
    table.add_row(
        {"bench@1", "RTX 3090", cards, link, "vllm", "Qwen3-14B", "awq-int4", "tp" + cards, "1", "output_tok_s", notes, value});
  };
  add("1", "ctx=8192; prompt=512", "50");
  add("2", "ctx=16384; prompt=512", "80");
  add("2", "ctx=8192; prompt=512", "40");
  add("2", "ctx=8192; prompt=512", "52");   // within 10 %
  add("2", "ctx=8192; prompt=2048", "80");  // no such run on one card
  add("2", "ctx=8192; prompt=512", "");     // not measured
  const std::vector<Prediction> directions = recognise(table).evaluate(table, {}).derived;
  ASSERT_EQ(directions.size(), 3U);
  for (const Prediction& direction : directions) {
    EXPECT_EQ(direction.quantity, "outcome");
    EXPECT_EQ(direction.estimate.value_or(Estimate{}).value, 1.0);
  }
  EXPECT_EQ(directions.at(0).measured, 1.0);
  EXPECT_EQ(directions.at(1).measured, 0.0);
  EXPECT_FALSE(directions.at(2).measured);
}

std::vector<double> offloaded(const std::vector<std::pair<std::string, std::string>>& dram_and_setting,
                              const std::string& model = "Qwen3-30B-A3B") {
  MeasurementTable table("offloaded", {"gpu", "cpu", "dram_gb_s", "engine", "model", "quant", "ngl_or_offload",
                                       "bytes_on_gpu_gib", "bytes_on_cpu_gib", "quantity", "threads"});
  for (const auto& [dram, setting] : dram_and_setting) {
    table.add_row({"RTX 3090", "Ryzen 9 9950X", dram, "llama.cpp", model, "Q4_K_M", setting, "", "", "decode_tok_s", "16"});
  }
  std::vector<double> values;
  for (const Prediction& p : recognise(table).evaluate(table, {}).predictions) {
    values.push_back(p.estimate.value_or(Estimate{}).value);
  }
  return values;
}

TEST(Offload, FasterMemoryAndMoreLayersOnTheCardHelp) {
  const auto by_memory = offloaded({{"40", "n-cpu-moe=40"}, {"80", "n-cpu-moe=40"}, {"160", "n-cpu-moe=40"}});
  EXPECT_TRUE(std::is_sorted(by_memory.begin(), by_memory.end()));
  const auto by_layers = offloaded({{"80", "n-cpu-moe=48"}, {"80", "n-cpu-moe=24"}, {"80", "n-cpu-moe=4"}});
  EXPECT_TRUE(std::is_sorted(by_layers.begin(), by_layers.end()));
  EXPECT_GT(by_layers.back(), 1.5 * by_layers.front());
}

TEST(Offload, LayersOfADenseModelTakeTheirShareOfTheCardsTimeAndOfTheMemorys) {
  const std::string model = "Qwen3-32B";
  const auto rates = offloaded({{"80", "ngl=0"}, {"80", "ngl=16"}, {"80", "ngl=32"}, {"80", "ngl=48"}}, model);
  EXPECT_TRUE(std::is_sorted(rates.begin(), rates.end()));
  // Each sixteen layers that move save as much time, but for what single ones store in more bits.
  const double first = 1.0 / rates.at(0) - 1.0 / rates.at(1);
  EXPECT_NEAR((1.0 / rates.at(2) - 1.0 / rates.at(3)) / first, 1.0, 0.05);
  // With all layers on the card, memory does not matter.
  const auto all = offloaded({{"40", "ngl=99"}, {"160", "ngl=99"}}, model);
  EXPECT_NEAR(all.at(0) / all.at(1), 1.0, 1e-6);
  EXPECT_GT(all.at(0), 3.0 * rates.at(3));
}

TEST(Offload, AHeadThatIsTheEmbeddingIsReadWhereItLies) {
  // Gemma's is a seventh of its bytes: without it on the card the host reads more than one layer.
  const auto rates = offloaded({{"80", "ngl=47"}, {"80", "ngl=48"}, {"80", "ngl=49"}}, "gemma-3-12b");
  const double layer = 1.0 / rates.at(0) - 1.0 / rates.at(1);
  const double head = 1.0 / rates.at(1) - 1.0 / rates.at(2);
  EXPECT_GT(layer, 0.0);
  EXPECT_GT(head, 3.0 * layer);
}

TEST(Offload, RowsThatNameNoMachineAreTheirAuthors) {
  MeasurementTable table("offloaded", {"source", "gpu", "cpu", "engine", "model", "quant", "ngl_or_offload", "bytes_on_gpu_gib",
                                       "bytes_on_cpu_gib", "quantity", "threads", "dram_gb_s"});
  for (const char* source : {"ikawrakow/ik_llama.cpp#260 by ubergarm", "ikawrakow/ik_llama.cpp#999 by nobody"}) {
    table.add_row({source, "NVIDIA RTX A6000", "", "ik_llama.cpp", "deepseek2 671B IQ2_K_R4 - 2.375 bpw", "",
                   "ngl=63 ot=exps=CPU", "", "", "decode_tok_s", "", ""});
  }
  const std::vector<Prediction> predictions = recognise(table).evaluate(table, {}).predictions;
  const auto width = [&](std::size_t i) {
    const Estimate estimate = predictions.at(i).estimate.value_or(Estimate{});
    return estimate.high / estimate.low;
  };
  EXPECT_LT(1.5 * width(0), width(1));  // rows of the first one's machine were fitted
}

}  // namespace
}  // namespace labtwin::calibration
