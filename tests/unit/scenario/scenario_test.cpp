#include "sim/scenario/scenario.hpp"

#include <gtest/gtest.h>

#include <string>

namespace labtwin {
namespace {

const std::string kText = R"(horizon = "2 h"
warm_up = "5 min"
[lab.nodes.box]
cpu = { cores = 2, clock = "4.5 GHz" }
memory = { size = "24 GiB" }
drives.nvme0 = { part = "vm-zen5-2vcpu-virtio" }
gpus.gpu0 = { part = "rtx-3090" }
[services.etl]
type = "etl_job"
node = "box"
drive = "nvme0"
read = { block = "1 MiB", depth = 4 }
duration = "1 h"
rate_limit = "1 MB/s"
[services.vectors]
type = "vector_store"
node = "box"
drive = "nvme0"
index = { kind = "graph", vectors = 2e5, dimension = 384 }
cost = { round = "50 us" }
[services.llm]
type = "llm_server"
node = "box"
gpu = "gpu0"
model = "llama-3-8b"
quant = "q4_k_m"
[workloads.agents]
type = "agents"
profile = "campus_rag"
arrivals = { process = "closed_loop", users = 2 }
vector_store = "vectors"
llm = "llm"
retrieve_timeout = "30 s"
llm_timeout = "60 s"
)";

Scenario read(const std::string& text, std::vector<Override> overrides = {}) {
  return Scenario::read({"s.toml", text, ".", std::move(overrides)});
}

std::string error_of(const std::string& text, std::vector<Override> overrides = {}) {
  try {
    static_cast<void>(read(text, std::move(overrides)));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Scenario, ResolvesDefaults) {
  const Scenario scenario = read(kText);
  EXPECT_EQ(scenario.name, "s");
  EXPECT_EQ(scenario.seed, 1U);
  EXPECT_EQ(scenario.replications, 16);
  EXPECT_EQ(scenario.focus, "agents");
  ASSERT_EQ(scenario.services.size(), 3U);
  EXPECT_NE(find_service<EtlJobSpec>(scenario.services, "etl"), nullptr);
  EXPECT_EQ(scenario.warm_up, 300_s);
  ASSERT_EQ(scenario.lab.nodes.size(), 1U);
  EXPECT_EQ(scenario.lab.nodes[0].cpu.clock, PerSecond::from_base(4.5e9));
  EXPECT_NE(resolved_json(scenario).find("\"memory\": {\n          \"size\": \"24 GiB\""), std::string::npos)
      << resolved_json(scenario);
}

TEST(Scenario, OverridesReachTheLab) {
  EXPECT_EQ(read(kText, {{"lab.nodes.box.cpu.cores", "8"}}).lab.nodes[0].cpu.cores, 8);
  EXPECT_EQ(error_of(kText, {{"lab.nodes.box.cpu.cores", "0"}}),
            "override: lab.nodes.box.cpu.cores = 0: must be between 1 and 4096");
}

TEST(Scenario, AWhatIfIsASetOfOverridesQuotedOrNot) {
  const Scenario scenario = read(kText +
                                 "[[what_if]]\nname = \"a\"\nset = { \"services.etl.rate_limit\" = \"2 MB/s\" }\n"
                                 "[[what_if]]\nname = \"b\"\nset.services.etl.read = { depth = 8 }\n"
                                 "[[what_if]]\nname = \"c\"\nset = { \"services.etl.read\" = { depth = 8 } }\n");
  ASSERT_EQ(scenario.what_ifs.size(), 3U);
  EXPECT_EQ(scenario.what_ifs[0].set.at(0).key, "services.etl.rate_limit");
  EXPECT_EQ(scenario.what_ifs[0].set.at(0).value, "\"2 MB/s\"");
  EXPECT_EQ(scenario.what_ifs[1].set.at(0).key, "services.etl.read.depth");
  EXPECT_EQ(scenario.what_ifs[2].set.at(0).value, "{ depth = 8 }");
}

TEST(Scenario, AMistakeInAWhatIfOrSweepPointShowsBeforeARun) {
  EXPECT_EQ(error_of(kText + "[[what_if]]\nname = \"a\"\nset = { \"lab.nodes.box.memory.size\" = \"0 B\" }\n"
                             "[sweep]\nkey = \"seed\"\nvalues = [1, \"x\"]\n"),
            "s.toml:37:39: lab.nodes.box.memory.size = \"0 B\": in what-if \"a\": must be > 0 B\n"
            "s.toml:40:10: seed = \"x\": in sweep point \"x\": must be an integer, not a string");
}

TEST(Scenario, ReferencesMustLeadSomewhere) {
  EXPECT_EQ(error_of(kText + "[[slo]]\nworkload = \"agent\"\nmetric = \"p95\"\nlimit = \"8 s\"\n"
                             "[[slo]]\nworkload = \"agents\"\nmetric = \"failed_fraction\"\nlimit = 2\n"),
            "s.toml:36:12: slo[0].workload = \"agent\": must be one of agents (did you mean \"agents\"?)\n"
            "s.toml:42:9: slo[1].limit = 2: must be between 0 and 1");
  EXPECT_EQ(error_of(kText + "[[slo]]\nworkload = \"agents\"\nstage = \"lm\"\nmetric = \"p95\"\nlimit = \"8 s\"\n"),
            "s.toml:37:9: slo[0].stage = \"lm\": must be one of itl, llm, retrieve, tpot, ttft (did you mean \"llm\"?)");
  EXPECT_EQ(error_of("horizon = \"1 h\"\nwarm_up = \"2 h\"\nlab = \"labs/none.toml\"\n"),
            "s.toml:2:11: warm_up = \"2 h\": must be shorter than the horizon\n"
            "s.toml:3:7: lab = \"labs/none.toml\": there is no such file");
}

}  // namespace
}  // namespace labtwin
