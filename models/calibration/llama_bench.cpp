#include "models/calibration/llama_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/base/text.hpp"
#include "models/calibration/llm_output.hpp"
#include "models/calibration/tool_json.hpp"

namespace labtwin::calibration {
namespace {

using nlohmann::json;

constexpr double kGiB = 1073741824.0;
constexpr double kFewestTokens = 8.0;

/// `CUDA`, `Metal,BLAS`, `CUDA,RPC` as the first backend in lower case; BLAS alone is a way to use the processor.
std::string backend_of(std::string_view told) {
  std::string name(told.substr(0, told.find(',')));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name == "mtl") return "metal";
  return name == "blas" ? "cpu" : name;
}

/// One test: tokens of a prompt, generated tokens, or both, behind so many tokens of context.
void set_test(LlmFigure& figure, double prompt, double generated, double depth) {
  figure.quantity = generated > 0.0 ? "decode_tok_s" : "prefill_tok_s";
  if (prompt > 0.0) figure.prompt_tokens = prompt;
  if (generated > 0.0) figure.gen_tokens = generated;
  figure.context_depth = depth;
  if (prompt > 0.0 && generated > 0.0) {
    figure.flag = "prompt and generation in one test: one rate for two things";
  } else if (prompt + generated < kFewestTokens) {
    figure.flag = fmt::format("{:.0f} tokens: too few to be steady", prompt + generated);
  }
}

void check_rate(const std::string& file, const std::string& where, double rate) {
  if (rate > 0.0) return;
  fail_output(file, fmt::format("{}: a rate of {:g} tok/s is no measurement", where, rate), "run llama-bench again");
}

// --- JSON ---

double required(const json& test, const std::string& file, std::size_t index, std::string_view key) {
  if (const auto value = json_number(test, key)) return *value;
  fail_output(file, fmt::format("test {} holds no `{}`: it is no whole output of llama-bench", index, key),
              "llama-bench -o json, or -o jsonl");
}

/// Flags are numbers in old builds, then true and false, then words.
std::string flag_text(const json& test, std::string_view key) {
  const auto found = test.find(key);
  if (found == test.end()) return {};
  if (found->is_boolean()) return found->get<bool>() ? "1" : "0";
  if (found->is_number()) return found->get<double>() != 0.0 ? "1" : "0";
  const std::string word = json_text(test, key);
  return word == "on" ? "1" : (word == "off" ? "0" : std::string());
}

std::string backend_in(const json& test) {
  if (const std::string told = json_text(test, "backends"); !told.empty()) return backend_of(told);
  for (const char* backend : {"cuda", "vulkan", "metal", "sycl"}) {
    if (flag_text(test, backend) == "1") return backend;
  }
  return "cpu";
}

/// `NVIDIA A, NVIDIA A` is two cards; without layers on cards it is the processor.
void read_device(const json& test, const ToolOutput& output, const Manifest& manifest, LlmFigure& figure) {
  const std::string cards = json_text(test, "gpu_info");
  if (!manifest.device.empty()) return take_device(manifest, output.file, figure);
  if (figure.backend == "cpu" || cards.empty()) {
    figure.gpu = "CPU: " + json_text(test, "cpu_info");
    figure.backend = "cpu";
    return;
  }
  figure.num_gpus = 1.0 + static_cast<double>(std::count(cards.begin(), cards.end(), ','));
  figure.gpu = trim(std::string_view(cards).substr(0, cards.find(',')));
}

void read_model(const json& test, LlmFigure& figure) {
  const std::string type = json_text(test, "model_type");
  const std::string path = json_text(test, "model_filename");
  const std::string file = path.substr(path.find_last_of("/\\") + 1);
  figure.quant = quant_in_name(type);
  if (figure.quant.empty()) figure.quant = quant_in_name(file);
  figure.model = file.empty() ? type : file;
  if (const auto parameters = json_number(test, "model_n_params")) figure.params_b = *parameters * 1e-9;
  if (const auto bytes = json_number(test, "model_size")) figure.weights_gib = *bytes / kGiB;
}

LlmFigure figure_of(const json& test, std::size_t index, const ToolOutput& output, const Manifest& manifest) {
  LlmFigure figure{.engine = "llama.cpp", .source = output.file};
  figure.value = required(test, output.file, index, "avg_ts");
  check_rate(output.file, fmt::format("test {}", index), figure.value);
  set_test(figure, required(test, output.file, index, "n_prompt"), required(test, output.file, index, "n_gen"),
           json_number(test, "n_depth").value_or(0.0));
  figure.date = json_text(test, "test_time").substr(0, 10);
  figure.backend = backend_in(test);
  if (const auto build = json_number(test, "build_number")) figure.engine_version = fmt::format("b{:.0f}", *build);
  read_device(test, output, manifest, figure);
  read_model(test, figure);
  figure.ubatch = json_number(test, "n_ubatch");
  figure.flash_attn = flag_text(test, "flash_attn");
  if (const auto layers = json_number(test, "n_gpu_layers")) figure.ngl = fmt::format("{:.0f}", *layers);
  if (figure.num_gpus > 1.0) figure.split_mode = json_text(test, "split_mode");
  return figure;
}

// --- Markdown ---

using Cells = std::vector<std::string>;

Cells cells_of(std::string_view line) {
  Cells cells;
  line = trim(line);
  line.remove_prefix(1);
  while (!line.empty()) {
    const std::size_t bar = std::min(line.find('|'), line.size());
    cells.emplace_back(trim(line.substr(0, bar)));
    line.remove_prefix(std::min(bar + 1, line.size()));
  }
  return cells;
}

/// `pp512`, `tg128`, `pp512+tg128`, each with or without ` @ d4096`.
bool read_test(std::string_view text, LlmFigure& figure) {
  double prompt = 0.0;
  double generated = 0.0;
  double depth = 0.0;
  std::string_view rest = text;
  while (!rest.empty()) {
    double* slot = nullptr;
    if (rest.starts_with("pp")) slot = &prompt;
    if (rest.starts_with("tg")) slot = &generated;
    if (rest.starts_with("@ d")) slot = &depth;
    if (slot == nullptr) return false;
    rest.remove_prefix(slot == &depth ? 3 : 2);
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (digits == 0) return false;
    *slot = std::atof(std::string(rest.substr(0, digits)).c_str());
    rest = trim(rest.substr(digits));
    if (rest.starts_with('+')) rest.remove_prefix(1);
  }
  set_test(figure, prompt, generated, depth);
  return prompt + generated > 0.0;
}

/// `3.56 GiB` or `512.00 MiB` in GiB; `6.74 B` or `596.05 M` in 10^9.
std::optional<double> scaled(const std::string& cell) {
  char* end = nullptr;
  const double value = std::strtod(cell.c_str(), &end);
  if (end == cell.c_str()) return std::nullopt;
  const std::string_view unit = trim(end);
  if (unit == "MiB") return value / 1024.0;
  return unit == "M" ? value / 1000.0 : value;
}

class MarkdownReader {
 public:
  MarkdownReader(MeasurementTable& table, const ToolOutput& output, const Manifest& manifest)
      : table_(table), output_(output), manifest_(manifest) {}

