#include "models/calibration/tp_row.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "models/calibration/row_words.hpp"
#include "models/calibration/vram_row.hpp"
#include "models/interconnect/card_group.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kOfflineBatch = 128.0;
constexpr double kServedBatch = 4.0;  // of a server that keeps up with a request each second

double number_or(const std::optional<std::string>& text, double otherwise) {
  if (!text || text->empty() || std::isdigit(static_cast<unsigned char>(text->front())) == 0) return otherwise;
  return std::stod(*text);
}

std::string speculation_of(const std::string& notes, const std::string& model) {
  if (holds_any(notes, {"spec=none", "mtp off", "no mtp", "no-mtp"}) || holds(model, "no-mtp")) return "";
  for (const std::string_view kind : {"dflash", "eagle", "ngram", "draft", "mtp"}) {
    if (holds(notes, kind) || holds(model, kind)) return kind == "draft" ? "draft_model" : std::string(kind);
  }
  return "";
}

void read_parallelism(const std::string& text, double num_cards, TpRow& row) {
  const auto after = [&](std::string_view word) { return static_cast<double>(number_after(text, word).value_or(1)); };
  row.replicas = std::max(after("dp"), static_cast<double>(number_before(text, "instance").value_or(1)));
  if (text.starts_with("layer") || holds(text, "rpc")) {
    row.pipeline = num_cards;
  } else if (text.starts_with("row") || text.starts_with("tensor")) {
    row.tensor_parallel = num_cards;
  } else {
    row.tensor_parallel = text == "tp" ? num_cards : after("tp");
    row.pipeline = after("pp");
  }
}

void read_load(const std::string& text, TpRow& row) {
  if (text == "offline") {
    row.offline = true;
    row.cells.batch = kOfflineBatch;
  } else if (text.starts_with("qps=")) {
    row.offered_per_s = std::stod(text.substr(4));
    row.cells.batch = kServedBatch * row.offered_per_s;
  } else if (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) {
    row.cells.batch = std::stod(text);
  }
}

// Of the notes' parts the one that is a word of its own: `real_prompt_chat`, `concurrency_sweep`.
std::string scenario_of(const std::string& notes) {
  for (const std::string_view name :
       {"kv_dtype_sweep", "prefix_cache", "context_depth", "concurrency_sweep", "real_prompt", "synthetic_prompt",
        "generation_length", "single_stream", "aggregate", "narrative", "sharegpt"}) {
    if (holds(notes, name)) return std::string(name);
  }
  if (holds(notes, "code")) return "code";
  return "other";
}

void read_lengths(const std::string& notes, TpRow& row) {
  const double context = number_or(noted(notes, "ctx"), 0.0);
  const double depth = number_or(noted(notes, "context"), 0.0);
  double prompt = number_or(noted(notes, "prompt"), 0.0);
  if (prompt == 0.0 && holds_any(notes, {"kv_dtype_sweep", "context_depth"})) prompt = context;
  if (const auto told = number_after(notes, "pp"); told && prompt == 0.0) prompt = *told;
  if (const auto told = number_after(notes, "@d"); told) row.cells.depth = *told;
  if (depth > 0.0) row.cells.depth = depth;
  row.cells.prompt_tokens = prompt;
}

}  // namespace

void read_tp_link(const std::string& text, std::string_view gpu, TpRow& row) {
  using interconnect::CardLink;
  using interconnect::LinkFamily;
  if (text.starts_with("none")) {
    row.path = "none";
    return;
  }
  if (holds_any(text, {"ethernet", "rpc"})) {
    row.link = {LinkFamily::Network, 1, 1};
    row.path = "network";
    return;
  }
  if (text.starts_with("nvlink")) {
    row.link = {LinkFamily::NvLink, 3, holds_any(lower_case(gpu), {"a100", "h100"}) ? 12 : 4};
    row.path = "nvlink";
    return;
  }
  int generation = number_after(text, "pcie").value_or(number_after(text, "gen").value_or(0));
  if (generation == 0) generation = holds(gpu, "50") || holds(gpu, "6000 Black") ? 5 : 4;
  int lanes = 16;
  for (std::size_t at = text.find('x'); at != std::string::npos; at = text.find('x', at + 1)) {
    const auto width = number_after(std::string_view(text).substr(at), "x");
    if (width && (*width == 1 || *width == 4 || *width == 8)) lanes = std::min(lanes, *width);
  }
  if (holds_any(text, {"usb4", "thunderbolt", "oculink"})) lanes = 4;
  row.link = {LinkFamily::Pcie, generation, lanes};
  const bool consumer = interconnect::is_geforce(gpu);
  const bool off = holds_any(text, {"no p2p", "p2p off", "shm"}) && !holds(text, "p2p over shm");
  const bool on = holds_any(text, {"patched", "p2p on", "p2p over shm"});
  const bool lets = interconnect::library_lets_reach(interconnect::vendor_in_name(gpu), static_cast<int>(row.tensor_parallel),
                                                     holds(text, "switch"));
  row.path = !off && (on || !consumer) && lets ? "pcie direct" : "pcie staged";
}

TpRow read_tp_row(const MeasurementTable& table, std::size_t index) {
  const std::string notes = lower_case(table.text(index, "notes"));
  const std::string model = lower_case(table.text(index, "model"));
  const double num_cards = std::max(1.0, table.number(index, "num_gpus").value_or(1.0));
  TpRow row;
  row.quantity = table.text(index, "quantity");
  row.cells.gpu = table.text(index, "gpu");
  row.cells.engine = table.text(index, "engine");
  row.cells.model = table.text(index, "model");
  row.cells.quant = table.text(index, "quant");
  row.cells.speculation = speculation_of(notes, model);
  row.cells.power_limit_w = number_or(noted(notes, "power_limit"), 0.0);
  read_parallelism(lower_case(table.text(index, "parallelism")), num_cards, row);
  read_load(lower_case(table.text(index, "concurrency")), row);
  read_lengths(notes, row);
  row.scenario = scenario_of(notes);
  // Fewer requests than replicas leave some idle.
  row.replicas = std::min(row.replicas, std::max(1.0, row.cells.batch));
  row.cells.batch = std::max(1.0, row.cells.batch / row.replicas);
  row.cells.num_cards = row.tensor_parallel * row.pipeline;
  row.cells.splits_tensors = row.tensor_parallel > 1.0;
  read_tp_link(lower_case(table.text(index, "link")), row.cells.gpu, row);
  row.run_path = row.path;
  // The first letters of a source tell its owner: one bench, one way to measure.
  const std::string_view source = table.text(index, "source");
  row.rig = row.cells.gpu + "|" + std::string(source.substr(0, source.find('@')));
  return row;
}

}  // namespace labtwin::calibration
