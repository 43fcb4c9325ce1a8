// SPDX-License-Identifier: Apache-2.0
// import and export: other sessions, namespaces and services, as mappings, as one text, or as in 0.2.
#include <algorithm>
#include "src/base/hex.h"
#include "src/session/names.h"
#include "src/session/reader.h"

namespace cloister::session {
namespace {
constexpr std::size_t kUrlLimit = 4096;
bool is_import(Shared what) { return what == Shared::secret_import || what == Shared::volume_import; }
bool of_volumes(Shared what) { return what == Shared::volume_import || what == Shared::volume_export; }

class PeerReader {
 public:
  PeerReader(Reader& reader, Shared what) : reader_(reader), what_(what) {}

  Peer peer;
  std::string object;

  void read(const Value& value) {
    peer.place = value.place;
    if (value.kind == Value::Kind::scalar)
      value.text.find('=') != std::string::npos ? read_url(value) : read_name_alone(value);
    else
      reader_.mapping(value, Section::peer, keys());
    if (value.kind == Value::Kind::scalar || value.kind == Value::Kind::mapping) check(value);
  }

 private:
  std::vector<Reader::Key> keys() {
    std::vector<Reader::Key> keys = {
        {"session", [this](const Value& v) { name(v, "session"); }},
        {"session_hash", [this](const Value& v) { peer.hash = reader_.hash(v, "session_hash"); }},
        {"cas_url", [this](const Value& v) { remote().url = reader_.text(v, "cas_url"); }},
        {"cas_key", [this](const Value& v) { remote().key = key(v, "cas_key"); }},
        {"cas_software_key", [this](const Value& v) { remote().software_key = key(v, "cas_software_key"); }}};
    if (what_ == Shared::secret_export)
      keys.push_back({"namespace", [this](const Value& v) {
                        peer.is_namespace = true;
                        name(v, "namespace");
                      }});
    if (what_ == Shared::secret_import)
      keys.push_back({"secret", [this](const Value& v) { object = reader_.name(v, "secret"); }});
    if (what_ == Shared::volume_import)
      keys.push_back({"volume", [this](const Value& v) { object = reader_.name(v, "volume"); }});
    return keys;
  }
  RemoteCas& remote() { return peer.remote ? *peer.remote : peer.remote.emplace(); }
  std::string key(const Value& value, const char* name) {
    const std::string text = reader_.text(value, name);
    if (value.kind == Value::Kind::scalar && !reader_.is_key_hash(text))
      reader_.refuse(value.place, std::string(name) + " must be a key hash", "in Base58 or 64 hexadecimal digits");
    return text;
  }
  void name(const Value& value, const char* key) {
    const std::string written = reader_.text(value, key);
    if (value.kind != Value::Kind::scalar) return;
    if (!peer.name.empty()) return reader_.refuse(value.place, "session and namespace together", "keep one of them");
    if (is_relative(written)) reader_.use(Section::peer, "relative name", value.place);
    const auto absolute = resolve_name(reader_.session().name, written);
    if (!absolute) return reader_.refuse(value.place, std::string(key) + " leads out of the root namespace");
    peer.name = *absolute;
    const std::string wrong = problem_of_name(peer.name, reader_.version());
    if (!wrong.empty()) reader_.refuse(value.place, std::string(key) + "'s name " + wrong);
  }

  // HOST/key=value,key=value; nothing before the slash: this service.
  void read_url(const Value& value) {
    const std::string_view url = value.text;
    if (url.size() > kUrlLimit)
      return reader_.refuse(value.place, "a session's URL of more than " + std::to_string(kUrlLimit) + " bytes");
    const std::size_t slash = url.find('/');
    const std::size_t equals = url.find('=');
    if (slash == std::string_view::npos || slash > equals)
      return reader_.refuse(value.place, "a session's URL without a slash before its first key",
                            "write HOST/cas_key=KEY,session=NAME or /session=NAME");
    Value mapping;
    mapping.kind = Value::Kind::mapping;
    mapping.place = value.place;
    const auto add = [&](std::string_view name, std::string_view text) {
      if (find_key(mapping, name) != nullptr)
        reader_.refuse(value.place, "duplicate key " + std::string(name), "keep one");
      Value item;
      item.kind = Value::Kind::scalar;
      item.place = value.place;
      item.text = std::string(text);
      mapping.keys.emplace_back(name);
      mapping.key_places.push_back(value.place);
      mapping.items.push_back(std::move(item));
    };
    if (slash > 0) add("cas_url", url.substr(0, slash));
    for (std::size_t at = slash + 1; at <= url.size();) {
      const std::size_t end = std::min(url.find(',', at), url.size());
      const std::string_view part = url.substr(at, end - at);
      const std::size_t sign = std::min(part.find('='), part.size());
      if (sign == part.size())
        reader_.refuse(value.place, "a part of a session's URL without =", "key=value,key=value");
      else
        add(part.substr(0, sign), part.substr(sign + 1));
      at = end + 1;
    }
    for (const char* key : {"session", "namespace"})
      if (const Value* const name = find_key(mapping, key); name != nullptr && is_relative(name->text))
        reader_.refuse(value.place, "a relative name in a session's URL", "write `session: " + name->text + "`");
    reader_.mapping(mapping, Section::peer, keys());
  }

  // NAME or NAME:HASH, the form of 0.2.
  void read_name_alone(const Value& value) {
    reader_.use(Section::peer, "name alone", value.place);
    const std::size_t colon = value.text.rfind(':');
    Value name = value;
    if (colon != std::string::npos) {
      const auto bytes = from_hex(std::string_view(value.text).substr(colon + 1));
      if (bytes.ok() && bytes.value().size() == 32) {
        peer.hash.emplace();
        std::copy(bytes.value().begin(), bytes.value().end(), peer.hash->begin());
        name.text = value.text.substr(0, colon);
      }
    }
    this->name(name, "session");
  }

  void check(const Value& value) {
    if (peer.name.empty() && !reader_.failed())
      reader_.refuse(value.place,
                     is_import(what_) ? "an import without session" : "an export without session or namespace",
                     "session: NAME");
    if (!peer.remote) return;
    if (peer.remote->url.empty()) reader_.refuse(value.place, "cas_key without cas_url", "name the other service");
    if (peer.remote->key.empty() == peer.remote->software_key.empty())
      reader_.refuse(value.place, "another CAS needs either cas_key or cas_software_key",
                     "cas_key trusts its owner, cas_software_key only its software");
    if (what_ == Shared::volume_export)
      reader_.refuse(value.place, "volumes cannot be exported to another CAS", "only to sessions of this one");
  }

  Reader& reader_;
  Shared what_;
};
}  // namespace

Peer read_peer(Reader& reader, const Value& value, Shared what) {
  PeerReader one(reader, what);
  one.read(value);
  return one.peer;
}

Import read_import(Reader& reader, const Value& value, Shared what, const std::string& own_name) {
  PeerReader one(reader, what);
  one.read(value);
  if (of_volumes(what)) reader.use(Section::volume, "import", value.place);
  return {one.peer, one.object.empty() ? own_name : one.object};
}

std::vector<Peer> read_exports(Reader& reader, const Value& value, Shared what) {
  std::vector<Peer> peers;
  reader.one_or_more(value, "export", [&](const Value& item) { peers.push_back(read_peer(reader, item, what)); });
  return peers;
}
}  // namespace cloister::session
