#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

#include "models/workload/agent_chain.hpp"
#include "models/workload/trace_formats.hpp"

namespace labtwin::workload {
namespace {

constexpr double kCharactersPerToken = 4.0;

/// The header of a table, and its rows by the names of columns.
class Columns {
 public:
  explicit Columns(std::string_view header) {
    for (const std::string_view name : split(header)) columns_.emplace(name, columns_.size());
    num_columns_ = split(header).size();
  }

  [[nodiscard]] bool has(std::string_view column) const { return columns_.contains(column); }
  [[nodiscard]] bool has_all(std::initializer_list<std::string_view> columns) const {
    return std::all_of(columns.begin(), columns.end(), [this](std::string_view one) { return one.empty() || has(one); });
  }
  /// The row under way; false, and a complaint, if it has other columns.
  [[nodiscard]] bool take(std::string_view line, TraceDraft& draft) {
    cells_ = split(line);
    if (cells_.size() == num_columns_) return true;
    draft.complain("", "", "must have as many cells as the header");
    return false;
  }
  [[nodiscard]] std::string_view cell(std::string_view column) const { return cells_[columns_.find(column)->second]; }
  /// Empty cells, and columns that are not there, have no number.
  [[nodiscard]] std::optional<double> optional_number(std::string_view column) const {
    return has(column) ? number(cell(column)) : std::nullopt;
  }
  [[nodiscard]] std::optional<double> amount(std::string_view column, TraceDraft& draft) const {
    const auto value = number(cell(column));
    if (value && *value >= 0.0) return value;
    draft.complain(column, cell(column), "must be a number >= 0");
    return std::nullopt;
  }
  [[nodiscard]] std::optional<double> time(std::string_view column, bool is_date, TraceDraft& draft) const {
    const auto value = is_date ? instant(cell(column)) : number(cell(column));
    if (!value) draft.complain(column, cell(column), "must be a time");
    return value;
  }

 private:
  std::map<std::string, std::size_t, std::less<>> columns_;
  std::size_t num_columns_ = 0;
  Cells cells_;
};

/// A table with a row for a request: the columns that hold time, prompt, output and conversation.
struct RequestColumns {
  std::string_view name;
  std::string_view time;  ///< empty: none
  std::string_view prompt;
  std::string_view output;
  std::string_view session = {};  ///< where there is such a column
  bool has_dates = false;
};

constexpr std::array<RequestColumns, 4> kRequestTables{{
    {.name = "azure", .time = "TIMESTAMP", .prompt = "ContextTokens", .output = "GeneratedTokens", .has_dates = true},
    {.name = "splitwise", .time = "arrived_at", .prompt = "num_prefill_tokens", .output = "num_decode_tokens"},
    {.name = "burstgpt", .time = "Timestamp", .prompt = "Request tokens", .output = "Response tokens", .session = "Session ID"},
    {.name = "lengths", .time = "", .prompt = "num_prefill_tokens", .output = "num_decode_tokens"},
}};

class RequestTable final : public TraceFormat {
 public:
  RequestTable(Columns columns, const RequestColumns& format) : columns_(std::move(columns)), format_(&format) {}

  void read(std::string_view line, TraceDraft& draft) override {
    if (std::exchange(is_header_, false) || !columns_.take(line, draft)) return;
    const auto at = format_->time.empty() ? std::optional(0.0) : columns_.time(format_->time, format_->has_dates, draft);
    if (!at) return;
    const auto prompt = columns_.amount(format_->prompt, draft);
    if (!prompt) return;
    const auto output = columns_.amount(format_->output, draft);
    if (!output) return;
    TraceRequest request{.at = Seconds::from_base(*at), .prompt_tokens = *prompt, .output_tokens = *output};
    if (!format_->session.empty() && columns_.has(format_->session)) {
      request.session = draft.session(columns_.cell(format_->session));
    }
    draft.add(std::move(request));
  }

