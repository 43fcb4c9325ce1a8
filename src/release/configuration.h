// SPDX-License-Identifier: Apache-2.0
// What a policy gives to an enclave in GRANT: arguments, environment, working directory, files. Both sides; pure.
//
// What may come from the host is marked by structure, never by characters in a text: the enclave puts the host's words
// in last, each within its one argument or variable, and nobody looks for placeholders in the result.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>
#include "src/base/result.h"
#include "src/base/secret.h"

namespace cloister::release {

inline constexpr std::uint32_t kListLimit = 4096;  // arguments, pieces of one, variables, files, host arguments
inline constexpr std::size_t kPathLimit = 4095;

struct HostArgument {
  std::uint32_t position = 0;  // from 1, the first after the program's name; each at most once in all arguments
};
// A literal, never empty and never beside another one, or an argument of the host.
using ArgumentPiece = std::variant<SecretBytes, HostArgument>;
using Argument = std::vector<ArgumentPiece>;  // no piece: the empty argument

struct Variable {
  enum class Source : std::uint32_t { policy = 0, host = 1 };
  std::string name;
  Source source = Source::policy;
  SecretBytes value;  // empty with Source::host: the value is the host's, empty if it has none
};

struct InjectedFile {
  std::string path;         // absolute, without "." and "..", not "/"
  std::uint32_t mode = 0;   // permission bits
  std::uint32_t owner = 0;  // uid and gid
  std::uint32_t group = 0;
  SecretBytes contents;
};

struct Configuration {
  std::vector<Argument> arguments;    // at least argv[0]
  std::vector<Variable> environment;  // ascending by name
  std::string working_directory;      // absolute
  std::vector<InjectedFile> files;    // ascending by path, and none lies below another one
};

// Absolute, no empty component, no "." or "..", no '/' at the end but in "/" itself.
bool is_plain_path(std::string_view path);

}  // namespace cloister::release
