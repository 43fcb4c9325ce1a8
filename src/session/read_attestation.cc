// SPDX-License-Identifier: Apache-2.0
// services[].attestation: which enclaves may start a service.
#include "src/session/reader.h"

namespace cloister::session {
namespace {
SignerFactor read_signer(Reader& reader, const Value& value) {
  SignerFactor signer;
  if (reader.is_variable(value)) {
    signer.fragment = reader.section_variable(value);
    return signer;
  }
  const auto into = [&](const char* name, std::optional<Setting<std::uint16_t>>* to) {
    return Reader::Key{name, [&reader, name, to](const Value& v) { *to = reader.number_setting(v, name); }};
  };
  const bool is_mapping =
      reader.mapping(value, Section::signer,
                     {{"mrsigner", [&](const Value& v) { signer.mrsigner = reader.hash_setting(v, "mrsigner"); }},
                      into("isvprodid", &signer.isvprodid),
                      into("isvsvn", &signer.isvsvn),
                      into("isvsvn_min", &signer.isvsvn_min),
                      into("isvsvn_max", &signer.isvsvn_max)});
  if (!is_mapping) return signer;
  require_key(reader, value, "mrsigner", "a signer");
  if (!signer.isvprodid)
    reader.warn(value.place, "a signer without isvprodid", "any of its products may start the service");
  if (signer.isvsvn && (signer.isvsvn_min || signer.isvsvn_max))
    reader.refuse(value.place, "isvsvn together with isvsvn_min or isvsvn_max", "give one version or a range");
  if (signer.isvsvn_min && signer.isvsvn_max && signer.isvsvn_min->literal && signer.isvsvn_max->literal &&
      *signer.isvsvn_min->literal > *signer.isvsvn_max->literal)
    reader.refuse(value.place, "isvsvn_min is larger than isvsvn_max", "no enclave could have such a version");
  return signer;
}

AttestationVariant read_variant(Reader& reader, const Value& value) {
  AttestationVariant variant;
  variant.place = value.place;
  if (reader.is_variable(value)) {
    variant.fragment = reader.section_variable(value);
    return variant;
  }
  const bool is_mapping =
      reader.mapping(value, Section::attestation,
                     {{"mrenclave",
                       [&](const Value& v) {
                         reader.one_or_more(v, "mrenclave", [&](const Value& item) {
                           variant.mrenclave.push_back(reader.hash_setting(item, "an MRENCLAVE"));
                         });
                         if (variant.mrenclave.empty())
                           reader.refuse(v.place, "mrenclave is empty", "no enclave could ever start the service");
                       }},
                      {"signer", [&](const Value& v) { variant.signer = read_signer(reader, v); }}});
  if (is_mapping && value.keys.empty())
    reader.refuse(value.place, "an attestation without mrenclave and signer", "it would let any enclave in");
  return variant;
}
}  // namespace

std::vector<AttestationVariant> read_attestation(Reader& reader, const Value& value) {
  std::vector<AttestationVariant> variants;
  reader.one_or_more(value, "attestation", [&](const Value& item) { variants.push_back(read_variant(reader, item)); });
  if (value.kind == Value::Kind::sequence && variants.empty())
    reader.refuse(value.place, "attestation is empty", "no enclave could ever start the service");
  return variants;
}
}  // namespace cloister::session
