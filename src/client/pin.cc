// SPDX-License-Identifier: Apache-2.0
#include "src/client/pin.h"
#include <nlohmann/json.hpp>
#include "src/base/hex.h"

namespace cloister::client {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kVersion = 1;

template <std::size_t kSize>
bool read_bytes(const Json& from, const char* name, std::array<std::uint8_t, kSize>& to) {
  const auto found = from.find(name);
  return found != from.end() && found->is_string() && read_hex(found->get_ref<const std::string&>(), to);
}

template <typename T>
bool read_number(const Json& from, const char* name, T& to) {
  const auto found = from.find(name);
  if (found == from.end() || !found->is_number_integer()) return false;
  to = found->get<T>();
  return true;
}

bool read_pin(const Json& from, Pin& pin) {
  if (!from.is_object()) return false;
  const auto address = from.find("address"), simulation = from.find("simulation");
  if (address == from.end() || !address->is_string() || simulation == from.end() || !simulation->is_boolean())
    return false;
  pin.address = address->get<std::string>();
  pin.simulation = simulation->get<bool>();
  return read_bytes(from, "cas_key_hash", pin.cas_key_hash) && read_bytes(from, "audit_key", pin.audit_key) &&
         read_bytes(from, "mrenclave", pin.mrenclave) && read_bytes(from, "owner_key_hash", pin.owner_key_hash) &&
         read_number(from, "attested", pin.attested) && read_number(from, "audit_sequence", pin.seen.sequence) &&
         read_bytes(from, "audit_hash", pin.seen.hash);
}

}  // namespace

std::string write_pins(const std::vector<Pin>& pins) {
  Json list = Json::array();
  for (const Pin& pin : pins)
    list.push_back({{"address", pin.address},
                    {"cas_key_hash", to_hex(pin.cas_key_hash)},
                    {"audit_key", to_hex(pin.audit_key)},
                    {"mrenclave", to_hex(pin.mrenclave)},
                    {"owner_key_hash", to_hex(pin.owner_key_hash)},
                    {"simulation", pin.simulation},
                    {"attested", pin.attested},
                    {"audit_sequence", pin.seen.sequence},
                    {"audit_hash", to_hex(pin.seen.hash)}});
  return Json{{"version", kVersion}, {"cas", list}}.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<std::vector<Pin>> read_pins(std::string_view text) {
  const Error malformed(Errc::invalid, "is no list of attested CASes");
  const Json document = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  int version = 0;
  if (!document.is_object() || !read_number(document, "version", version)) return malformed;
  if (version != kVersion) return Error(Errc::unsupported, "was written by another version of this command");
  const auto list = document.find("cas");
  if (list == document.end() || !list->is_array()) return malformed;
  std::vector<Pin> pins(list->size());
  for (std::size_t i = 0; i < pins.size(); ++i)
    if (!read_pin((*list)[i], pins[i])) return malformed;
  return pins;
}

Result<void> see_head(Pin& pin, const audit::Head& head, std::string& problem) {
  if (!verify_head(head, pin.audit_key).ok()) {
    problem = "the audit log's head is not signed by this CAS's audit key";
    return Error(Errc::mismatch, "an unsigned head");
  }
  const std::string now = std::to_string(head.at.sequence), seen = std::to_string(pin.seen.sequence);
  if (head.at.sequence < pin.seen.sequence) {
    problem = "CAS HAS GONE BACK: its audit log ends at entry " + now + ", and was seen at entry " + seen +
              "; its state is older than what you know. Do not use it before you know why";
    return Error(Errc::mismatch, "CAS has gone back");
  }
  if (head.at.sequence == pin.seen.sequence && head.at.hash != pin.seen.hash) {
    problem =
        "CAS HAS ANOTHER HISTORY: entry " + now +
        " of its audit log is not the one that was seen before; two copies of it run, or it was set back. Do not use "
        "it before you know why";
    return Error(Errc::mismatch, "CAS has another history");
  }
  pin.seen = head.at;
  return {};
}

}  // namespace cloister::client
