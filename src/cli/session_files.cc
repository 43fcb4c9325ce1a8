// SPDX-License-Identifier: Apache-2.0
#include "src/cli/session_files.h"
#include <cstdlib>
#include <cstring>
#include "src/cli/complain.h"
#include "src/cli/read_file.h"
#include "src/session/variables.h"

namespace cloister {
namespace {
std::optional<std::string> read_text(const std::string& file, std::string* unusable) {
  const auto bytes = read_file(file, yaml::kMaxSize);
  if (bytes.ok()) return std::string(bytes.value().begin(), bytes.value().end());
  *unusable = file + " " + bytes.error().what();
  if (bytes.error().is_errno()) *unusable += std::string(" (") + std::strerror(bytes.error().errno_value()) + ")";
  return std::nullopt;
}

std::optional<std::string> value_of(std::string_view name, const SessionOptions& options) {
  for (const std::string& setting : options.settings)
    if (setting.size() > name.size() && setting[name.size()] == '=' && setting.starts_with(name))
      return setting.substr(name.size() + 1);
  if (!options.use_environment) return std::nullopt;
  const char* const value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}
}  // namespace

void add_session_options(CLI::App& app, SessionOptions* options) {
  app.add_option("--set", options->settings, "NAME=VALUE: the value of $NAME and ${NAME}; may be repeated")
      ->allow_extra_args(false)
      ->check([](const std::string& setting) {
        return setting.find('=') == std::string::npos || setting.front() == '=' ? "write NAME=VALUE" : std::string();
      });
  app.add_flag("--use-env", options->use_environment, "take other variables from the environment");
  app.add_flag("--json", options->json, "machine-readable output");
}

SessionFile load_session(const std::string& file, const SessionOptions& options) {
  SessionFile loaded;
  loaded.file = file;
  const auto text = read_text(file, &loaded.unusable);
  if (!text) return loaded;
  loaded.text = session::fill_variables(*text, [&](std::string_view name) { return value_of(name, options); });
  loaded.session = session::read_session(loaded.text, &loaded.report);
  return loaded;
}

int complain_about(const SessionFile& loaded) {
  if (!loaded.unusable.empty()) return complain(loaded.unusable, kUnusableInput);
  for (const yaml::Problem& warning : loaded.report.warnings) {
    yaml::Problem named = warning;
    named.what = std::string("warning: ") + warning.what;
    complain(yaml::text_of(named, loaded.file), 0);
  }
  for (const yaml::Problem& problem : loaded.report.problems) complain(yaml::text_of(problem, loaded.file), 0);
  return loaded.session ? 0 : kInvalidSession;
}
}  // namespace cloister
