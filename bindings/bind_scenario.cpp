#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "bindings/bind.hpp"

namespace labtwin::bindings {

std::vector<Override> to_overrides(const OverrideTexts& texts) {
  std::vector<Override> overrides;
  overrides.reserve(texts.size());
  for (const auto& [key, value] : texts) overrides.push_back({.key = key, .value = value});
  return overrides;
}

ScenarioSource scenario_source(const std::filesystem::path& path, const OverrideTexts& overrides) {
  return ScenarioSource::file(path, to_overrides(overrides));
}

void bind_scenario(pybind11::module_& module) {
  module.def(
      "check",
      [](const std::filesystem::path& path, const OverrideTexts& overrides) {
        static_cast<void>(Scenario::read(scenario_source(path, overrides)));
      },
      pybind11::arg("path"), pybind11::arg("overrides"), pybind11::call_guard<pybind11::gil_scoped_release>(),
      "Reads a scenario with some values changed; raises ConfigError with all mistakes.");
}

}  // namespace labtwin::bindings