 private:
  bool is_header_ = true;
  Columns columns_;
  const RequestColumns* format_;
};

/// A table with a row for a step of an agent. What is not there in every such table may be missing.
struct StepColumns {
  std::string_view name;
  std::string_view session;
  std::string_view time;
  std::string_view prompt;
  std::string_view output;
  std::string_view shared;   ///< units that the prompt has in common with what came before
  double tokens_per_shared;  ///< of such a unit
  double units_per_token;    ///< of prompts and outputs
  bool has_clock;            ///< times count from one moment in all sessions
  bool keeps_answers;        ///< what is shared may go on into the answer before
};

constexpr std::array<StepColumns, 2> kStepTables{{
    {"agentic", "trace_id", "t_s", "input_tokens", "output_tokens", "prefix_blocks_already_seen_in_this_conversation", 64.0,
     1.0, false, false},
    {"chars", "session_id", "timestamp_s", "input_chars", "output_chars", "shared_prefix_chars_with_previous_step",
     1.0 / kCharactersPerToken, kCharactersPerToken, true, true},
}};

class StepTable final : public TraceFormat {
 public:
  StepTable(Columns columns, const StepColumns& format) : columns_(std::move(columns)), format_(&format) {}

  void read(std::string_view line, TraceDraft& draft) override {
    if (std::exchange(is_header_, false) || !columns_.take(line, draft)) return;
    const auto at = columns_.time(format_->time, false, draft);
    if (!at) return;
    const auto prompt = columns_.amount(format_->prompt, draft);
    if (!prompt) return;
    const auto output = columns_.amount(format_->output, draft);
    if (!output) return;
    const std::string session(columns_.cell(format_->session));
    TraceRequest request{.prompt_tokens = *prompt / format_->units_per_token,
                         .output_tokens = *output / format_->units_per_token,
                         .session = draft.session(session)};
    Agent& agent = agent_of(session, columns_.has("agent") ? columns_.cell("agent") : std::string_view());
    if (columns_.has(format_->shared)) {
      const double shared = columns_.optional_number(format_->shared).value_or(0.0) * format_->tokens_per_shared;
      request.texts = agent.prompt.next(shared, extent(request), draft);
    }
    agent.chain.add(
        std::move(request),
        {.at = *at, .answering = columns_.optional_number("api_time_s"), .pause = columns_.optional_number("think_time_s")},
        draft);
  }

 private:
  struct Agent {
    AgentChain chain;
    GrowingPrompt prompt{};
    std::vector<const Agent*> helpers{};  ///< that its last step started
  };

  /// Tokens that others may share with it.
  [[nodiscard]] double extent(const TraceRequest& request) const {
    if (format_->keeps_answers) return request.prompt_tokens + request.output_tokens;
    const double whole_units = request.prompt_tokens / format_->tokens_per_shared;
    return std::floor(whole_units) * format_->tokens_per_shared;
  }

  /// Names of agents are paths: `main/agent_001` was started by `main`.
  Agent& agent_of(const std::string& session, std::string_view path) {
    const auto place = [&](std::string_view name) { return session + '\n' + std::string(name); };
    auto found = agents_.find(place(path));
    if (found == agents_.end()) {
      const auto slash = path.rfind('/');
      const auto starter = slash == std::string_view::npos ? agents_.end() : agents_.find(place(path.substr(0, slash)));
      const bool is_started = starter != agents_.end();
      const AgentChain chain(is_started ? starter->second.chain.last() : std::nullopt);
      found = agents_.emplace(place(path), Agent{.chain = chain}).first;
      if (is_started) starter->second.helpers.push_back(&found->second);
    }
    // Whoever goes on has waited for those that it started.
    for (const Agent* helper : std::exchange(found->second.helpers, {})) found->second.chain.wait_for(helper->chain);
    return found->second;
  }

  bool is_header_ = true;
  Columns columns_;
  const StepColumns* format_;
  std::map<std::string, Agent, std::less<>> agents_;  ///< by session and path
};

}  // namespace

std::unique_ptr<TraceFormat> make_request_table(std::string_view line, TraceDraft& draft) {
  Columns columns(line);
  for (const RequestColumns& format : kRequestTables) {
    if (!columns.has_all({format.time, format.prompt, format.output})) continue;
    draft.trace.format = format.name;
    draft.trace.has_clock = !format.time.empty();
    return std::make_unique<RequestTable>(std::move(columns), format);
  }
  return nullptr;
}

std::unique_ptr<TraceFormat> make_step_table(std::string_view line, TraceDraft& draft) {
  Columns columns(line);
  for (const StepColumns& format : kStepTables) {
    if (!columns.has_all({format.session, format.time, format.prompt, format.output})) continue;
    draft.trace.format = format.name;
    draft.trace.has_clock = format.has_clock;
    return std::make_unique<StepTable>(std::move(columns), format);
  }
  return nullptr;
}

}  // namespace labtwin::workload
