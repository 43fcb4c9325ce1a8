// SPDX-License-Identifier: Apache-2.0
#include "src/https/error_text.h"
#include <nlohmann/json.hpp>

namespace cloister::https {
namespace {

// Somebody else's text on somebody's terminal.
std::string printable(const std::string& text) {
  std::string line;
  for (const char c : text.substr(0, 1000)) line += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return line;
}

}  // namespace

std::string error_text(const Response& response) {
  const auto document = nlohmann::json::parse(response.body.begin(), response.body.end(), nullptr, false);
  const auto text = [&](const char* name) {
    const auto found = document.is_object() ? document.find(name) : document.end();
    return found != document.end() && found->is_string() ? printable(found->get<std::string>()) : std::string();
  };
  const auto number = [&](const char* name) {
    const auto found = document.is_object() ? document.find(name) : document.end();
    return found != document.end() && found->is_number_integer() ? found->get<int>() : 0;
  };
  std::string line;
  if (number("line") > 0) line = std::to_string(number("line")) + ':' + std::to_string(number("column")) + ": ";
  line += text("error").empty() ? "CAS answered with status " + std::to_string(response.status) : text("error");
  return text("hint").empty() ? line : line + " (" + text("hint") + ')';
}

}  // namespace cloister::https
