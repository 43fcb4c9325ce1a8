// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_session_explain.h"
#include <cstdio>
#include <nlohmann/json.hpp>
#include "src/cli/session_files.h"
#include "src/session/explain.h"

namespace cloister {
namespace {
using Json = nlohmann::ordered_json;

Json list_of(const std::vector<session::Finding>& findings) {
  Json list = Json::array();
  for (const session::Finding& one : findings) list.push_back({{"part", one.part}, {"text", one.text}});
  return list;
}
void print(const char* title, const std::vector<session::Finding>& findings) {
  std::printf("%s\n", title);
  for (const session::Finding& one : findings) std::printf("  %s: %s\n", one.part.c_str(), one.text.c_str());
  if (findings.empty()) std::printf("  nothing\n");
}
}  // namespace

int session_explain_verb(int argc, char** argv) {
  CLI::App app{"Says in words who can get what from a session, and what it leaves open.", "cloister session explain"};
  SessionOptions options;
  std::string file;
  app.add_option("FILE", file, "session in YAML; - is standard input")->required();
  add_session_options(app, &options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUnusableInput;
  }
  const SessionFile loaded = load_session(file, options);
  if (const int status = complain_about(loaded); status != 0) return status;
  const auto rights = session::explain_rights(*loaded.session), openings = session::explain_openings(*loaded.session);
  if (options.json) {
    const Json document{{"rights", list_of(rights)}, {"openings", list_of(openings)}};
    std::printf("%s\n", document.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return 0;
  }
  print("Who can get what:", rights);
  print("What is left open:", openings);
  return 0;
}
}  // namespace cloister
