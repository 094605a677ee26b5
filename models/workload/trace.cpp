#include "models/workload/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <istream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "models/base/distribution.hpp"
#include "models/base/error.hpp"
#include "models/base/rng.hpp"

namespace labtwin::workload {
namespace {

using Cells = std::vector<std::string_view>;
constexpr double kCharactersPerToken = 4.0;
constexpr std::size_t kMaxDiagnostics = 20;

Cells split(std::string_view line) {
  Cells cells;
  std::size_t start = 0;
  for (std::size_t comma = line.find(','); comma != std::string_view::npos; comma = line.find(',', start)) {
    cells.push_back(line.substr(start, comma - start));
    start = comma + 1;
  }
  cells.push_back(line.substr(start));
  return cells;
}

std::optional<double> number(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Seconds since 1970 of `YYYY-MM-DD hh:mm:ss[.fraction][+00:00]`.
std::optional<double> instant(std::string_view text) {
  if (const auto zone = text.find('+'); zone != std::string_view::npos) text = text.substr(0, zone);
  if (text.size() < 19) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t length) { return number(text.substr(at, length)); };
  const auto year = part(0, 4), month = part(5, 2), day = part(8, 2), hour = part(11, 2), minute = part(14, 2);
  const auto second = number(text.substr(17));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const double days = static_cast<double>(std::chrono::sys_days{date}.time_since_epoch().count());
  return days * 86400.0 + *hour * 3600.0 + *minute * 60.0 + *second;
}

enum class Clock : std::uint8_t { Number, Instant };

/// A table format: the columns that hold time, prompt, output and conversation.
struct TableFormat {
  std::string_view name;
  std::string_view time;
  std::string_view prompt;
  std::string_view output;
  std::string_view session;  ///< empty: none
  Clock clock = Clock::Number;
  double units_per_token = 1.0;
};

constexpr std::array<TableFormat, 5> kTableFormats{{
    {"azure", "TIMESTAMP", "ContextTokens", "GeneratedTokens", "", Clock::Instant, 1.0},
    {"splitwise", "arrived_at", "num_prefill_tokens", "num_decode_tokens", "", Clock::Number, 1.0},
    {"burstgpt", "Timestamp", "Request tokens", "Response tokens", "Session ID", Clock::Number, 1.0},
    {"agentic", "t_s", "input_tokens", "output_tokens", "trace_id", Clock::Number, 1.0},
    {"chars", "timestamp_s", "input_chars", "output_chars", "session_id", Clock::Number, kCharactersPerToken},
}};

constexpr std::string_view kLayouts =
    "must be a request trace: a table with the columns of azure, splitwise, burstgpt, agentic or chars, JSON lines with "
    "timestamp, input_length, output_length, or a result of vllm bench serve";

class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  Trace read(std::istream& input) {
    std::string line;
    while (std::getline(input, line)) {
      ++line_;
      if (trace_.format.empty() && is_begin_of_result(line)) {
        read_result(line + "\n" + std::string(std::istreambuf_iterator<char>(input), {}));
        break;
      }
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.empty()) continue;
      if (trace_.format.empty()) {
        if (start(line)) continue;
      }
      if (line.front() == '{') {
        read_object(line);
      } else {
        read_row(split(line));
      }
    }
    if (trace_.format.empty()) complain("", "", kLayouts);
    if (trace_.requests.empty() && diagnostics_.empty()) complain("", "", "must hold at least one request");
    if (!diagnostics_.empty()) throw ConfigError(std::move(diagnostics_));
    put_in_order();
    return std::move(trace_);
  }

