// SPDX-License-Identifier: Apache-2.0
// Requests and answers of CAS's API without their connection. Inside CAS's enclave; pure.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include "src/base/result.h"
#include "src/base/secret.h"

namespace cloister::cas {

struct Request {
  std::string method;  // "GET"
  std::string target;  // path and query as they were sent
  SecretBytes body;    // sessions state secrets
};

struct Response {
  unsigned status = 200;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;  // besides those of the body and the connection
  SecretBytes body;
};

// A target taken apart. Escapes are resolved in parameters, and left in the path.
struct Target {
  std::string path;
  std::map<std::string, std::string> query;
};
// Errc::invalid for what is no absolute path, for characters that must be escaped, broken escapes, and parameters that
// occur twice.
Result<Target> parse_target(std::string_view text);
// Errc::invalid for a broken escape, and for a NUL.
Result<std::string> unescaped(std::string_view text);

inline constexpr std::size_t kTargetLimit = 4096;
inline constexpr char kSessionHashHeader[] = "Cloister-Session-Hash";
inline constexpr char kSessionValuesHeader[] = "Cloister-Session-Values";  // "shown" or "hidden"
inline constexpr char kSessionCreatorHeader[] = "Cloister-Session-Creator";

}  // namespace cloister::cas
