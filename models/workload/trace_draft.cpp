#include "models/workload/trace_draft.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace labtwin::workload {
namespace {

constexpr std::size_t kMaxDiagnostics = 20;

std::uint32_t whole(double tokens) {
  return static_cast<std::uint32_t>(std::clamp(std::round(tokens), 0.0, 4e9));
}

/// Appends a run, or lengthens the last one if it is of the same text.
void append(std::vector<TextRun>& texts, TextRun run) {
  if (!texts.empty() && texts.back().text == run.text) {
    texts.back().end = run.end;
  } else {
    texts.push_back(run);
  }
}

}  // namespace

void TraceDraft::complain(std::string_view key, std::string_view value, std::string_view rule, std::string_view hint) {
  if (diagnostics_.size() >= kMaxDiagnostics) return;
  diagnostics_.push_back({.place = {.file = name_, .line = line_, .column = line_ == 0 ? 0u : 1u},
                          .key = std::string(key),
                          .value = std::string(value),
                          .rule = std::string(rule),
                          .hint = std::string(hint)});
}

void TraceDraft::fail(std::string_view rule, std::string_view hint) {
  complain("", "", rule, hint);
  throw ConfigError(std::move(diagnostics_));
}

std::uint32_t TraceDraft::add(TraceRequest request) {
  trace.requests.push_back(std::move(request));
  return static_cast<std::uint32_t>(trace.requests.size() - 1);
}

std::uint32_t TraceDraft::session(std::string_view name) {
  if (const auto known = sessions_.find(name); known != sessions_.end()) return known->second;
  return sessions_.emplace(std::string(name), static_cast<std::uint32_t>(sessions_.size() + 1)).first->second;
}

Trace TraceDraft::finish() {
  if (trace.requests.empty() && diagnostics_.empty()) complain("", "", "must hold at least one request");
  if (!diagnostics_.empty()) throw ConfigError(std::move(diagnostics_));
  put_in_order();
  return std::move(trace);
}

void TraceDraft::put_in_order() {
  std::vector<TraceRequest>& requests = trace.requests;
  const auto earlier = [](const TraceRequest& a, const TraceRequest& b) { return a.at < b.at; };
  const Seconds first = std::min_element(requests.begin(), requests.end(), earlier)->at;
  for (TraceRequest& request : requests) request.at -= first;
  // Who waits for others names them by their numbers, and is not asked by the clock.
  const bool any_follows = std::any_of(requests.begin(), requests.end(), [](const auto& one) { return !one.after.empty(); });
  if (!any_follows) std::stable_sort(requests.begin(), requests.end(), earlier);
}

std::vector<TextRun> GrowingPrompt::next(double shared, double end, TraceDraft& draft) {
  const std::uint32_t extent = texts_.empty() ? 0 : texts_.back().end;
  const std::uint32_t common = std::min(whole(shared), extent);
  while (!texts_.empty() && (texts_.size() > 1 ? texts_[texts_.size() - 2].end : 0) >= common) texts_.pop_back();
  if (!texts_.empty()) texts_.back().end = common;
  // Where everything is shared the text goes on.
  const bool goes_on = common == extent && extent > 0;
  if (whole(end) > common) append(texts_, {.end = whole(end), .text = goes_on ? texts_.back().text : draft.new_text()});
  return texts_;
}

std::vector<TextRun> BlockTexts::runs(const std::vector<std::uint32_t>& blocks, double block_tokens, double end,
                                      TraceDraft& draft) {
  std::vector<TextRun> texts;
  double tokens = 0.0;
  for (std::size_t place = 0; place < blocks.size() && tokens < end; ++place) {
    tokens = std::min(tokens + block_tokens, end);
    const std::uint32_t offset = blocks[place] - static_cast<std::uint32_t>(place);
    const auto [known, is_new] = by_offset_.try_emplace(offset, 0);
    if (is_new) known->second = draft.new_text();
    append(texts, {.end = whole(tokens), .text = known->second});
  }
  return texts;
}

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

std::optional<double> instant(std::string_view text) {
  if (text.ends_with('Z')) text.remove_suffix(1);
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

std::optional<double> tokens(const nlohmann::json& object, const char* key, TraceDraft& draft) {
  if (object.contains(key) && object[key].is_number() && object[key].get<double>() >= 0.0) return object[key].get<double>();
  draft.complain(key, object.contains(key) ? object[key].dump() : "", "must be a number of tokens >= 0");
  return std::nullopt;
}

std::vector<std::uint32_t> block_numbers(const nlohmann::json& ids, TraceDraft& draft) {
  std::vector<std::uint32_t> blocks;
  for (const nlohmann::json& id : ids) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
      draft.complain("hash_ids", id.dump(), "must be whole numbers below 2^32");
      return {};
    }
    blocks.push_back(id.get<std::uint32_t>());
  }
  return blocks;
}

}  // namespace labtwin::workload
