// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_session_diff.h"
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include "src/cli/session_files.h"
#include "src/session/diff.h"
#include "src/session/migration.h"

namespace cloister {
namespace {
using Json = nlohmann::ordered_json;

const char* name_of(session::Fate fate) {
  static constexpr const char* kNames[] = {"kept", "made anew", "stated or derived", "dropped"};
  return kNames[static_cast<int>(fate)];
}
}  // namespace

int session_diff_verb(int argc, char** argv) {
  CLI::App app{
      "Says what changes when NEW replaces OLD. Exit status 0: nothing, 1: something, or one is not valid, 2: one "
      "could "
      "not be read.",
      "cloister session diff"};
  SessionOptions options;
  std::string old_file, new_file;
  app.add_option("OLD", old_file, "session in YAML")->required();
  app.add_option("NEW", new_file, "session in YAML")->required();
  add_session_options(app, &options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUnusableInput;
  }
  const SessionFile before = load_session(old_file, options), after = load_session(new_file, options);
  const int status = std::max(complain_about(before), complain_about(after));
  if (status != 0) return status;
  const auto differences = session::differences(*before.session, *after.session);
  const auto fates = session::migrate_secrets(*before.session, *after.session);
  if (options.json) {
    Json document{{"same", differences.empty()}, {"differences", Json::array()}, {"secrets", Json::array()}};
    for (const session::Difference& one : differences)
      document["differences"].push_back(
          {{"part", one.part}, {"field", one.field}, {"before", one.before}, {"after", one.after}});
    for (const session::Migration& one : fates)
      document["secrets"].push_back({{"name", one.name}, {"fate", name_of(one.fate)}, {"why", one.why}});
    std::printf("%s\n", document.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return differences.empty() ? 0 : 1;
  }
  for (const session::Difference& one : differences) std::printf("%s\n", session::words_of(one).c_str());
  if (differences.empty()) std::printf("no difference\n");
  for (const session::Migration& one : fates)
    std::printf("on update, secret %s is %s: %s\n", one.name.c_str(), name_of(one.fate), one.why);
  return differences.empty() ? 0 : 1;
}
}  // namespace cloister
