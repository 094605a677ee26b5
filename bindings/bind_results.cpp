#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/bind.hpp"
#include "sim/output/answer.hpp"
#include "sim/output/capacity_text.hpp"
#include "sim/output/plot.hpp"
#include "sim/run/capacity.hpp"
#include "sim/run/results_json.hpp"
#include "sim/run/run.hpp"

namespace labtwin::bindings {
namespace {

namespace py = pybind11;

using ColumnArrays = std::map<std::string, std::map<std::string, py::array_t<double>>>;

/// An array that takes over the numbers without copying them.
py::array_t<double> to_array(std::vector<double>&& column) {
  auto owned = std::make_unique<std::vector<double>>(std::move(column));
  const std::vector<double>& numbers = *owned;
  const py::capsule owner(owned.release(), [](void* vector) { delete static_cast<std::vector<double>*>(vector); });
  return py::array_t<double>(static_cast<py::ssize_t>(numbers.size()), numbers.data(), owner);
}

ColumnArrays to_arrays(std::map<std::string, RequestColumns>&& requests) {
  ColumnArrays arrays;
  for (auto& [workload, columns] : requests) {
    for (auto& [name, column] : columns) arrays[workload].emplace(name, to_array(std::move(column)));
  }
  return arrays;
}

/// True if a signal handler of Python raised, typically at Ctrl-C; only ever so in the main thread.
bool is_interrupted() {
  const py::gil_scoped_acquire gil;
  return PyErr_CheckSignals() != 0;
}

RunOptions options_for(const std::filesystem::path& worker) {
  RunOptions options;
  options.worker = {.program = worker, .interrupted = &is_interrupted};
  return options;
}

/// Calls without the interpreter's lock; an interrupted call raises what Python's signal handler raised.
template <class Call>
auto without_gil(const Call& call) {
  try {
    const py::gil_scoped_release no_gil;
    return call();
  } catch (const Interrupted&) {
    throw py::error_already_set();
  }
}

using Answer = std::tuple<std::string, std::vector<std::string>, std::string, ColumnArrays>;

Answer run_scenario(const std::filesystem::path& path, const OverrideTexts& overrides, const std::filesystem::path& worker,
                    bool keep_requests, bool with_what_ifs) {
  RunOptions options = options_for(worker);
  options.keep_requests = keep_requests;
  options.with_what_ifs = with_what_ifs;
  Results results = without_gil([&] { return run(scenario_source(path, overrides), options); });
  return {to_json(results), output::answer(results), output::plot_svg(results), to_arrays(std::move(results.requests))};
}

std::vector<std::string> run_scenario_points(const std::filesystem::path& path, const OverrideTexts& overrides,
                                             const std::filesystem::path& worker, const std::vector<OverrideTexts>& points) {
  return without_gil([&] {
    std::vector<std::vector<Override>> changes;
    for (const OverrideTexts& point : points) changes.push_back(to_overrides(point));
    std::vector<std::string> documents;
    for (const Results& results : run_points(scenario_source(path, overrides), changes, options_for(worker))) {
      documents.push_back(to_json(results));
    }
    return documents;
  });
}

std::string capacity_of(const std::filesystem::path& path, const OverrideTexts& overrides, const std::filesystem::path& worker,
                        const std::string& workload, std::optional<double> most, double precision, bool with_what_ifs) {
  CapacityOptions options;
  options.workload = workload;
  options.most = most;
  options.precision = precision;
  options.run = options_for(worker);
  options.run.with_what_ifs = with_what_ifs;
  return without_gil([&] { return output::capacity_json(find_capacity(scenario_source(path, overrides), options)); });
}

}  // namespace

void bind_results(py::module_& module) {
  module.def(
      "run", &run_scenario, py::arg("path"), py::arg("overrides"), py::arg("worker"), py::kw_only(),
      py::arg("keep_requests") = false, py::arg("with_what_ifs") = true,
      "Runs a scenario with some values changed in a worker process. Returns the JSON of `labtwin run --json`, the answer "
      "in sentences, the picture (SVG) and, by workload, the columns of its requests.");
  module.def("run_points", &run_scenario_points, py::arg("path"), py::arg("overrides"), py::arg("worker"), py::arg("points"),
             "Runs a scenario at several points, each a list of changes, in one worker process. Returns their JSON.");
  module.def("capacity", &capacity_of, py::arg("path"), py::arg("overrides"), py::arg("worker"), py::kw_only(),
             py::arg("workload") = "", py::arg("most") = py::none(), py::arg("precision") = 0.02,
             py::arg("with_what_ifs") = true,
             "Searches the largest load with all objectives met. Returns the JSON of `labtwin capacity --json`.");
}

}  // namespace labtwin::bindings
