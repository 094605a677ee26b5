#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "models/base/text.hpp"
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

std::string unknown(std::string_view word, std::string_view what, const CLI::App& of, const std::vector<std::string>& names) {
  const std::string hint = nearest_name_hint(word, names);
  return fmt::format("{}: is no {} of {}{}", printable(word), what, of.get_name(), hint.empty() ? "" : " (" + hint + ")");
}

/// The first word that is no verb, or no option of the verb before it, and what was probably meant; empty if all are.
std::string misspelt(const CLI::App& app, int argc, char** argv) {
  const CLI::App* verb = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string_view(argv[i]).find('='));
    std::vector<std::string> names;
    if (word.starts_with("--")) {
      for (const CLI::Option* option : verb->get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      }
      if (std::find(names.begin(), names.end(), word) == names.end()) return unknown(word, "option", *verb, names);
      continue;
    }
    const auto verbs = verb->get_subcommands([](const CLI::App*) { return true; });
    if (verbs.empty()) continue;
    const auto found = std::find_if(verbs.begin(), verbs.end(), [&](const CLI::App* one) { return one->get_name() == word; });
    if (found != verbs.end()) {
      verb = *found;
      continue;
    }
    for (const CLI::App* one : verbs) names.push_back(one->get_name());
    return unknown(word, "verb", *verb, names);
  }
  return {};
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
    const std::string message = error.get_exit_code() == 0 ? "" : misspelt(*app_, argc, argv);
    if (!message.empty()) {
      fmt::print(stderr, "{}\n", message);
      return kWrongInput;
    }
    return app_->exit(error) == 0 ? 0 : kWrongInput;
  }
  return status_;
}

}  // namespace labtwin::command