 private:
  /// Recognises the format; true when the line was a header and holds no request.
  bool start(std::string_view line) {
    if (line.front() == '{') {
      trace_.format = "mooncake";
      return false;
    }
    if (line.starts_with("\xFD"
                         "7zXZ"))
      fail("is compressed; unpack it first with `xz -dk`");
    const Cells header = split(line);
    for (std::size_t column = 0; column < header.size(); ++column) columns_.emplace(header[column], column);
    for (const TableFormat& format : kTableFormats) {
      const bool complete = has(format.time) && has(format.prompt) && has(format.output);
      if (complete && (format.session.empty() || format.name == "burstgpt" || has(format.session))) {
        table_ = &format;
        trace_.format = format.name;
        num_columns_ = header.size();
        return true;
      }
    }
    fail(kLayouts);
  }

  /// One object over many lines, or one that says how many prompts it is of: what `vllm bench serve` saves.
  [[nodiscard]] static bool is_begin_of_result(std::string_view line) {
    return line == "{" || (line.starts_with('{') && line.find("\"num_prompts\"") != std::string_view::npos);
  }

  void read_result(const std::string& text) {
    trace_.format = "vllm";
    const nlohmann::json result = nlohmann::json::parse(text, nullptr, false);
    if (!result.is_object()) return complain("", "", "must be a JSON object: the file is cut off or was edited");
    const auto list = [&](const char* key) {
      return result.contains(key) && result[key].is_array() ? result[key] : nlohmann::json();
    };
    const nlohmann::json prompts = list("input_lens");
    const nlohmann::json outputs = list("output_lens");
    const nlohmann::json starts = list("start_times");
    if (prompts.empty() || outputs.size() != prompts.size()) {
      return complain("input_lens", "", "and output_lens must list every request: save the result with --save-detailed");
    }
    const auto times = starts.size() == prompts.size() ? std::optional<Arrivals>() : arrivals_of(result);
    if (starts.size() != prompts.size() && !times) return;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      const double at = times ? times->at(i) : starts[i].is_number() ? starts[i].get<double>() : -1.0;
      if (!prompts[i].is_number() || !outputs[i].is_number() || !std::isfinite(at)) {
        return complain("input_lens", fmt::format("request {}", i), "must have numbers for lengths and start");
      }
      // A request that failed has no output.
      if (outputs[i].get<double>() <= 0.0) continue;
      trace_.requests.push_back({.at = Seconds::from_base(at),
                                 .prompt_tokens = prompts[i].get<double>(),
                                 .output_tokens = outputs[i].get<double>(),
                                 .num_passages = 0,
                                 .session = {}});
    }
  }

  /// When the client asked, where the result keeps no times: all at once, or at its rate with gaps drawn as vLLM draws them,
  /// but from numbers of our own.
  struct Arrivals {
    std::vector<double> times;
    [[nodiscard]] double at(std::size_t i) const { return times.empty() ? 0.0 : times[i]; }
  };
  std::optional<Arrivals> arrivals_of(const nlohmann::json& result) {
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
    complain("start_times", "",
             "are missing, and with max_concurrency the server decided when requests came: save the result with a "
             "version of vLLM that keeps them, or let users ask in a closed loop");
    return std::nullopt;
  }

  [[nodiscard]] bool has(std::string_view column) const { return columns_.contains(column); }

  void read_row(const Cells& cells) {
    if (cells.size() != num_columns_) return complain("", "", "must have as many cells as the header");
    const auto cell = [&](std::string_view column) { return cells[columns_.find(column)->second]; };
    const std::string_view time_text = cell(table_->time);
    const auto time = table_->clock == Clock::Instant ? instant(time_text) : number(time_text);
    const auto prompt = number(cell(table_->prompt));
    const auto output = number(cell(table_->output));
    if (!time) return complain(table_->time, time_text, "must be a time");
    if (!prompt || *prompt < 0.0) return complain(table_->prompt, cell(table_->prompt), "must be a number >= 0");
    if (!output || *output < 0.0) return complain(table_->output, cell(table_->output), "must be a number >= 0");
    TraceRequest request{.at = Seconds::from_base(*time),
                         .prompt_tokens = *prompt / table_->units_per_token,
                         .output_tokens = *output / table_->units_per_token,
                         .num_passages = 0,
                         .session = {}};
    if (!table_->session.empty() && has(table_->session)) request.session = cell(table_->session);
    trace_.requests.push_back(std::move(request));
  }

  void read_object(const std::string& line) {
    const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
    if (!object.is_object()) return complain("", "", "must be a JSON object");
    if (!object.contains("timestamp")) return complain("timestamp", "", "is missing");
    const auto prompt = length(object, "input_length");
    const auto output = length(object, "output_length");
    if (!prompt || !output) return;
    const nlohmann::json& stamp = object["timestamp"];
    // Mooncake counts milliseconds in numbers, RAGPulse seconds in text.
    const auto time = stamp.is_string()   ? number(stamp.get_ref<const std::string&>())
                      : stamp.is_number() ? std::optional(stamp.get<double>() * 1e-3)
                                          : std::nullopt;
    if (!time) return complain("timestamp", stamp.dump(), "must be a time");
    TraceRequest request{
        .at = Seconds::from_base(*time), .prompt_tokens = *prompt, .output_tokens = *output, .num_passages = 0, .session = {}};
    if (object.contains("session_id") && object["session_id"].is_string()) {
      trace_.format = "ragpulse";
      request.session = object["session_id"].get<std::string>();
    }
    if (object.contains("hash_ids") && object["hash_ids"].is_array()) read_segments(object["hash_ids"], request);
    if (object.contains("hash_ids") && object["hash_ids"].is_object() && object["hash_ids"].contains("passages_ids")) {
      request.num_passages = static_cast<std::uint32_t>(object["hash_ids"]["passages_ids"].size());
    }
    trace_.requests.push_back(std::move(request));
  }

  void read_segments(const nlohmann::json& ids, TraceRequest& request) {
    for (const nlohmann::json& id : ids) {
      if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
        return complain("hash_ids", id.dump(), "must be whole numbers below 2^32");
      }
      request.segments.push_back(id.get<std::uint32_t>());
    }
  }

  std::optional<double> length(const nlohmann::json& object, const char* key) {
    if (object.contains(key) && object[key].is_number() && object[key].get<double>() >= 0.0) return object[key].get<double>();
    complain(key, object.contains(key) ? object[key].dump() : "", "must be a number of tokens >= 0");
    return std::nullopt;
  }

  void put_in_order() {
    std::stable_sort(trace_.requests.begin(), trace_.requests.end(),
                     [](const TraceRequest& a, const TraceRequest& b) { return a.at < b.at; });
    const Seconds first = trace_.requests.front().at;
    for (TraceRequest& request : trace_.requests) request.at -= first;
  }

  void complain(std::string_view key, std::string_view value, std::string_view rule) {
    if (diagnostics_.size() >= kMaxDiagnostics) return;
    diagnostics_.push_back({.place = {.file = name_, .line = line_, .column = line_ == 0 ? 0u : 1u},
                            .key = std::string(key),
                            .value = std::string(value),
                            .rule = std::string(rule),
                            .hint = {}});
  }

  [[noreturn]] void fail(std::string_view rule) {
    complain("", "", rule);
    throw ConfigError(std::move(diagnostics_));
  }

  std::string name_;
  std::size_t line_ = 0;
  std::size_t num_columns_ = 0;
  const TableFormat* table_ = nullptr;
  std::map<std::string, std::size_t, std::less<>> columns_;
  std::vector<Diagnostic> diagnostics_;
  Trace trace_;
};

}  // namespace

Trace read_trace(std::istream& input, std::string_view name) {
  return Reader(name).read(input);
}

Trace read_trace(const std::filesystem::path& path) {
  std::ifstream input(path, std::ios::binary);
  if (!input) {
    Diagnostic diagnostic;
    diagnostic.place.file = path.string();
    diagnostic.rule = "cannot be read";
    throw ConfigError(std::move(diagnostic));
  }
  return read_trace(input, path.string());
}

}  // namespace labtwin::workload
