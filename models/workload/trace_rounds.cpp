#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "models/workload/agent_chain.hpp"
#include "models/workload/trace_formats.hpp"

namespace labtwin::workload {
namespace {

/// Rounds of coding agents, one to a line: what a person or tools said, and what the model answered (tracelab).
class Rounds final : public TraceFormat {
 public:
  void read(std::string_view line, TraceDraft& draft) override {
    const nlohmann::json round = nlohmann::json::parse(line, nullptr, false);
    if (!round.is_object()) return draft.complain("", "", "must be a JSON object");
    const auto name = round.find("session_id");
    if (name == round.end() || !name->is_string()) return draft.complain("session_id", "", "must name the session");
    const auto prompt = tokens(round, "input_tokens_total", draft);
    const auto shared = tokens(round, "prefix_tokens", draft);
    const auto output = tokens(round, "output_tokens", draft);
    if (!prompt || !shared || !output) return;
    const Span span = span_of(round);
    if (!span.asked || !span.answered) {
      return draft.complain("timing_events", "", "must tell when the round was asked for and answered");
    }
    Session& session = sessions_[name->get_ref<const std::string&>()];
    TraceRequest request{.prompt_tokens = *prompt,
                         .output_tokens = *output,
                         .session = draft.session(name->get_ref<const std::string&>()),
                         .texts = session.prompt.next(*shared, *prompt + *output, draft)};
    StepTimes times{.at = *span.asked, .answering = *span.answered - *span.asked};
    if (session.answered) times.pause = *span.asked - *session.answered;
    session.answered = span.answered;
    session.chain.add(std::move(request), times, draft);
  }

 private:
  struct Session {
    AgentChain chain{};
    GrowingPrompt prompt{};
    std::optional<double> answered{};
  };
  /// From the last thing that was said to the model to the last that it said.
  struct Span {
    std::optional<double> asked{};
    std::optional<double> answered{};
  };

  static Span span_of(const nlohmann::json& round) {
    constexpr std::array<std::string_view, 2> kInputs = {"user_message", "tool_result"};
    constexpr std::array<std::string_view, 3> kOutputs = {"reasoning", "text", "tool_call"};
    Span span;
    const auto events = round.find("timing_events");
    if (events == round.end() || !events->is_array()) return span;
    for (const nlohmann::json& event : *events) {
      if (!event.is_object() || !event.contains("timestamp") || !event["timestamp"].is_string()) continue;
      const auto at = instant(event["timestamp"].get_ref<const std::string&>());
      const auto is_one_of = [type = event.value("event_type", "")](const auto& types) {
        return std::find(types.begin(), types.end(), type) != types.end();
      };
      if (at && is_one_of(kInputs)) span.asked = std::max(*at, span.asked.value_or(*at));
      if (at && is_one_of(kOutputs)) span.answered = std::max(*at, span.answered.value_or(*at));
    }
    return span;
  }

  std::map<std::string, Session, std::less<>> sessions_;
};

}  // namespace

std::unique_ptr<TraceFormat> make_rounds(std::string_view line, TraceDraft& draft) {
  if (!line.starts_with('{') || line.find("\"newly_append_tokens\"") == std::string_view::npos) return nullptr;
  draft.trace.format = "tracelab";
  return std::make_unique<Rounds>();
}

}  // namespace labtwin::workload
