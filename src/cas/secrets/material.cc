// SPDX-License-Identifier: Apache-2.0
#include "src/cas/secrets/material.h"

namespace cloister::cas {
namespace {
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kNameLimit = 1024;
constexpr std::uint32_t kSecretLimit = 65536;
constexpr char kBroken[] = "secret values: not an encoding of this version";

// Numbers of the encoding, which outlive changes of the enumeration.
std::uint8_t number_of(session::Kind kind) {
  switch (kind) {
    case session::Kind::ascii: return 1;
    case session::Kind::binary: return 2;
    case session::Kind::private_key: return 3;
    case session::Kind::public_key: return 4;
    case session::Kind::x509: return 5;
    case session::Kind::x509_ca: return 6;
    default: return 0;
  }
}
Result<session::Kind> kind_of(std::uint8_t number) {
  using enum session::Kind;
  for (const session::Kind kind : {ascii, binary, private_key, public_key, x509, x509_ca})
    if (number_of(kind) == number) return kind;
  return Error(Errc::invalid, kBroken);
}
SecretBytes owned(Bytes bytes) { return SecretBytes(bytes.begin(), bytes.end()); }
}  // namespace

SecretBytes encode(const SecretMaterial& material) {
  FieldWriter<SecretBytes> writer;
  writer.number(kVersion).number(number_of(material.kind)).bytes(material.value).bytes(material.private_key);
  writer.number(static_cast<std::uint32_t>(material.chain.size()));
  for (const SecretBytes& certificate : material.chain) writer.bytes(certificate);
  return writer.take();
}

Result<SecretMaterial> decode_material(Bytes bytes) {
  FieldReader reader(bytes);
  if (TRY(reader.number<std::uint8_t>(kBroken)) != kVersion) return Error(Errc::unsupported, kBroken);
  SecretMaterial material;
  material.kind = TRY(kind_of(TRY(reader.number<std::uint8_t>(kBroken))));
  material.value = owned(TRY(reader.bytes(kValueSizeLimit, kBroken)));
  material.private_key = owned(TRY(reader.bytes(kValueSizeLimit, kBroken)));
  const auto count = TRY(reader.count(sizeof(std::uint32_t), kChainLimit, kBroken));
  for (std::uint32_t i = 0; i < count; ++i)
    material.chain.push_back(owned(TRY(reader.bytes(kValueSizeLimit, kBroken))));
  TRY(reader.end(kBroken));
  if (!material.is_certificate() && (!material.private_key.empty() || !material.chain.empty()))
    return Error(Errc::invalid, kBroken);
  return material;
}

SecretBytes encode(const Materials& materials) {
  FieldWriter<SecretBytes> writer;
  writer.number(kVersion).number(static_cast<std::uint32_t>(materials.size()));
  for (const auto& [name, material] : materials) writer.text(name).bytes(encode(material));
  return writer.take();
}

Result<Materials> decode_materials(Bytes bytes) {
  FieldReader reader(bytes);
  if (TRY(reader.number<std::uint8_t>(kBroken)) != kVersion) return Error(Errc::unsupported, kBroken);
  const auto count = TRY(reader.count(2 * sizeof(std::uint32_t), kSecretLimit, kBroken));
  Materials materials;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string name(TRY(reader.text(kNameLimit, kBroken)));
    if (!materials.empty() && name <= materials.rbegin()->first) return Error(Errc::invalid, kBroken);
    auto material = TRY(decode_material(TRY(reader.bytes(bytes.size(), kBroken))));
    materials.emplace_hint(materials.end(), std::move(name), std::move(material));
  }
  TRY(reader.end(kBroken));
  return materials;
}

}  // namespace cloister::cas
