#include "sim/command/fit_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "models/base/text.hpp"
#include "models/catalog/part_finder.hpp"
#include "models/registry.hpp"
#include "models/serving/card_memory.hpp"
#include "models/serving/model_file.hpp"
#include "models/serving/vram_plan.hpp"
#include "sim/command/expected_speed.hpp"
#include "sim/output/number_text.hpp"

namespace labtwin::command {
namespace {

using Json = nlohmann::ordered_json;
using serving::VramPlan;
using serving::VramRequest;

constexpr int kDoesNotLoad = 1;
constexpr double kGiB = 1073741824.0;
constexpr double kUsualContext = 4096.0;
constexpr double kSameMemory = 0.1;  // of a memory that a name tells and the catalog's

struct Options {
  std::vector<std::string> models;
  std::vector<std::string> cards;
  std::vector<std::string> contexts;
  std::string quant;
  std::string kv_type = "f16";
  std::string engine = "llama.cpp";
  std::string desktop = "0 B";
  std::optional<std::uint32_t> num_cards;
  std::optional<std::uint32_t> ubatch;
  std::optional<std::uint32_t> layers;
  bool json = false;

  [[nodiscard]] bool asks_for_table() const noexcept {
    return models.size() * cards.size() * std::max<std::size_t>(1, contexts.size()) > 1;
  }
};

std::string gib(Bytes bytes) {
  return fmt::format("{:.2f} GiB", bytes.value() / kGiB);
}

[[noreturn]] void fail(std::string key, std::string value, std::string rule, std::string hint = {}) {
  Diagnostic diagnostic;
  diagnostic.key = std::move(key);
  diagnostic.value = std::move(value);
  diagnostic.rule = std::move(rule);
  diagnostic.hint = std::move(hint);
  throw ConfigError(std::move(diagnostic));
}

/// A model and what was asked of it.
struct Case {
  std::string model;
  std::string card;
  VramRequest request;
  std::vector<AcceleratorPart> parts;  ///< the kinds of the cards

  /// More context than the model was made for, which a table tells in its place.
  [[nodiscard]] bool is_too_long() const noexcept { return request.context > request.shape.max_context; }
  [[nodiscard]] bool loads() const { return !is_too_long() && plan_vram(request).loads(); }
  [[nodiscard]] std::optional<ExpectedSpeed> speed() const {
    return loads() ? expected_speed(model, request, parts) : std::nullopt;
  }
};

/// What the options name, read once.
class Reader {
 public:
  explicit Reader(const Options& options)
      : options_(&options), quants_(load_quant_table(catalog_)), cards_(catalog_, "gpus"), models_(catalog_, "llms") {
    if (options.engine != "vllm" && options.engine != "llama.cpp") {
      fail("--engine", printable(options.engine), "is llama.cpp or vllm");
    }
    const ParsedQuantity desktop = parse_in_base_units(options.desktop, Bytes::kDimension);
    if (!desktop.problem.empty()) fail("--desktop", printable(options.desktop), desktop.problem);
    if (desktop.value < 0.0) fail("--desktop", printable(options.desktop), "must be >= 0 B");
    desktop_ = Bytes::from_base(desktop.value);
  }

  [[nodiscard]] const serving::QuantTable& quants() const noexcept { return quants_; }

  [[nodiscard]] std::vector<Case> cases() const {
    std::vector<Case> cases;
    for (const std::string& model : options_->models) {
      const serving::ModelFile file = model_of(model);
      for (const std::string& card : options_->cards) {
        const Cards cards = cards_named(card);
        for (const double context : contexts()) {
          VramRequest request = request_of(file, cards.typical, context);
          if (cards.count > 1) request.num_cards = cards.count;
          cases.push_back({file.name, cards.name, std::move(request), cards.parts});
        }
      }
    }
    return cases;
  }

 private:
  /// One card, or several of one machine joined by `+`, as if all had the same memory.
  struct Cards {
    std::string name;
    serving::AcceleratorSpec typical;
    int count = 1;
    std::vector<AcceleratorPart> parts{};
  };

