#include <nlohmann/json.hpp>
#include <utility>

#include "models/workload/trace_formats.hpp"

namespace labtwin::workload {
namespace {

/// Of a `hash_id` of Mooncake.
constexpr double kBlockTokens = 512.0;

/// A request to a line, with its time and lengths (mooncake, ragpulse).
class RequestLines final : public TraceFormat {
 public:
  void read(std::string_view line, TraceDraft& draft) override {
    const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
    if (!object.is_object()) return draft.complain("", "", "must be a JSON object");
    if (!object.contains("timestamp")) return draft.complain("timestamp", "", "is missing");
    const auto prompt = tokens(object, "input_length", draft);
    const auto output = tokens(object, "output_length", draft);
    if (!prompt || !output) return;
    const nlohmann::json& stamp = object["timestamp"];
    // Mooncake counts milliseconds in numbers, RAGPulse seconds in text.
    const auto time = stamp.is_string()   ? number(stamp.get_ref<const std::string&>())
                      : stamp.is_number() ? std::optional(stamp.get<double>() * 1e-3)
                                          : std::nullopt;
    if (!time) return draft.complain("timestamp", stamp.dump(), "must be a time");
    TraceRequest request{.at = Seconds::from_base(*time), .prompt_tokens = *prompt, .output_tokens = *output};
    if (object.contains("session_id") && object["session_id"].is_string()) {
      draft.trace.format = "ragpulse";
      request.session = draft.session(object["session_id"].get_ref<const std::string&>());
    }
    if (const auto ids = object.find("hash_ids"); ids != object.end() && ids->is_array()) {
      request.texts = blocks_.runs(block_numbers(*ids, draft), kBlockTokens, *prompt, draft);
    } else if (ids != object.end() && ids->is_object() && ids->contains("passages_ids")) {
      request.num_passages = static_cast<std::uint32_t>((*ids)["passages_ids"].size());
    }
    draft.add(std::move(request));
  }

 private:
  BlockTexts blocks_;
};

}  // namespace

std::unique_ptr<TraceFormat> make_request_lines(std::string_view line, TraceDraft& draft) {
  const auto has = [line](std::string_view key) { return line.find(key) != std::string_view::npos; };
  if (!line.starts_with('{') || !(has("\"timestamp\"") || has("\"input_length\""))) return nullptr;
  draft.trace.format = "mooncake";
  return std::make_unique<RequestLines>();
}

}  // namespace labtwin::workload
