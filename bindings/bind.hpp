#pragma once

// The parts of the module, one function per topic.

#include <pybind11/pybind11.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenario/scenario.hpp"

namespace labtwin::bindings {

/// Dotted keys and TOML text.
using OverrideTexts = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::vector<Override> to_overrides(const OverrideTexts& texts);
[[nodiscard]] ScenarioSource scenario_source(const std::filesystem::path& path, const OverrideTexts& overrides);

void bind_scenario(pybind11::module_& module);
void bind_results(pybind11::module_& module);

}  // namespace labtwin::bindings