  [[nodiscard]] Cards cards_named(const std::string& text) const {
    std::vector<std::string> pieces;
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t end = std::min(text.find('+', start), text.size());
      pieces.push_back(text.substr(start, end - start));
      start = end + 1;
    }
    // Some names of parts have a plus in them.
    if (std::none_of(pieces.begin(), pieces.end(), [&](const auto& piece) { return cards_.find(piece); })) pieces = {text};
    if (std::any_of(pieces.begin(), pieces.end(), [](const auto& piece) { return trim(piece).empty(); })) {
      fail("--on", printable(text), "names no card on one side of a +", "e.g. rtx-3090+rtx-3060");
    }
    if (pieces.size() > 1 && options_->num_cards) fail("--cards", text, "and cards joined by + are two ways to say how many");
    Cards cards{.name = {}, .typical = {}, .count = static_cast<int>(pieces.size())};
    std::vector<Bytes> memories;
    for (const std::string& piece : pieces) {
      AcceleratorPart part = load_accelerator(catalog_, cards_.part(piece));
      const std::string told = take_memory(piece, part);
      if (memories.empty()) cards.typical = part.spec;
      memories.push_back(part.spec.memory);
      cards.name += (cards.name.empty() ? "" : "+") + part.entry.part + told;
      cards.parts.push_back(std::move(part));
    }
    cards.typical.memory =
        options_->engine == "vllm" ? serving::memory_of_equal_parts(memories) : serving::memory_of_layers(memories);
    return cards;
  }

  /// Of `M4 Max 64GB` the memory: chips that share it with the host are sold with less than the part's. What the name adds.
  static std::string take_memory(const std::string& name, AcceleratorPart& part) {
    for (const std::string& word : catalog::name_words(name)) {
      if (!word.ends_with("gb")) continue;
      const double told = std::strtod(word.c_str(), nullptr);
      const double most = part.spec.memory.value() / kGiB;
      if (std::abs(told - most) < kSameMemory * most) continue;
      if (part.spec.kind == serving::AcceleratorKind::Discrete || told > most || told <= 0.0) {
        fail("--on", printable(name), fmt::format("{} has {:.0f} GiB", part.entry.part, most));
      }
      part.spec.memory = Bytes::from_base(told * kGiB);
      return "-" + word;
    }
    return {};
  }

  [[nodiscard]] serving::ModelFile model_of(const std::string& name) const {
    const bool is_file = name.ends_with(".json") || (name.ends_with(".gguf") && std::filesystem::exists(name)) ||
                         name.find('/') != std::string::npos;
    if (is_file) return serving::read_model_file(name, quants_);
    const ModelPart part = load_language_model(catalog_, models_.part(name));
    return {part.entry.part, part.shape, serving::Quantisation::find(quants_, quant_in(name))};
  }

  [[nodiscard]] std::vector<double> contexts() const {
    if (options_->contexts.empty()) return {kUsualContext};
    std::vector<double> contexts;
    for (const std::string& text : options_->contexts) {
      double tokens = 0.0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), tokens);
      const bool is_count =
          error == std::errc{} && end == text.data() + text.size() && tokens >= 1.0 && std::floor(tokens) == tokens;
      if (!is_count) {
        const std::string_view rest(end);
        const bool is_short = tokens >= 1.0 && (rest == "k" || rest == "K");
        fail("--context", printable(text), "must be a whole number of tokens, at least 1",
             is_short ? fmt::format("did you mean {:.0f}?", 1024.0 * tokens) : "");
      }
      contexts.push_back(tokens);
    }
    return contexts;
  }

  /// `Q4_K_M` of `Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf`; empty if the name tells none.
  [[nodiscard]] static std::string quant_in(const std::string& name) {
    if (!name.ends_with(".gguf")) return {};
    const std::string stem = name.substr(0, name.size() - 5);
    return stem.substr(stem.find_last_of("-.") + 1);
  }

  [[nodiscard]] VramRequest request_of(const serving::ModelFile& file, const serving::AcceleratorSpec& card,
                                       double context) const {
    const bool is_vllm = options_->engine == "vllm";
    if (context > file.shape.max_context && !options_->asks_for_table()) {
      fail("--context", fmt::format("{:.0f}", context),
           fmt::format("{} was made for {} tokens at most", file.name, file.shape.max_context));
    }
    const auto kv = serving::find_kv_types(quants_, options_->kv_type);
    if (!kv || !serving::has_kv_types(is_vllm, options_->kv_type)) {
      fail("--kv", printable(options_->kv_type), fmt::format("is no type of a KV cache of {}", options_->engine),
           is_vllm ? "f16, bf16 or fp8" : "f16, q8_0 or q4_0");
    }
    const auto quant =
        options_->quant.empty() && file.quant
            ? *file.quant
            : serving::Quantisation::parse(quants_, options_->quant.empty() ? (is_vllm ? "bf16" : "q4_k_m") : options_->quant);
    if (!is_vllm && !quant.is_gguf() && !options_->quant.empty()) {
      fail("--quant", printable(options_->quant), "is none that llama.cpp reads", "--engine vllm");
    }
    VramRequest request{.shape = file.shape, .quant = quant, .card = card};
    request.num_cards = static_cast<int>(options_->num_cards.value_or(1));
    request.engine = is_vllm ? serving::ServingEngine::Vllm : serving::ServingEngine::LlamaCpp;
    request.context = context;
    request.kv = *kv;
    request.ubatch = options_->ubatch.value_or(512);
    if (is_vllm && (options_->layers || options_->ubatch)) {
      fail(options_->layers ? "--layers" : "--ubatch", "", "is of llama.cpp: vLLM has none");
    }
    if (options_->layers) request.layers_on_card = static_cast<int>(*options_->layers);
    request.desktop = desktop_;
    if (request.desktop >= serving::usable_memory(card)) {
      fail("--desktop", printable(options_->desktop), fmt::format("leaves nothing of a card with {}", gib(card.memory)));
    }
    return request;
  }

  const Options* options_;
  Bytes desktop_;
  catalog::Catalog catalog_;
  serving::QuantTable quants_;
  catalog::PartFinder cards_;
  catalog::PartFinder models_;
};

