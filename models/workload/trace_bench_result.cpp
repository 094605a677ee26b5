#include <fmt/format.h>
#include <cmath>
#include <nlohmann/json.hpp>

#include "models/base/distribution.hpp"
#include "models/base/rng.hpp"
#include "models/workload/trace_formats.hpp"

namespace labtwin::workload {
namespace {

/// The result of `vllm bench serve`: one object, over many lines or in one (vllm).
class BenchResult final : public TraceFormat {
 public:
  void read(std::string_view line, TraceDraft& /*draft*/) override { text_.append(line).append("\n"); }

  void finish(TraceDraft& draft) override {
    const nlohmann::json result = nlohmann::json::parse(text_, nullptr, false);
    if (!result.is_object()) return draft.complain("", "", "must be a JSON object: the file is cut off or was edited");
    const auto list = [&](const char* key) {
      return result.contains(key) && result[key].is_array() ? result[key] : nlohmann::json();
    };
    const nlohmann::json prompts = list("input_lens");
    const nlohmann::json outputs = list("output_lens");
    const nlohmann::json starts = list("start_times");
    if (prompts.empty() || outputs.size() != prompts.size()) {
      return draft.complain("input_lens", "", "and output_lens must list every request: save the result with --save-detailed");
    }
    const auto times = starts.size() == prompts.size() ? std::optional<Arrivals>() : arrivals_of(result, draft);
    if (starts.size() != prompts.size() && !times) return;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      const double at = times ? times->at(i) : starts[i].is_number() ? starts[i].get<double>() : -1.0;
      if (!prompts[i].is_number() || !outputs[i].is_number() || !std::isfinite(at)) {
        return draft.complain("input_lens", fmt::format("request {}", i), "must have numbers for lengths and start");
      }
      // A request that failed has no output.
      if (outputs[i].get<double>() <= 0.0) continue;
      draft.add(
          {.at = Seconds::from_base(at), .prompt_tokens = prompts[i].get<double>(), .output_tokens = outputs[i].get<double>()});
    }
  }

 private:
  /// When the client asked, where the result keeps no times: all at once, or at its rate with gaps drawn as vLLM draws them,
  /// but from numbers of our own.
  struct Arrivals {
    std::vector<double> times;
    [[nodiscard]] double at(std::size_t i) const { return times.empty() ? 0.0 : times[i]; }
  };
  std::optional<Arrivals> arrivals_of(const nlohmann::json& result, TraceDraft& draft) {
    const nlohmann::json rate = result.contains("request_rate") ? result["request_rate"] : nlohmann::json();
    const bool is_limited = result.contains("max_concurrency") && result["max_concurrency"].is_number();
    if (rate.is_number() && rate.get<double>() > 0.0 && !is_limited) {
      const double burstiness =
          result.contains("burstiness") && result["burstiness"].is_number() ? result["burstiness"].get<double>() : 1.0;
      const Distribution gaps = Distribution::gamma(1.0 / rate.get<double>(), 1.0 / std::sqrt(burstiness));
      const RandomStream luck = RandomSource(0, 0).stream("trace.vllm");
      Arrivals arrivals;
      double now = 0.0;
      for (std::size_t i = 0; i < result["input_lens"].size(); ++i) {
        arrivals.times.push_back(now);
        now += gaps.quantile(luck.uniform(i));
      }
      return arrivals;
    }
    if (!is_limited) return Arrivals{};
    draft.complain("start_times", "",
                   "are missing, and with max_concurrency the server decided when requests came: save the result with a "
                   "version of vLLM that keeps them, or let users ask in a closed loop");
    return std::nullopt;
  }

  std::string text_;
};

}  // namespace

std::unique_ptr<TraceFormat> make_bench_result(std::string_view line, TraceDraft& draft) {
  const bool is_result = line == "{" || (line.starts_with('{') && line.find("\"num_prompts\"") != std::string_view::npos);
  if (!is_result) return nullptr;
  draft.trace.format = "vllm";
  return std::make_unique<BenchResult>();
}

}  // namespace labtwin::workload
