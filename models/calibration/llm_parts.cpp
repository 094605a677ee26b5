#include "models/calibration/llm_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "models/base/text.hpp"

namespace labtwin::calibration {
namespace {

// A model of the catalog is another one if its parameters differ by more than this.
constexpr double kSameSize = 1.35;
constexpr FlopsPerSecond kCorePeak = FlopsPerSecond::from_base(40e9);  // 2.5 GHz, eight multiply-adds a cycle

// Of two models of the same shape, whose parameters were counted.
constexpr double kCountedSize = 1.002;

/// Whether a size in 10^9 is none that a name rounds: `23.572`, not `24` or `3.5`.
bool is_counted(double params_b) {
  return std::abs(10.0 * params_b - std::round(10.0 * params_b)) > 1e-6;
}

bool same_size(double a, double b) {
  return a < kSameSize * b && b < kSameSize * a;
}

/// The number before `x ` in `16x RTX 3090`, which is taken off the name.
int take_count(std::string_view& name) {
  std::size_t end = 0;
  while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end])) != 0) ++end;
  if (end == 0 || end + 1 >= name.size() || name[end] != 'x' || name[end + 1] != ' ') return 1;
  const int count = std::atoi(std::string(name.substr(0, end)).c_str());
  name = trim(name.substr(end + 1));
  return std::clamp(count, 1, 64);
}

/// `8b` as 8e9, `270m` as 270e6, nothing for other words.
std::optional<double> size_of(const std::string& word) {
  const double factor = word.back() == 'b' ? 1e9 : (word.back() == 'm' ? 1e6 : 0.0);
  if (factor == 0.0 || std::isdigit(static_cast<unsigned char>(word.front())) == 0 || word.ends_with("gb")) return std::nullopt;
  return std::strtod(word.c_str(), nullptr) * factor;
}

/// `gemma4`, of which a source tells 26e9 parameters and 4e9 active ones, as `gemma4 26B-A4B`.
std::string with_size(std::string_view name, double params_b, std::optional<double> active_params_b) {
  if (!active_params_b || *active_params_b >= params_b) return fmt::format("{} {:g}B", name, params_b);
  return fmt::format("{} {:g}B-A{:g}B", name, params_b, *active_params_b);
}

// Sources that count parameters leave those that a token uses blank where they are fewer and not known: large models have
// experts. A line through the logarithms of those of the catalog.
double usual_active(double parameters) {
  constexpr double kSmallestWithExperts = 20e9;
  return parameters < kSmallestWithExperts ? parameters : 0.27e9 * std::pow(parameters / 1e9, 0.75);
}

}  // namespace

std::vector<std::string> card_names(std::string_view cell) {
  std::vector<std::string> names;
  while (!cell.empty()) {
    const std::size_t plus = cell.find(" + ");
    std::string_view name = trim(cell.substr(0, plus));
    cell = plus == std::string_view::npos ? std::string_view{} : cell.substr(plus + 3);
    const int count = take_count(name);
    for (int i = 0; i < count && !name.empty(); ++i) names.emplace_back(name);
  }
  return names;
}

std::optional<serving::ModelSize> size_in_name(std::string_view name) {
  serving::ModelSize size;
  std::string before;
  for (const std::string& word : catalog::name_words(name)) {
    if (const auto parameters = size_of(word)) {
      double& slot = before == "a" ? size.active : size.parameters;
      if (slot == 0.0) slot = *parameters;
    }
    before = word;
  }
  if (size.parameters == 0.0) return std::nullopt;
  if (size.active == 0.0) size.active = size.parameters;
  return size;
}

LlmParts::LlmParts()
    : cards_(catalog_, "gpus"), processors_(catalog_, "cpus"), models_(catalog_, "llms"), quants_(load_quant_table(catalog_)) {}

std::optional<LlmParts::Card> LlmParts::card(std::string_view name, std::optional<double> memory_gib) const {
  std::optional<catalog::FoundPart> found;
  if (memory_gib) found = cards_.find(fmt::format("{} {:g}GB", name, *memory_gib));
  if (!found) found = cards_.find(name);
  if (!found) return std::nullopt;
  auto known = known_cards_.find(found->part);
  if (known == known_cards_.end()) {
    AcceleratorPart part = load_accelerator(catalog_, found->part);
    known = known_cards_.emplace(found->part, Card{std::move(part.spec), found->part, part.entry.grade, true}).first;
  }
  Card card = known->second;
  card.exact = found->exact;
  if (!found->exact) card.grade = catalog::Grade::Assumed;
  return card;
}

std::optional<LlmParts::Processor> LlmParts::processor(std::string_view name) const {
  auto known = known_processors_.find(name);
  if (known == known_processors_.end()) known = known_processors_.emplace(std::string(name), find_processor(name)).first;
  return known->second;
}

const serving::ProcessorFamily* LlmParts::processor_family(std::string_view name) const {
  if (families_.empty()) families_ = load_processor_families(catalog_);
  return serving::find_processor_family(families_, name);
}