Json plan_json(const VramPlan& plan) {
  return {{"loads", plan.loads()},
          {"weights_bytes", plan.weights.value()},
          {"kv_cache_bytes", plan.kv_cache.value()},
          {"compute_buffer_bytes", plan.compute_buffer.value()},
          {"reserve_bytes", plan.reserve.value()},
          {"total_bytes", plan.total().value()},
          {"usable_bytes", plan.usable.value()}};
}

Json case_json(const Case& one, const serving::QuantTable& quants) {
  const VramPlan plan = plan_vram(one.request);
  Json json{{"model", one.model},
            {"card", one.card},
            {"cards", one.request.num_cards},
            {"quant", one.request.quant.name()},
            {"context", one.request.context}};
  json.update(plan_json(plan));
  json["loads"] = one.loads();
  json["longest_context_of_model"] = one.request.shape.max_context;
  const auto largest = largest_context(one.request);
  json["largest_context"] = largest ? Json(*largest) : Json(nullptr);
  json["changes"] = Json::array();
  if (const auto speed = one.speed()) json["speed"] = speed_json(*speed);
  if (plan.loads()) return json;
  for (const serving::VramChange& change : changes_that_load(one.request, quants)) {
    json["changes"].push_back({{"what", change.what}, {"total_bytes", change.plan.total().value()}});
  }
  return json;
}

std::string breakdown_text(const VramPlan& plan) {
  std::string text;
  const auto line = [&](std::string_view what, Bytes bytes) { text += fmt::format("  {:<15} {:>11}\n", what, gib(bytes)); };
  line("weights", plan.weights);
  line("KV cache", plan.kv_cache);
  line("compute buffer", plan.compute_buffer);
  line("reserve", plan.reserve);
  line("together", plan.total());
  line("usable", plan.usable);
  return text;
}

std::string case_text(const Case& one, const serving::QuantTable& quants) {
  const VramPlan plan = plan_vram(one.request);
  const bool is_mixed = one.card.find('+') != std::string::npos;
  const std::string cards = one.request.num_cards > 1 && !is_mixed ? fmt::format("{} x ", one.request.num_cards) : "";
  std::string text = fmt::format("{}  {} in {} with {:.0f} tokens of context on {}{}\n\n", plan.loads() ? "LOADS" : "FAILS",
                                 one.model, one.request.quant.name(), one.request.context, cards, one.card);
  text += breakdown_text(plan) + "\n";
  if (const auto largest = largest_context(one.request)) {
    text += *largest < one.request.shape.max_context
                ? fmt::format("The longest context that loads is {:.0f} tokens.\n", *largest)
                : fmt::format("It loads with all {:.0f} tokens of context that it was made for.\n", *largest);
  } else {
    text += "It loads with no context, however short.\n";
  }
  const serving::AcceleratorSpec& card = one.request.card;
  const bool is_sold_with_less = card.kind == serving::AcceleratorKind::Integrated && card.vendor != "NVIDIA";
  if (is_sold_with_less && !one.card.ends_with("gb")) {
    text += fmt::format("Sold with up to {:.0f} GiB, as taken here; of less ask with e.g. --on {}-{:.0f}gb.\n",
                        card.memory.value() / kGiB, one.card, 0.5 * card.memory.value() / kGiB);
  }
  if (const auto speed = one.speed()) text += speed_text(*speed, one.request.context);
  if (plan.loads()) return text;
  const auto changes = changes_that_load(one.request, quants);
  text += changes.empty() ? "No single change makes it load.\n" : "It would load with one of:\n";
  for (const serving::VramChange& change : changes) {
    text += fmt::format("  {:<32} {} of {}\n", change.what, gib(change.plan.total()), gib(change.plan.usable));
  }
  return text;
}

