// SPDX-License-Identifier: Apache-2.0
#include "src/base/hex.h"
#include "src/cas/store/store_state.h"

namespace cloister::cas {
namespace {

// A record is sealed for its place and its version.
std::vector<std::uint8_t> bound_to(Bytes column, std::uint64_t version) {
  return FieldWriter<std::vector<std::uint8_t>>().fixed(column).number(version).take();
}

}  // namespace

Result<StoreCrypto> StoreCrypto::make(StoreKeys keys) {
  Sealer records = TRY(Sealer::make(std::move(keys.records)));
  Sealer audit = TRY(Sealer::make(std::move(keys.audit)));
  Sealer root = TRY(Sealer::make(std::move(keys.root)));
  return StoreCrypto{.records = std::move(records),
                     .audit = std::move(audit),
                     .root = std::move(root),
                     .names = std::move(keys.names),
                     .elements = std::move(keys.elements),
                     .states = std::move(keys.states),
                     .id = keys.id,
                     .version = keys.version};
}

Mac StoreCrypto::column(std::string_view name) const {
  return hmac(names, {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
}

Mac StoreCrypto::element(const IndexEntry& entry) const {
  return hmac(elements, FieldWriter<std::vector<std::uint8_t>>()
                            .fixed(entry.column)
                            .number(entry.version)
                            .fixed(entry.sealed_hash)
                            .take());
}

std::vector<std::uint8_t> StoreCrypto::root_binding() const {
  return FieldWriter<std::vector<std::uint8_t>>().fixed(version.cpusvn).number(version.isvsvn).fixed(id).take();
}

Result<SealedRecord> seal_record(const StoreCrypto& crypto, std::string_view name, std::uint64_t version,
                                 Bytes content) {
  SealedRecord record{.entry = {.column = crypto.column(name), .version = version, .sealed_hash = {}}, .sealed = {}};
  const SecretBytes plain = FieldWriter<SecretBytes>().text(name).fixed(content).take();
  record.sealed = TRY(crypto.records.seal(bound_to(record.entry.column, version), plain));
  record.entry.sealed_hash = sgx::sha256(record.sealed);
  return record;
}

Result<OpenedRecord> open_record(const StoreCrypto& crypto, const RecordRow& row) {
  const SecretBytes plain = TRY(crypto.records.unseal(bound_to(row.name, row.version), row.sealed));
  FieldReader reader(plain);
  const Bytes name = TRY(reader.bytes(kNameLimit, "a record is malformed"));
  OpenedRecord record{.name = std::string(name.begin(), name.end()), .entry = {}, .record = {}};
  record.entry = {.column = crypto.column(record.name), .version = row.version, .sealed_hash = sgx::sha256(row.sealed)};
  if (!std::equal(row.name.begin(), row.name.end(), record.entry.column.begin(), record.entry.column.end()))
    return Error(Errc::mismatch, "a record has another name inside");
  record.record.version = row.version;
  const Bytes content = Bytes(plain).subspan(4 + name.size());
  record.record.content.assign(content.begin(), content.end());
  return record;
}

std::string column_text(Bytes column) { return to_hex(column.first(std::min<std::size_t>(column.size(), 4))); }

}  // namespace cloister::cas
