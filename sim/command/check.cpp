#include "sim/command/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/file.hpp"
#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"
#include "sim/command/overrides.hpp"
#include "sim/scenario/scenario.hpp"

namespace labtwin::command {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kWrongInput = 2;

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> set;
  bool json = false;
};

/// What a file turned out to be, and its mistakes.
struct Finding {
  std::string file;
  std::string kind;
  std::vector<Diagnostic> diagnostics;
};

enum class FileKind : unsigned char { Scenario, Lab, CatalogEntry, Unknown };

FileKind recognise(const Value& root) {
  const auto has = [&](std::string_view key) { return root.find(key) != nullptr; };
  if (has("lab") || has("services") || has("workloads") || has("horizon")) return FileKind::Scenario;
  if (has("nodes")) return FileKind::Lab;
  if (has("law") || has("parameters")) return FileKind::CatalogEntry;
  return FileKind::Unknown;
}

void check_lab(const Document& document) {
  DiagnosticSink sink;
  TableReader root(document, sink);
  static_cast<void>(read_lab(root, catalog::Catalog()));
  root.finish();
  sink.throw_if_any();
}

void check_entry(const Document& document, const std::string& family) {
  DiagnosticSink sink;
  const auto read_parameters = [&](const std::string& law, TableReader& parameters) {
    check_parameters(family, law, parameters);
  };
  static_cast<void>(catalog::read_entry(document, sink, read_parameters));
  sink.throw_if_any();
}

/// The family that the entry's folder names, as in the catalog; elsewhere the family that has its law.
std::string family_of(const std::string& file, const Value& root) {
  const std::string folder = fs::absolute(file).parent_path().filename().string();
  const auto* law = root.find("law");
  if (!law_names(folder).empty() || law == nullptr || law->value.kind != Value::Kind::String) return folder;
  for (const std::string_view family : families_with_laws()) {
    const std::vector<std::string> laws = law_names(family);
    if (std::find(laws.begin(), laws.end(), law->value.text) != laws.end()) return std::string(family);
  }
  return folder;
}

/// Throws ConfigError with the mistakes of the file; `kind` is set as soon as it is known.
void check_file(const std::string& file, const std::vector<Override>& overrides, std::string& kind) {
  const Document document = Document::read(file);
  switch (recognise(document.root())) {
    case FileKind::Scenario:
      kind = "scenario";
      static_cast<void>(Scenario::read(ScenarioSource::file(file, overrides)));
      return;
    case FileKind::Lab:
      kind = "lab";
      check_lab(document.with(overrides));
      return;
    case FileKind::CatalogEntry:
      kind = "catalog entry";
      check_entry(document.with(overrides), family_of(file, document.root()));
      return;
    case FileKind::Unknown:
      break;
  }
  Diagnostic diagnostic;
  diagnostic.place.file = file;
  diagnostic.rule = "is neither a scenario (it would have a key lab), a lab (nodes) nor a catalog entry (law, parameters)";
  throw ConfigError(std::move(diagnostic));
}

Json finding_json(const Finding& finding) {
  Json json{
      {"file", finding.file}, {"kind", finding.kind}, {"ok", finding.diagnostics.empty()}, {"diagnostics", Json::array()}};
  for (const Diagnostic& diagnostic : finding.diagnostics) {
    json["diagnostics"].push_back({{"file", diagnostic.place.file},
                                   {"line", diagnostic.place.line},
                                   {"column", diagnostic.place.column},
                                   {"key", diagnostic.key},
                                   {"value", diagnostic.value},
                                   {"rule", diagnostic.rule},
                                   {"hint", diagnostic.hint}});
  }
  return json;
}

/// Prints the answer and returns the exit status; wrong files leave by exception unless the answer is JSON, which holds their
/// mistakes.
int report(const std::vector<Finding>& findings, bool as_json) {
  std::vector<Diagnostic> all;
  Json json{{"files", Json::array()}};
  std::string text;
  for (const Finding& finding : findings) {
    all.insert(all.end(), finding.diagnostics.begin(), finding.diagnostics.end());
    json["files"].push_back(finding_json(finding));
    if (finding.diagnostics.empty()) text += fmt::format("{}: {}, no mistakes\n", finding.file, finding.kind);
  }
  if (as_json) {
    fmt::print("{}\n", json.dump(2));
    return all.empty() ? 0 : kWrongInput;
  }
  fmt::print("{}", text);
  if (!all.empty()) throw ConfigError(std::move(all));
  return 0;
}

int check(const Options& options) {
  const std::vector<Override> overrides = parse_overrides(options.set);
  std::vector<Finding> findings;
  for (const std::string& file : options.files) {
    Finding finding{file, "", {}};
    try {
      check_file(file, overrides, finding.kind);
    } catch (const ConfigError& error) {
      finding.diagnostics = error.diagnostics();
    }
    findings.push_back(std::move(finding));
  }
  return report(findings, options.json);
}

}  // namespace

void add_check(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  line.add("check", "Report all mistakes of scenario, lab and catalog files")
      .argument("FILE", options->files, "Files to check")
      .option("--set", options->set, "Check with KEY=VALUE in place of what the file says (repeatable)")
      .flag("--json", options->json, "Answer in JSON")
      .runs([options] { return check(*options); });
}

}  // namespace labtwin::command
