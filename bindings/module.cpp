// The Python module labtwin._labtwin: types and errors are translated here, nothing is decided.

#include <pybind11/pybind11.h>

#include "bindings/bind.hpp"
#include "models/base/error.hpp"
#include "sim/run/worker_process.hpp"

PYBIND11_MODULE(_labtwin, module) {
  module.doc() = "What labtwin's Python package calls; import labtwin instead.";
  module.attr("version") = LABTWIN_VERSION;
  pybind11::register_exception<labtwin::ConfigError>(module, "ConfigError", PyExc_ValueError).doc() =
      "A scenario, part or file has mistakes. The text has one line each: `file:line:column: key = value: rule (hint)`.";
  pybind11::register_exception<labtwin::WorkerError>(module, "WorkerError", PyExc_RuntimeError).doc() =
      "A simulation process ended in a way that no input explains.";
  labtwin::bindings::bind_scenario(module);
  labtwin::bindings::bind_results(module);
}
