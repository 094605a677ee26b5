// Outputs of llama-bench, vllm bench serve, Ollama and llama-server as those tools document them, and damaged ones.

#include "models/calibration/llm_output.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/base/error.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {
namespace {

constexpr const char* kBenchJson = R"([
  {"build_commit": "8cf427ff", "build_number": 5163, "cpu_info": "AMD Ryzen 7 7800X3D", "gpu_info": "NVIDIA GeForce RTX 4080",
   "backends": "CUDA", "model_filename": "models/Qwen2.5-7B-Instruct-Q4_K_M.gguf", "model_type": "qwen2 7B Q4_K - Medium",
   "model_size": 4677120000, "model_n_params": 7615616512, "n_batch": 2048, "n_ubatch": 512, "n_threads": 8, "type_k": "f16",
   "type_v": "f16", "n_gpu_layers": 99, "split_mode": "layer", "main_gpu": 0, "flash_attn": false, "n_prompt": 512, "n_gen": 0,
   "n_depth": 0, "test_time": "2025-04-24T11:57:09Z", "avg_ns": 70285660, "stddev_ns": 982040, "avg_ts": 7285.676949,
   "stddev_ts": 100.064434, "samples_ns": [70285660], "samples_ts": [7285.676949]},
  {"build_commit": "8cf427ff", "build_number": 5163, "cpu_info": "AMD Ryzen 7 7800X3D", "gpu_info": "NVIDIA GeForce RTX 4080",
   "backends": "CUDA", "model_filename": "models/Qwen2.5-7B-Instruct-Q4_K_M.gguf", "model_type": "qwen2 7B Q4_K - Medium",
   "model_size": 4677120000, "model_n_params": 7615616512, "n_ubatch": 512, "n_gpu_layers": 99, "split_mode": "layer",
   "flash_attn": true, "n_prompt": 0, "n_gen": 128, "n_depth": 4096, "test_time": "2025-04-24T11:57:10Z", "avg_ts": 118.8}
])";

constexpr const char* kBenchTable = R"(ggml_cuda_init: found 2 CUDA devices:
  Device 0: NVIDIA GeForce RTX 3090, compute capability 8.6, VMM: yes
  Device 1: NVIDIA GeForce RTX 3090, compute capability 8.6, VMM: yes
| model                          |       size |     params | backend    | ngl | fa |          test |                  t/s |
| ------------------------------ | ---------: | ---------: | ---------- | --: | -: | ------------: | -------------------: |
| llama 7B Q4_0                  |   3.56 GiB |     6.74 B | CUDA       |  99 |  1 |         pp512 |      4876.21 ± 11.02 |
| llama 7B Q4_0                  |   3.56 GiB |     6.74 B | CUDA       |  99 |  1 | tg128 @ d4096 |        125.40 ± 0.31 |
| llama 7B Q4_0                  |   3.56 GiB |     6.74 B | CUDA       |  99 |  1 |   pp512+tg128 |        530.00 ± 1.00 |

build: 8cf427ff (5163)
)";

constexpr const char* kOllama = R"({"model": "llama3.1:8b-instruct-q4_K_M", "created_at": "2025-08-04T19:22:45.499127Z",
  "response": "The sky is blue", "done": true, "context": [1, 2, 3], "total_duration": 5043500667, "load_duration": 5025959,
  "prompt_eval_count": 260, "prompt_eval_duration": 130000000, "eval_count": 290, "eval_duration": 2900000000})";

constexpr const char* kServer = R"({"model": "Qwen3-8B-Q8_0.gguf", "content": "Hello", "stop": true,
  "timings": {"cache_n": 236, "prompt_n": 100, "prompt_ms": 50.0, "prompt_per_token_ms": 0.5, "prompt_per_second": 2000.0,
    "predicted_n": 35, "predicted_ms": 700.0, "predicted_per_token_ms": 20.0, "predicted_per_second": 50.0}})";

constexpr const char* kVllm = R"({"date": "20260711-101500", "endpoint_type": "vllm", "label": null,
  "model_id": "meta-llama/Llama-3.1-8B-Instruct", "tokenizer_id": "meta-llama/Llama-3.1-8B-Instruct", "num_prompts": 2,
  "request_rate": "inf", "burstiness": 1.0, "max_concurrency": 2, "duration": 4.0, "completed": 2, "total_input_tokens": 2000,
  "total_output_tokens": 6, "request_throughput": 0.5, "output_throughput": 1.5, "total_token_throughput": 501.5,
  "input_lens": [1000, 1000], "output_lens": [3, 3], "ttfts": [1.0, 1.0], "itls": [[1.0, 1.0], [1.5, 1.5]],
  "generated_texts": ["", ""], "errors": ["", ""], "median_ttft_ms": 1000.0, "mean_tpot_ms": 1250.0, "median_itl_ms": 1250.0})";

