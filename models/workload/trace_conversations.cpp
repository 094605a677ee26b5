#include <nlohmann/json.hpp>
#include <utility>

#include "models/workload/agent_chain.hpp"
#include "models/workload/trace_formats.hpp"

namespace labtwin::workload {
namespace {

std::optional<double> optional_number(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

/// Conversations of coding agents, one to a line (weka).
class Conversations final : public TraceFormat {
 public:
  void read(std::string_view line, TraceDraft& draft) override {
    const nlohmann::json conversation = nlohmann::json::parse(line, nullptr, false);
    if (!conversation.is_object()) return draft.complain("", "", "must be a JSON object");
    const auto id = conversation.find("id");
    if (id == conversation.end() || !id->is_string()) return draft.complain("id", "", "must name the conversation");
    const auto block_tokens = tokens(conversation, "block_size", draft);
    if (!block_tokens) return;
    if (*block_tokens < 1.0) return draft.complain("block_size", "", "must be at least one token");
    const auto requests = conversation.find("requests");
    if (requests == conversation.end() || !requests->is_array()) {
      return draft.complain("requests", "", "must be the list of the conversation's requests");
    }
    block_tokens_ = *block_tokens;
    session_ = draft.session(id->get_ref<const std::string&>());
    if (conversation.value("hash_id_scope", "local") != "global") blocks_ = {};
    AgentChain chain;
    read_requests(*requests, chain, draft);
  }

 private:
  /// An entry is a request, or an agent that the one before it started.
  void read_requests(const nlohmann::json& entries, AgentChain& chain, TraceDraft& draft) {
    for (const nlohmann::json& entry : entries) {
      if (!entry.is_object()) return draft.complain("requests", entry.dump(), "must be a JSON object");
      const auto inner = entry.find("requests");
      if (inner == entry.end()) {
        read_request(entry, chain, draft);
      } else if (inner->is_array()) {
        AgentChain helper(chain.last());
        read_requests(*inner, helper, draft);
        chain.wait_for(helper);
      } else {
        draft.complain("requests", "", "must be the list of the agent's requests");
      }
    }
  }

  void read_request(const nlohmann::json& entry, AgentChain& chain, TraceDraft& draft) {
    const auto at = optional_number(entry, "t");
    if (!at) return draft.complain("t", entry.contains("t") ? entry["t"].dump() : "", "must be a time in seconds");
    const auto prompt = tokens(entry, "in", draft);
    const auto output = tokens(entry, "out", draft);
    if (!prompt || !output) return;
    TraceRequest request{.prompt_tokens = *prompt, .output_tokens = *output, .session = session_};
    if (const auto ids = entry.find("hash_ids"); ids != entry.end()) {
      request.texts = blocks_.runs(block_numbers(*ids, draft), block_tokens_, *prompt, draft);
    }
    chain.add(std::move(request),
              {.at = *at, .answering = optional_number(entry, "api_time"), .pause = optional_number(entry, "think_time")},
              draft);
  }

  double block_tokens_ = 1.0;
  std::uint32_t session_ = 0;
  BlockTexts blocks_;
};

}  // namespace

std::unique_ptr<TraceFormat> make_conversations(std::string_view line, TraceDraft& draft) {
  const auto has = [line](std::string_view key) { return line.find(key) != std::string_view::npos; };
  if (!line.starts_with('{') || !has("\"block_size\"") || !has("\"requests\"")) return nullptr;
  draft.trace.format = "weka";
  draft.trace.has_clock = false;
  return std::make_unique<Conversations>();
}

}  // namespace labtwin::workload