std::string cell_text(const Case& one) {
  if (one.is_too_long()) return fmt::format("made for {}", one.request.shape.max_context);
  const std::string text = fmt::format("{} {}", one.loads() ? "loads" : "fails", gib(plan_vram(one.request).total()));
  const auto speed = one.speed();
  return speed ? fmt::format("{}, {} tok/s", text, output::significant(speed->at_full_context.value)) : text;
}

/// One row per model and context, one column per card; how fast one sequence is behind all of its context.
std::string table_text(const Options& options, const std::vector<Case>& cases) {
  const std::size_t num_contexts = std::max<std::size_t>(1, options.contexts.size());
  std::size_t model_width = 5;
  for (const Case& one : cases) model_width = std::max(model_width, one.model.size());
  std::string text = fmt::format("{:<{}}  {:>8}", "model", model_width, "context");
  std::vector<std::size_t> widths;
  for (std::size_t card = 0; card < options.cards.size(); ++card) {
    const std::string& name = cases[card * num_contexts].card;
    widths.push_back(std::max<std::size_t>(name.size(), 28));
    text += fmt::format("  {:>{}}", name, widths.back());
  }
  text += "\n";
  const std::size_t per_model = options.cards.size() * num_contexts;
  for (std::size_t first = 0; first < cases.size(); first += per_model) {
    for (std::size_t context = 0; context < num_contexts; ++context) {
      text += fmt::format("{:<{}}  {:>8.0f}", cases[first].model, model_width, cases[first + context].request.context);
      for (std::size_t card = 0; card < options.cards.size(); ++card) {
        const Case& one = cases[first + card * num_contexts + context];
        text += fmt::format("  {:>{}}", cell_text(one), widths[card]);
      }
      text += "\n";
    }
  }
  return text;
}

int fit_model(const Options& options) {
  if (options.cards.empty()) fail("--on", "", "is missing: name a card, see labtwin parts gpus");
  const Reader reader(options);
  const std::vector<Case> cases = reader.cases();
  const bool all_load = std::all_of(cases.begin(), cases.end(), [](const Case& one) { return one.loads(); });
  if (options.json) {
    Json json{{"cases", Json::array()}};
    for (const Case& one : cases) json["cases"].push_back(case_json(one, reader.quants()));
    fmt::print("{}\n", json.dump(2));
  } else if (cases.size() == 1) {
    fmt::print("{}", case_text(cases.front(), reader.quants()));
  } else {
    fmt::print("{}", table_text(options, cases));
  }
  return all_load ? 0 : kDoesNotLoad;
}

}  // namespace

void add_fit_model(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  line.add("fit-model", "Say whether models load on cards, what fills the memory, and how fast they are")
      .argument("MODEL", options->models, "Models of the catalog, config.json files or GGUF files; several make a table")
      .option("--on", options->cards, "A card of the catalog, or several of one machine: rtx-3090+rtx-3060; repeatable")
      .option("--context", options->contexts, "Tokens of all sequences together, 4096 if not given; repeatable")
      .option("--quant", options->quant, "How the weights are stored; q4_k_m if not given, for vLLM bf16")
      .option("--kv", options->kv_type, "Type of the KV cache, keys/values: f16, q8_0, q8_0/q4_0, fp8")
      .option("--engine", options->engine, "llama.cpp or vllm")
      .option("--cards", options->num_cards, 1, 64, "How many of the card")
      .option("--ubatch", options->ubatch, 1, 65536, "Tokens of one graph of llama.cpp, 512 if not given")
      .option("--layers", options->layers, 1, 1024, "Layers on the card, the output head counts as one; all if not given")
      .option("--desktop", options->desktop, "What a desktop holds on the card, e.g. \"600 MiB\"")
      .flag("--json", options->json, "Answer in JSON")
      .runs([options] { return fit_model(*options); });
}

}  // namespace labtwin::command