Manifest card(std::string device) {
  Manifest manifest;
  manifest.device = std::move(device);
  return manifest;
}

MeasurementTable read(const char* text, const Manifest& manifest = {}) {
  const std::vector<ToolOutput> outputs = {{"out.json", text}};
  return read_tool_outputs("set", outputs, manifest);
}

std::string error_of(const std::vector<ToolOutput>& outputs, const Manifest& manifest = {}) {
  try {
    static_cast<void>(read_tool_outputs("set", outputs, manifest));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

void expect_said(const std::string& error, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) EXPECT_NE(error.find(part), std::string::npos) << "`" << part << "` in " << error;
}

TEST(LlamaBench, JsonTellsPrefillAndDecode) {
  const MeasurementTable table = read(kBenchJson);
  ASSERT_EQ(table.num_rows(), 2U);
  EXPECT_EQ(table.text(0, "quantity"), "prefill_tok_s");
  EXPECT_NEAR(table.number(0, "value").value_or(0.0), 7285.676949, 1e-4);
  EXPECT_EQ(table.number(0, "prompt_tokens"), 512.0);
  EXPECT_EQ(table.text(0, "gpu"), "NVIDIA GeForce RTX 4080");
  EXPECT_EQ(table.text(0, "backend"), "cuda");
  EXPECT_EQ(table.text(0, "quant"), "Q4_K - Medium");
  EXPECT_EQ(table.text(0, "engine_version"), "b5163");
  EXPECT_EQ(table.text(0, "date"), "2025-04-24");
  EXPECT_EQ(table.text(0, "flash_attn"), "0");
  EXPECT_NEAR(table.number(0, "weights_gib").value_or(0.0), 4677120000.0 / 1073741824.0, 1e-6);
  EXPECT_EQ(table.text(1, "quantity"), "decode_tok_s");
  EXPECT_EQ(table.number(1, "gen_tokens"), 128.0);
  EXPECT_EQ(table.number(1, "context_depth"), 4096.0);
  EXPECT_EQ(table.split(1), Split::HeldOut);
}

TEST(LlamaBench, MarkdownTellsTheSameAndItsCardsStandAbove) {
  const MeasurementTable table = read(kBenchTable);
  ASSERT_EQ(table.num_rows(), 3U);
  EXPECT_EQ(table.text(0, "gpu"), "NVIDIA GeForce RTX 3090");
  EXPECT_EQ(table.number(0, "num_gpus"), 2.0);
  EXPECT_EQ(table.text(0, "quant"), "Q4_0");
  EXPECT_EQ(table.number(0, "value"), 4876.21);
  EXPECT_EQ(table.number(0, "params_b"), 6.74);
  EXPECT_EQ(table.text(1, "quantity"), "decode_tok_s");
  EXPECT_EQ(table.number(1, "context_depth"), 4096.0);
  EXPECT_EQ(table.split(2), Split::Neither) << "one rate for a prompt and an answer";
}

TEST(LlamaBench, SaysWhatIsWrongAndWhere) {
  const std::string whole = kBenchJson;
  expect_said(error_of({{"cut.json", whole.substr(0, whole.size() / 2)}}), {"cut.json", "no complete JSON", "run it again"});
  expect_said(
      error_of({{"old.json", R"([{"build_commit": "a", "model_type": "llama 7B Q4_0", "n_prompt": 512, "n_gen": 0}])"}}),
      {"old.json", "test 1 holds no `avg_ts`", "llama-bench -o json"});
  const std::string table = kBenchTable;
  expect_said(error_of({{"cut.md", table.substr(0, table.find("pp512 |"))}}), {"cut.md:6", "the line was cut off"});
  const std::string bare = table.substr(table.find("| model"));
  expect_said(error_of({{"bare.md", bare}}), {"bare.md", "which card", "manifest.toml"});
  EXPECT_EQ(error_of({{"bare.md", bare}}, card("2x RTX 3090")), "");
  expect_said(error_of({{"a.json", kBenchJson}, {"b.json", kOllama}}, card("RTX 3090")),
              {"b.json", "Ollama", "llama-bench", "one folder for each tool"});
}

TEST(LlmTimings, OllamaTellsDurationsInNanoseconds) {
  const MeasurementTable table = read(kOllama, card("RTX 3090"));
  ASSERT_EQ(table.num_rows(), 2U);
  EXPECT_EQ(table.text(0, "quantity"), "prefill_tok_s");
  EXPECT_NEAR(table.number(0, "value").value_or(0.0), 2000.0, 1e-6);
  EXPECT_NEAR(table.number(1, "value").value_or(0.0), 100.0, 1e-6);
  EXPECT_EQ(table.number(1, "context_depth"), 260.0);
  EXPECT_EQ(table.text(1, "quant"), "q4_K_M");
  EXPECT_EQ(table.text(1, "engine"), "ollama");
}

TEST(LlmTimings, OfAStreamTheLastPieceCounts) {
  const std::string piece =
      R"({"model": "llama3.1:8b", "created_at": "2025-08-04T08:52:19Z", "response": "The", "done": false})";
  std::string last = kOllama;
  for (char& c : last) c = c == '\n' ? ' ' : c;
  EXPECT_EQ(read((piece + "\n" + piece + "\n" + last + "\n").c_str(), card("RTX 3090")).num_rows(), 2U);
  expect_said(error_of({{"cut.jsonl", piece + "\n" + piece + "\n"}}, card("RTX 3090")),
              {"cut.jsonl", "no `eval_duration`", "cut off", "stream"});
  expect_said(error_of({{"cut.jsonl", piece + "\n" + last.substr(0, 200)}}, card("RTX 3090")),
              {"cut.jsonl:2", "no complete JSON"});
}

TEST(LlmTimings, ServerCountsWhatWasNotCached) {
  const MeasurementTable table = read(kServer, card("RTX 3090"));
  ASSERT_EQ(table.num_rows(), 2U);
  EXPECT_NEAR(table.number(0, "value").value_or(0.0), 2000.0, 1e-6);
  EXPECT_EQ(table.number(0, "context_depth"), 236.0);
  EXPECT_NEAR(table.number(1, "value").value_or(0.0), 50.0, 1e-6);
  EXPECT_EQ(table.number(1, "context_depth"), 336.0);
  EXPECT_EQ(table.text(1, "quant"), "Q8_0");
  expect_said(error_of({{"x.json", kServer}}), {"x.json", "which card", "device"});
  const char* empty = R"({"timings": {"prompt_n": 0, "predicted_n": 0, "predicted_ms": 0}})";
  expect_said(error_of({{"x.json", empty}}, card("RTX 3090")), {"x.json", "no tokens", "100 tokens"});
}

TEST(VllmBench, CountsRequestsAtOnceByLittlesLaw) {
  const MeasurementTable table = read(kVllm, card("RTX 4090"));
  ASSERT_EQ(table.num_rows(), 3U);
  EXPECT_EQ(table.text(0, "quantity"), "throughput_out_tok_s");
  EXPECT_EQ(table.number(0, "value"), 1.5);
  // The requests took 3 s and 4 s of a run of 4 s.
  EXPECT_NEAR(table.number(0, "concurrency").value_or(0.0), 7.0 / 4.0, 1e-9);
  EXPECT_EQ(table.number(0, "prompt_tokens"), 1000.0);
  EXPECT_EQ(table.number(0, "gen_tokens"), 3.0);
  EXPECT_EQ(table.text(0, "date"), "2026-07-11");
  EXPECT_EQ(table.text(1, "quantity"), "ttft_ms");
  EXPECT_EQ(table.number(2, "value"), 1250.0);
}

TEST(VllmBench, SaysWhatIsWrongAndWhere) {
  std::string odd = kVllm;
  odd.replace(odd.find("[1.0, 1.0], \"itls\""), 10, "[1.0]");
  expect_said(error_of({{"odd.json", odd}}, card("RTX 4090")), {"odd.json", "`input_lens` has 2", "`ttfts` has 1"});
  std::string none = kVllm;
  none.replace(none.find("\"completed\": 2"), 14, "\"completed\": 0");
  expect_said(error_of({{"none.json", none}}, card("RTX 4090")), {"none.json", "`completed`", "--save-result"});
  std::string failed = kVllm;
  failed.replace(failed.find("\"num_prompts\": 2"), 16, "\"num_prompts\": 5");
  EXPECT_EQ(read(failed.c_str(), card("RTX 4090")).text(0, "flag"), "3 of 5 requests failed");
}

TEST(LlmOutput, OtherJsonIsRefusedWithTheToolsThatAreRead) {
  expect_said(error_of({{"other.json", R"({"hello": "world"})"}}),
              {"other.json", "no output of a tool", "llama-bench", "vllm bench serve", "Ollama"});
}

TEST(LlmOutput, FindsTheQuantisationInNames) {
  EXPECT_EQ(quant_in_name("Llama-3.1-8B-Instruct-Q4_K_M.gguf"), "Q4_K_M");
  EXPECT_EQ(quant_in_name("Qwen3-235B-A22B-UD-Q4_K_XL-00001-of-00003.gguf"), "UD-Q4_K_XL");
  EXPECT_EQ(quant_in_name("llama 8B Q4_K - Medium"), "Q4_K - Medium");
  EXPECT_EQ(quant_in_name("llama3.1:8b-instruct-q8_0"), "q8_0");
  EXPECT_EQ(quant_in_name("meta-llama/Llama-3.1-8B-Instruct"), "");
  EXPECT_EQ(quant_in_name("qwen2.5:7b"), "");
}

}  // namespace
}  // namespace labtwin::calibration
