// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_session.h"
#include <cstdio>
#include <cstring>
#include "src/cli/verb_session_check.h"
#include "src/cli/verb_session_diff.h"
#include "src/cli/verb_session_explain.h"
#include "src/cli/verb_session_remote.h"
#include "src/session/language.h"

namespace cloister {
namespace {
int language(int, char**) {
  const std::string page = session::language_reference();
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 2;
}
}  // namespace

int session_verb(int argc, char** argv) {
  static constexpr struct {
    const char* name;
    int (*run)(int, char**);
  } kVerbs[] = {{"check", session_check_verb},   {"diff", session_diff_verb},     {"explain", session_explain_verb},
                {"create", session_create_verb}, {"update", session_update_verb}, {"read", session_read_verb},
                {"list", session_list_verb},     {"verify", session_verify_verb}, {"language", language}};
  if (argc >= 2)
    for (const auto& verb : kVerbs)
      if (std::strcmp(argv[1], verb.name) == 0) return verb.run(argc - 1, argv + 1);
  const bool help = argc >= 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0);
  std::fprintf(help ? stdout : stderr,
               "cloister session: sessions (policies), which decide who gets which secrets\n"
               "  cloister session check FILE...    check them, each against all of the session language\n"
               "  cloister session diff OLD NEW     what changed, in words\n"
               "  cloister session explain FILE     who can get what, and what is left open\n"
               "  cloister session create FILE      create one in a CAS that was attested\n"
               "  cloister session update FILE      replace it\n"
               "  cloister session read NAME        what the CAS has of it; no generated secrets\n"
               "  cloister session list [PREFIX]    those that you may see\n"
               "  cloister session verify FILE      whether the CAS has the session in the file\n"
               "  cloister session language         the language's features, as Markdown tables\n");
  return help ? 0 : 2;
}
}  // namespace cloister
