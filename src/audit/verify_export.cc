// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>
#include "src/audit/export.h"
#include "src/base/hex.h"

namespace cloister::audit {
namespace {

using Json = nlohmann::json;

// An entry's bytes in hexadecimal, and the same once more as escaped text.
constexpr std::size_t kLineLimit = 64 * 1024;

// The member's bytes; nothing when it is not there or has another size.
std::optional<std::vector<std::uint8_t>> hex_member(const Json& object, const char* member) {
  if (!object.is_object()) return {};
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string()) return {};
  auto bytes = from_hex(found->get_ref<const std::string&>());
  if (!bytes.ok()) return {};
  return std::move(bytes).take();
}
template <std::size_t kSize>
bool read_hex(const Json& object, const char* member, std::array<std::uint8_t, kSize>& value) {
  const auto bytes = hex_member(object, member);
  if (!bytes || bytes->size() != kSize) return false;
  std::copy(bytes->begin(), bytes->end(), value.begin());
  return true;
}
bool read_number(const Json& object, const char* member, std::uint64_t& value) {
  if (!object.is_object()) return false;
  const auto found = object.find(member);
  if (found == object.end() || !found->is_number_unsigned()) return false;
  value = found->get<std::uint64_t>();
  return true;
}

class Verification {
 public:
  Verification(std::string_view text, const Expectations& expectations, std::string& problem)
      : rest_(text), expectations_(expectations), problem_(problem) {}

  Result<VerifiedExport> run() {
    TRY(header());
    while (!done_) TRY(entry_or_head());
    ++line_number_;
    if (!rest_.empty()) return refuse(Errc::invalid, "there is more after the head");
    if (expectations_.earlier && expectations_.earlier->sequence > at_.sequence) {
      problem_ = "the log has gone back: its head is entry " + std::to_string(at_.sequence) + ", and entry " +
                 std::to_string(expectations_.earlier->sequence) + " was seen before";
      return Error(Errc::mismatch, "the log has gone back");
    }
    return std::move(result_);
  }

 private:
  Error refuse(Errc code, const char* what) {
    problem_ = "line " + std::to_string(line_number_) + ": " + what;
    return Error(code, what);
  }

  // The next line as JSON; `line_` is the line with its end.
  Result<Json> next_line() {
    ++line_number_;
    const std::size_t end = rest_.substr(0, kLineLimit).find('\n');
    if (end == std::string_view::npos) return refuse(Errc::invalid, "no whole line, the export is cut off");
    line_ = rest_.substr(0, end + 1);
    rest_.remove_prefix(end + 1);
    Json json = Json::parse(line_.begin(), line_.end(), nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded() || !json.is_object()) return refuse(Errc::invalid, "not a JSON object");
    return json;
  }

  Result<void> header() {
    const Json json = TRY(next_line());
    std::uint64_t first = 0;
    if (!read_hex(json, "audit_key", result_.key) || !read_number(json, "first", first) || first == 0 ||
        !read_hex(json, "previous", at_.hash))
      return refuse(Errc::invalid, "not the first line of an exported audit log");
    at_.sequence = first - 1;
    result_.before_first = at_;
    if (export_header(result_.key, at_) != line_) return refuse(Errc::invalid, "not written as CAS writes it");
    if (expectations_.key && *expectations_.key != result_.key)
      return refuse(Errc::mismatch, "the audit key is another one than that of the CAS that was attested");
    if (at_.sequence == 0 && at_ != chain_start(result_.key))
      return refuse(Errc::mismatch, "the log does not begin as a log of this key does");
    if (expectations_.earlier && expectations_.earlier->sequence < at_.sequence)
      return refuse(Errc::unsupported, "the export begins after the entry that was seen before: ask for more");
    return compare_with_earlier();
  }

  Result<void> entry_or_head() {
    const Json json = TRY(next_line());
    if (json.contains("head")) return head(json["head"]);
    const auto bytes = hex_member(json, "entry");
    if (!bytes) return refuse(Errc::invalid, "neither an entry nor a head");
    auto entry = decode_entry(*bytes);
    if (!entry.ok()) return refuse(entry.error().code(), entry.error().what());
    if (entry.value().sequence != at_.sequence + 1)
      return refuse(Errc::mismatch, "this entry is not the next one: some are missing, doubled or in another order");
    if (export_line(*bytes, entry.value()) != line_)
      return refuse(Errc::mismatch, "the line says something else than the entry's bytes");
    at_ = chain_next(at_, *bytes);
    result_.entries.push_back(std::move(entry).take());
    return compare_with_earlier();
  }

  Result<void> head(const Json& json) {
    Head& head = result_.head;
    if (!read_number(json, "sequence", head.at.sequence) || !read_hex(json, "hash", head.at.hash) ||
        !read_hex(json, "signature", head.signature) || export_head(head) != line_)
      return refuse(Errc::invalid, "not a head as CAS writes it");
    if (head.at != at_) return refuse(Errc::mismatch, "the head is not that of these entries");
    if (const auto holds = verify_head(head, result_.key); !holds.ok())
      return refuse(holds.error().code(), holds.error().what());
    done_ = true;
    return {};
  }

  Result<void> compare_with_earlier() {
    if (expectations_.earlier && expectations_.earlier->sequence == at_.sequence &&
        expectations_.earlier->hash != at_.hash)
      return refuse(Errc::mismatch, "here the log is another one than was seen before: it was rolled back or forked");
    return {};
  }

  std::string_view rest_, line_;
  const Expectations& expectations_;
  std::string& problem_;
  std::size_t line_number_ = 0;
  bool done_ = false;
  Position at_;
  VerifiedExport result_{};
};

}  // namespace

Result<VerifiedExport> verify_export(std::string_view text, const Expectations& expectations, std::string& problem) {
  return Verification(text, expectations, problem).run();
}

}  // namespace cloister::audit
