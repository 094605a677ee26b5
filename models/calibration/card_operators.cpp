#include "models/calibration/card_operators.hpp"

#include <fmt/format.h>

#include <string>

#include "models/base/error.hpp"
#include "models/base/table_reader.hpp"
#include "models/calibration/llm_parts.hpp"
#include "models/calibration/serving_setup.hpp"
#include "models/catalog/data_folder.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;

// Five digits of a coefficient are more than is known of it.
template <class Q>
std::string kept(Q quantity) {
  return format_quantity(Q::from_base(std::stod(fmt::format("{:.4e}", quantity.value()))));
}

CardOperators read_operators(const fs::path& file) {
  const Document document = Document::read(file);
  DiagnosticSink sink;
  TableReader root(document, sink);
  CardOperators card;
  card.grade = catalog::Grade::Fitted;
  card.source = root.required<std::string>("source");
  serving::OperatorCoefficients& c = card.coefficients;
  c.bandwidth = root.required<BytesPerSecond>("bandwidth", kPositive);
  c.matrix_rate = root.required<FlopsPerSecond>("matrix_rate", kPositive);
  c.knee = root.required<double>("knee", kPositive);
  c.activation_passes = root.required<double>("activation_passes", kNonNegative);
  c.layer_overhead = root.required<Seconds>("layer_overhead", kNonNegative);
  c.attention_rate = root.required<FlopsPerSecond>("attention_rate", kPositive);
  c.attention_chain = root.required<Seconds>("attention_chain", kNonNegative);
  c.mixed_decode_rate = root.required<FlopsPerSecond>("mixed_decode_rate", kPositive);
  c.decode_overhead = root.required<Seconds>("decode_overhead", kNonNegative);
  c.skew = root.required<double>("skew", kFraction);
  root.finish();
  sink.throw_if_any();
  return card;
}

}  // namespace

CardOperators card_operators(std::string_view part, const serving::AcceleratorSpec& card) {
  const fs::path file = catalog::find_data_folder().calibration / "priors" / "operators" / fmt::format("{}.toml", part);
  if (fs::exists(file)) return read_operators(file);
  return {.coefficients = serving::typical_coefficients(card),
          .grade = catalog::Grade::Assumed,
          .source = "coefficients typical of the operators of vLLM on an RTX 4090 and an RTX PRO 6000"};
}

std::optional<OperatorFit> fit_beside(const fs::path& folder, const ServingMeta& meta, const serving::OperatorWork& work) {
  const fs::path tables = folder / fmt::format("operators_tp{:.0f}", meta.tensor_parallel);
  if (!fs::exists(tables)) return std::nullopt;
  return fit_operators(read_operator_tables(tables), work, meta.card);
}

std::string fit_card_operators(const MeasurementTable& table) {
  const fs::path folder = fs::path(table.name()).parent_path();
  const LlmParts parts;
  const ServedModel served = read_served_model(folder, parts);
  const auto fit = fit_beside(folder, served.meta, served.work);
  if (!fit) {
    throw ConfigError({.place = {folder.string(), 0, 0},
                       .key = {},
                       .value = {},
                       .rule = "has no tables of operators to fit",
                       .hint = "a folder operators_tp1 with dense.csv, per_sequence.csv and attention.csv"});
  }
  const serving::OperatorCoefficients& c = fit->coefficients;
  std::string text = fmt::format(
      "# The operators of vLLM on this card, fitted by `labtwin fit`; their meanings: models/serving/operator_law.hpp.\n"
      "source = \"{} rows of operator tables of vLLM {} with {} on {}\"\n",
      fit->summary.num_rows, served.meta.engine_version, served.meta.model, served.meta.card);
  const auto add = [&](std::string_view name, const std::string& value) { text += fmt::format("{} = {}\n", name, value); };
  const auto quoted = [](const std::string& value) { return fmt::format("\"{}\"", value); };
  add("bandwidth", quoted(kept(c.bandwidth)));
  add("matrix_rate", quoted(kept(c.matrix_rate)));
  add("knee", fmt::format("{:.4g}", c.knee));
  add("activation_passes", fmt::format("{:.4g}", c.activation_passes));
  add("layer_overhead", quoted(kept(c.layer_overhead)));
  add("attention_rate", quoted(kept(c.attention_rate)));
  add("attention_chain", quoted(kept(c.attention_chain)));
  add("mixed_decode_rate", quoted(kept(c.mixed_decode_rate)));
  add("decode_overhead", quoted(kept(c.decode_overhead)));
  add("skew", fmt::format("{:.4g}", c.skew));
  return text;
}

}  // namespace labtwin::calibration
