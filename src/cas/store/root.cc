// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/root.h"
#include <algorithm>

namespace cloister::cas {
namespace {
constexpr std::uint32_t kFormat = 1;
}  // namespace

std::vector<std::uint8_t> encode_root(const Root& root) {
  return FieldWriter<std::vector<std::uint8_t>>()
      .number(kFormat)
      .number(root.commits)
      .number(root.revision)
      .number(root.record_count)
      .fixed(root.set_hash)
      .number(root.audit.sequence)
      .fixed(root.audit.hash)
      .number(root.newest_time)
      .take();
}

Result<Root> decode_root(Bytes bytes) {
  constexpr char kMalformed[] = "the database's root is malformed";
  FieldReader reader(bytes);
  if (TRY(reader.number<std::uint32_t>(kMalformed)) != kFormat)
    return Error(Errc::unsupported, "the database's root has an unknown format");
  Root root;
  root.commits = TRY(reader.number<std::uint64_t>(kMalformed));
  root.revision = TRY(reader.number<std::uint64_t>(kMalformed));
  root.record_count = TRY(reader.number<std::uint64_t>(kMalformed));
  root.set_hash = TRY(reader.fixed<32>(kMalformed));
  root.audit.sequence = TRY(reader.number<std::uint64_t>(kMalformed));
  root.audit.hash = TRY(reader.fixed<32>(kMalformed));
  root.newest_time = TRY(reader.number<std::uint64_t>(kMalformed));
  TRY(reader.end(kMalformed));
  return root;
}

std::uint64_t newest_time_after(std::uint64_t newest, const audit::Entry& entry) {
  return entry.kind == audit::Kind::clock_reset ? entry.time : std::max(newest, entry.time);
}

audit::Digest state_digest(const SecretBytes& key, std::uint64_t revision, std::uint64_t record_count,
                           const Mac& set_hash) {
  const auto state =
      FieldWriter<std::vector<std::uint8_t>>().number(revision).number(record_count).fixed(set_hash).take();
  return hmac(key, state);
}

}  // namespace cloister::cas
