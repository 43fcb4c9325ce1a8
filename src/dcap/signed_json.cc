// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/signed_json.h"
#include <algorithm>
#include "src/base/hex.h"

namespace cloister::dcap {
namespace {

Error malformed() { return Error(Errc::invalid, "malformed JSON around the signed part"); }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool consume(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // A string without escapes, which names and signatures never need.
  Result<std::string_view> plain_string() {
    if (!consume('"')) return malformed();
    const std::size_t end = rest_.find_first_of("\"\\");
    if (end == std::string_view::npos || rest_[end] != '"') return malformed();
    const std::string_view content = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return content;
  }
  Result<std::string_view> object() {
    skip_space();
    if (!rest_.starts_with('{')) return malformed();
    const std::size_t end = TRY(end_of_brackets());
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return text;
  }
  bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  // Where the value ends whose opening bracket is first; what is between the brackets is the JSON parser's business.
  Result<std::size_t> end_of_brackets() const {
    char closers[kJsonDepthLimit];
    unsigned depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (in_string) {
        if (c == '\\') ++i;
        in_string = c != '"';
      } else if (c == '"') {
        in_string = true;
      } else if (c == '{' || c == '[') {
        if (depth == kJsonDepthLimit) return Error(Errc::invalid, "JSON is nested too deeply");
        closers[depth++] = c == '{' ? '}' : ']';
      } else if (c == '}' || c == ']') {
        if (closers[--depth] != c) return malformed();
        if (depth == 0) return i + 1;
      }
    }
    return malformed();
  }

  std::string_view rest_;
};

Result<void> read_signature(std::string_view hex, std::array<std::uint8_t, 64>& signature) {
  if (hex.size() != 2 * signature.size()) return Error(Errc::invalid, "\"signature\" has not 128 hexadecimal digits");
  const auto bytes = TRY(from_hex(hex));
  std::copy(bytes.begin(), bytes.end(), signature.begin());
  return {};
}

}  // namespace

Result<SignedJson> split_signed_json(Bytes file, std::string_view body_name) {
  if (file.size() > kSignedJsonSizeLimit) return Error(Errc::invalid, "larger than 512 KiB, which no collateral is");
  Scanner scanner({reinterpret_cast<const char*>(file.data()), file.size()});
  SignedJson document{};
  bool has_body = false, has_signature = false;
  if (!scanner.consume('{')) return Error(Errc::invalid, "not a JSON object");
  do {
    const std::string_view name = TRY(scanner.plain_string());
    if (!scanner.consume(':')) return malformed();
    if (name == body_name && !has_body) {
      document.body = TRY(scanner.object());
      has_body = true;
    } else if (name == "signature" && !has_signature) {
      TRY(read_signature(TRY(scanner.plain_string()), document.signature));
      has_signature = true;
    } else {
      return Error(Errc::invalid, "the signed JSON has a member that is unknown or there twice");
    }
  } while (scanner.consume(','));
  if (!scanner.consume('}') || !scanner.at_end()) return malformed();
  if (!has_body || !has_signature) return Error(Errc::invalid, "the signed JSON lacks its body or its signature");
  return document;
}

}  // namespace cloister::dcap
