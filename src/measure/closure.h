// SPDX-License-Identifier: Apache-2.0
// The ELF closure of a program: the executable, its dynamic loader and every library that the loader would find, with
// the symbolic links on the way. A script's closure is its interpreter's and the script. Owner's side.
#pragma once
#include <map>
#include <string>
#include <vector>
#include "src/base/result.h"

namespace cloister {
struct Closure {
  std::string found;                      // absolute path by which the program was found; of a script, its interpreter
  std::string program;                    // real path of the executable; of a script, its interpreter
  std::vector<std::string> script_words;  // of a script: what argv has in place of the program's name
  std::vector<std::string> files;         // real paths, ascending, the program among them
  std::map<std::string, std::string> links;  // path of a symbolic link -> its target, as written
  std::vector<std::string> missing;          // DT_NEEDED names that were not found
};

// A text for people beside the cause: which file, and what to do.
struct ClosureError {
  std::string text;
};

// `name` is looked up in `search_path` (as $PATH) when it has no slash. On failure `error` says what and why.
Result<Closure> elf_closure(const std::string& name, const std::string& search_path, ClosureError* error);
}  // namespace cloister
