#include <CLI/CLI.hpp>
#include <utility>

#include "sim/command/command_line.hpp"

namespace labtwin::command {
namespace {

constexpr int kWrongInput = 2;

template <class Value>
void add_argument(CLI::App& app, const std::string& name, Value& value, const std::string& description) {
  const bool is_optional = name.front() == '[';
  const std::string bare = is_optional ? name.substr(1, name.size() - 2) : name;
  app.add_option(bare, value, description)->required(!is_optional);
}

}  // namespace

Verb Verb::add(const std::string& name, const std::string& description) {
  app_->require_subcommand(1);
  return {*app_->add_subcommand(name, description), *status_};
}

Verb& Verb::argument(const std::string& name, std::string& value, const std::string& description) {
  add_argument(*app_, name, value, description);
  return *this;
}

Verb& Verb::argument(const std::string& name, std::vector<std::string>& values, const std::string& description) {
  add_argument(*app_, name, values, description);
  return *this;
}

Verb& Verb::option(const std::string& name, std::string& value, const std::string& description) {
  app_->add_option(name, value, description);
  return *this;
}

Verb& Verb::option(const std::string& name, std::vector<std::string>& values, const std::string& description) {
  app_->add_option(name, values, description)->allow_extra_args(false);
  return *this;
}

Verb& Verb::option(const std::string& name, double& value, double least, double most, const std::string& description) {
  app_->add_option(name, value, description)->check(CLI::Range(least, most));
  return *this;
}

Verb& Verb::option(const std::string& name, std::optional<std::uint32_t>& value, std::uint32_t least, std::uint32_t most,
                   const std::string& description) {
  app_->add_option(name, value, description)->check(CLI::Range(least, most));
  return *this;
}

Verb& Verb::flag(const std::string& name, bool& value, const std::string& description) {
  app_->add_flag(name, value, description);
  return *this;
}

void Verb::runs(std::function<int()> action) {
  app_->callback([status = status_, action = std::move(action)] { *status = action(); });
}

CommandLine::CommandLine(const std::string& name, const std::string& description, const std::string& version)
    : app_(std::make_unique<CLI::App>(description, name)) {
  app_->set_version_flag("--version", version);
  app_->require_subcommand(1);
}

CommandLine::~CommandLine() = default;

Verb CommandLine::add(const std::string& name, const std::string& description) {
  return {*app_->add_subcommand(name, description), status_};
}

int CommandLine::run(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? 0 : kWrongInput;
  }
  return status_;
}

}  // namespace labtwin::command