// Of a name that asks for another member than the entry's, the line tells more, unless both are of one line. An entry that
// tells no rate of arithmetic has that of its line's cores.
std::optional<LlmParts::Processor> LlmParts::find_processor(std::string_view name) const {
  const serving::ProcessorFamily* family = processor_family(name);
  if (const auto found = processors_.find(name)) {
    ProcessorPart part = load_processor(catalog_, found->part);
    if (found->exact || family == nullptr || family == processor_family(part.entry.name)) {
      serving::ProcessorSpec& spec = part.spec;
      if (!spec.fp32 && family != nullptr)
        spec.fp32 = family->fp32 * (spec.cores.value_or(family->cores) / double(family->cores));
      if (!spec.fp32 && spec.cores) spec.fp32 = kCorePeak * *spec.cores;
      return Processor{std::move(spec), found->part, found->exact ? part.entry.grade : catalog::Grade::Assumed};
    }
  }
  if (family == nullptr) return std::nullopt;
  Processor processor;
  processor.spec.memory_bandwidth = family->memory_bandwidth;
  processor.spec.fp32 = family->fp32;
  return processor;
}

const LlmParts::Model& LlmParts::part_model(const std::string& part) const {
  auto known = known_models_.find(part);
  if (known == known_models_.end()) {
    const ModelPart loaded = load_language_model(catalog_, part);
    known = known_models_.emplace(part, Model{loaded.shape, part, loaded.entry.grade}).first;
  }
  return known->second;
}

const LlmParts::Model* LlmParts::catalog_model(std::string_view name) const {
  const auto found = models_.find(name);
  return found ? &part_model(found->part) : nullptr;
}

std::optional<LlmParts::Model> LlmParts::model_of_layers(int layers) const {
  const Model* only = nullptr;
  for (const std::string& part : catalog_.parts("llms")) {
    const Model& model = part_model(part);
    if (model.shape.layers != layers) continue;
    if (only != nullptr) return std::nullopt;
    only = &model;
  }
  if (only == nullptr) return std::nullopt;
  Model model = *only;
  model.grade = catalog::Grade::Assumed;
  return model;
}

// Fine-tuned models have names of their own and the shape of another, and programs name a family alone: `qwen3moe ?B`.
const LlmParts::Model* LlmParts::model_of_size(double parameters) const {
  const Model* nearest = nullptr;
  double least = std::log(kCountedSize);
  for (const std::string& part : catalog_.parts("llms")) {
    const Model& model = part_model(part);
    const double distance = std::abs(std::log(model.shape.num_parameters / parameters));
    if (distance > least) continue;
    nearest = &model;
    least = distance;
  }
  return nearest;
}

// Of models that are named after what a token uses, as of files of few bits, sources tell fewer parameters than there are; the
// name counts if it says the size that the entry's name says.
bool LlmParts::told_too_small(double parameters, const std::optional<serving::ModelSize>& named, const Model& known) {
  const auto listed = size_in_name(known.part);
  return named && listed && named->parameters == listed->parameters && parameters < known.shape.num_parameters;
}

std::optional<serving::ModelSize> LlmParts::listed_size(std::string_view name) const {
  if (sizes_.empty()) sizes_ = load_model_sizes(catalog_);
  return serving::find_model_size(sizes_, name);
}

std::optional<LlmParts::Model> LlmParts::model(std::string_view name, std::optional<double> params_b,
                                               std::optional<double> active_params_b) const {
  const auto named = size_in_name(name);
  const Model* known = catalog_model(name);
  if (known == nullptr && !named && params_b) known = catalog_model(with_size(name, *params_b, active_params_b));
  const auto listed = known == nullptr ? listed_size(name) : std::nullopt;
  const double parameters = params_b ? *params_b * 1e9 : (listed ? listed->parameters : (named ? named->parameters : 0.0));
  // What is measured may be pruned or merged; a size in the name alone is rounded and counts less.
  const bool fits = known != nullptr && (parameters <= 0.0 || same_size(parameters, known->shape.num_parameters) ||
                                         told_too_small(parameters, named, *known));
  if (fits) return *known;
  if (parameters <= 0.0) return known != nullptr ? std::optional<Model>(*known) : std::nullopt;
  if (params_b && is_counted(*params_b)) {
    if (const Model* same = model_of_size(parameters)) return *same;
  }
  double active = active_params_b ? std::min(*active_params_b * 1e9, parameters)
                                  : (named ? std::min(named->active, parameters) : parameters);
  if (!active_params_b && params_b && active >= parameters) active = usual_active(parameters);
  if (listed) active = std::min(listed->active, parameters);
  return Model{serving::typical_shape(parameters, active), {}, catalog::Grade::Assumed};
}

std::optional<serving::Quantisation> LlmParts::quant(std::string_view name) const {
  return serving::Quantisation::find(quants_, name);
}

std::optional<serving::Quantisation> LlmParts::quant_within(std::string_view text) const {
  if (auto found = quant(text)) return found;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" ,()`+-", begin), text.size());
    for (std::string_view word = text.substr(begin, end - begin); !word.empty(); word = word.substr(0, word.rfind('_'))) {
      auto part = quant(word);
      if (part && part->is_gguf()) return part;
      if (word.rfind('_') == std::string_view::npos) break;
    }
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace labtwin::calibration
