#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace labtwin {

/// Runs jobs 0 to num_jobs - 1, each in a child forked from this process, at most `num_parallel` at once, in order of their
/// numbers as far as starting goes. A job returns one line; `on_line` gets it (without the newline) when the child has ended.
/// A child that ends without a line (killed, crashed) ends the work with a runtime_error after the other children are gone.
void run_forked(std::size_t num_jobs, std::size_t num_parallel, const std::function<std::string(std::size_t)>& job,
                const std::function<void(const std::string&)>& on_line);

}  // namespace labtwin
