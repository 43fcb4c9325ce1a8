// SPDX-License-Identifier: Apache-2.0
// Session files as verbs take them: read, with `$NAME` filled in, checked. Owner's tool.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>
#include "src/session/read_session.h"

namespace cloister {
struct SessionOptions {
  std::vector<std::string> settings;  // NAME=VALUE
  bool use_environment = false, json = false;
};
void add_session_options(CLI::App& app, SessionOptions* options);

struct SessionFile {
  std::string file;
  std::string unusable;  // why it could not even be read
  std::string text;      // with the variables filled in
  session::Report report;
  std::optional<session::Session> session;
};
inline constexpr int kInvalidSession = 1, kUnusableInput = 2;
// `file` may be "-" for standard input.
SessionFile load_session(const std::string& file, const SessionOptions& options);
// Says what is wrong and what is odd; gives back the exit status.
int complain_about(const SessionFile& loaded);
}  // namespace cloister