  void read() {
    std::string_view rest = output_.text;
    while (!rest.empty()) {
      ++line_;
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      read_line(trim(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (num_tests_ == 0) {
      fail_output(output_.file, "holds the head of llama-bench's table but no test: the run was cut off", "run it again");
    }
  }

 private:
  [[noreturn]] void fail(std::string rule, std::string hint) const {
    throw ConfigError(
        {.place = {output_.file, line_, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
  }

  void read_line(std::string_view line) {
    if (line.starts_with("Device ") && line.find(": ") != std::string_view::npos) {
      line = line.substr(line.find(": ") + 2);
      cards_.emplace_back(trim(line.substr(0, line.find(','))));
    }
    if (!line.starts_with('|') || line.find("---") != std::string_view::npos) return;
    const Cells cells = cells_of(line);
    if (!cells.empty() && cells.front() == "model") {
      head_ = cells;
    } else if (!head_.empty()) {
      read_row(cells);
    }
  }

  void read_row(const Cells& cells) {
    if (cells.size() != head_.size()) {
      fail(fmt::format("{} cells under a head of {}: the line was cut off", cells.size(), head_.size()),
           "paste the table whole, or leave the line out");
    }
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < cells.size(); ++i) row[head_[i]] = cells[i];
    LlmFigure figure{.engine = "llama.cpp", .source = output_.file};
    if (!read_test(row["test"], figure)) {
      fail(fmt::format("test = {}: neither a prompt nor generated tokens", row["test"]),
           "tests are pp512, tg128, tg128 @ d4096");
    }
    figure.value = std::atof(row["t/s"].c_str());
    check_rate(output_.file, row["test"], figure.value);
    figure.backend = backend_of(row["backend"]);
    figure.model = row["model"];
    figure.quant = quant_in_name(row["model"]);
    figure.weights_gib = scaled(row["size"]);
    figure.params_b = scaled(row["params"]);
    if (row.contains("n_ubatch")) figure.ubatch = scaled(row["n_ubatch"]);
    figure.flash_attn = row["fa"];
    figure.ngl = row["ngl"];
    set_device(figure);
    add_figure(table_, figure);
    ++num_tests_;
  }

  void set_device(LlmFigure& figure) const {
    if (!manifest_.device.empty() || (cards_.empty() && figure.backend != "cpu")) {
      return take_device(manifest_, output_.file, figure);
    }
    figure.gpu = cards_.empty() || figure.backend == "cpu" ? "CPU: unknown" : cards_.front();
    figure.num_gpus = static_cast<double>(std::max<std::size_t>(1, cards_.size()));
    if (figure.num_gpus > 1.0) figure.split_mode = "layer";
  }

  MeasurementTable& table_;
  const ToolOutput& output_;
  const Manifest& manifest_;
  std::vector<std::string> cards_;
  Cells head_;
  std::size_t line_ = 0;
  std::size_t num_tests_ = 0;
};

}  // namespace

bool is_llama_bench_json(std::string_view text) noexcept {
  return text.find("\"build_commit\"") != std::string_view::npos && text.find("\"model_type\"") != std::string_view::npos;
}

bool is_llama_bench_markdown(std::string_view text) noexcept {
  return text.find("| model ") != std::string_view::npos && text.find(" t/s |") != std::string_view::npos;
}

MeasurementTable read_llama_bench_json(const std::string& name, std::span<const ToolOutput> outputs, const Manifest& manifest) {
  MeasurementTable table = llm_output_table(name);
  for (const ToolOutput& output : outputs) {
    std::size_t index = 0;
    for (const json& test : json_objects(output)) add_figure(table, figure_of(test, ++index, output, manifest));
  }
  return table;
}

MeasurementTable read_llama_bench_markdown(const std::string& name, std::span<const ToolOutput> outputs,
                                           const Manifest& manifest) {
  MeasurementTable table = llm_output_table(name);
  for (const ToolOutput& output : outputs) MarkdownReader(table, output, manifest).read();
  return table;
}

}  // namespace labtwin::calibration
