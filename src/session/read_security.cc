// SPDX-License-Identifier: Apache-2.0
// security: how the enclaves of all services are attested.
#include <algorithm>
#include "src/session/reader.h"

namespace cloister::session {
namespace {
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kLeastDigits = 26;  // of base32: 128 bits

void read_mode(Reader& reader, const Value& value) {
  Setting<AttestationMode>& mode = reader.session().security.mode;
  if (reader.is_variable(value)) {
    mode = {std::nullopt, reader.variable(value)};
    return;
  }
  const Feature* const feature = reader.choice(value, Section::mode);
  for (const auto one : {AttestationMode::hardware, AttestationMode::none, AttestationMode::maa})
    if (feature != nullptr && text_of(one) == feature->name) mode.literal = one;
}

void read_toleration(Reader& reader, const Value& value) {
  std::vector<Setting<Toleration>>& tolerate = reader.session().security.tolerate;
  if (reader.is_variable(value)) {
    tolerate.push_back({std::nullopt, reader.variable(value)});
    return;
  }
  Value written = value;
  if (value.kind == Value::Kind::scalar && value.text == "debug") {
    reader.warn(value.place, "debug is an older spelling", "write debug-mode");
    written.text = "debug-mode";
  }
  const Feature* const feature = reader.choice(written, Section::toleration);
  for (int i = 0; feature != nullptr && i <= static_cast<int>(Toleration::local_attestation_trust_cas_tcb); ++i) {
    const auto one = static_cast<Toleration>(i);
    const Setting<Toleration> setting{one, {}};
    if (text_of(one) == feature->name && std::find(tolerate.begin(), tolerate.end(), setting) == tolerate.end())
      tolerate.push_back(setting);
  }
}

void read_advisory(Reader& reader, const Value& value) {
  static constexpr std::string_view kPrefix = "INTEL-SA-";
  Security& security = reader.session().security;
  const std::string text = reader.text(value, "an advisory");
  if (text == "*") {
    security.ignore_all_advisories = true;
  } else if (reader.is_variable(value)) {
    security.ignore_advisories.push_back(reader.variable(value));
  } else if (text.starts_with(kPrefix) && text.size() == kPrefix.size() + 5 &&
             text.find_first_not_of("0123456789", kPrefix.size()) == std::string::npos) {
    auto& list = security.ignore_advisories;
    if (std::find(list.begin(), list.end(), Template{text, {}}) == list.end()) list.push_back({text, value.place});
  } else if (value.kind == Value::Kind::scalar) {
    reader.refuse(value.place, "not an advisory", "write INTEL-SA-NNNNN, or \"*\" for all");
  }
}

void read_provider(Reader& reader, const Value& value) {
  // `url:` with nothing is what templates leave for the other modes.
  if (value.kind == Value::Kind::null) return;
  reader.session().security.url = reader.text_template(value, "url");
  if (!value.text.starts_with("https://") && !has_placeholder(value.text))
    reader.warn(value.place, "url is no HTTPS address", "https://NAME.REGION.attest.azure.net");
}

void read_all_of_attestation(Reader& reader, const Value& value) {
  Security& security = reader.session().security;
  if (value.kind == Value::Kind::null) return;
  if (reader.is_variable(value)) {
    security.attestation_variable = reader.section_variable(value);
    return;
  }
  const bool is_mapping = reader.mapping(
      value, Section::security_attestation,
      {{"mode", [&](const Value& v) { read_mode(reader, v); }},
       {"tolerate",
        [&](const Value& v) {
          reader.one_or_more(v, "tolerate", [&](const Value& item) { read_toleration(reader, item); });
        }},
       {"ignore_advisories",
        [&](const Value& v) {
          reader.one_or_more(v, "ignore_advisories", [&](const Value& item) { read_advisory(reader, item); });
        }},
       {"insecure_simulation_root",
        [&](const Value& v) {
          security.insecure_simulation_root = reader.hash_setting(v, "insecure_simulation_root");
          reader.warn(v.place, "simulated enclaves get the secrets",
                      "who can read the simulation's directory gets them, too; not for production");
        }},
       {"trusted_scone_qe_pubkeys",
        [&](const Value& v) {
          reader.sequence(v, "trusted_scone_qe_pubkeys", [&](const Value& item) {
            security.trusted_qe_keys.push_back(reader.hexadecimal(item, "a key", 32).text);
          });
        }},
       {"must_be_sgx_local", [&](const Value& v) { security.must_be_local = reader.boolean(v, "must_be_sgx_local"); }},
       {"url", [&](const Value& v) { read_provider(reader, v); }},
       {"certificates",
        [&](const Value& v) {
          reader.one_or_more(v, "certificates", [&](const Value& item) {
            security.certificates.push_back(reader.pem(item, "a provider's certificate", {"CERTIFICATE"}));
          });
        }},
       {"min_rsa_signing_key_size",
        [&](const Value& v) {
          security.min_rsa_key_size =
              static_cast<std::uint32_t>(reader.number(v, "min_rsa_signing_key_size", 1024, 16384));
        }},
       {"one_time_password_shared_secret",
        [&](const Value& v) { security.one_time_password = read_one_time_password(reader, v); }}});
  if (!is_mapping) return;
  const auto tolerated = [&](Toleration one) {
    return std::find(security.tolerate.begin(), security.tolerate.end(), Setting<Toleration>{one, {}}) !=
           security.tolerate.end();
  };
  if (security.ignore_all_advisories && !tolerated(Toleration::debug_mode))
    reader.warn(find_key(value, "ignore_advisories")->place, "all advisories are ignored for production enclaves",
                "list those that you know");
  if (security.mode.literal && *security.mode.literal != AttestationMode::hardware)
    reader.warn(find_key(value, "mode")->place,
                "mode " + std::string(text_of(*security.mode.literal)) + ": no enclave is ever given anything",
                "mode hardware serves enclaves that prove what they are");
  if (security.mode.literal != AttestationMode::maa) return;
  if (!security.url) reader.refuse(value.place, "mode maa without url", "url: https://NAME.REGION.attest.azure.net");
  if (!tolerated(Toleration::maa_managed_tcb))
    reader.warn(value.place, "mode maa without maa-managed-tcb",
                "the provider's tokens say nothing about the platform");
}
}  // namespace

Template read_one_time_password(Reader& reader, const Value& value) {
  if (reader.is_variable(value)) return reader.variable(value);
  std::string digits = reader.text(value, "one_time_password_shared_secret");
  while (!digits.empty() && digits.back() == '=') digits.pop_back();
  if (value.kind == Value::Kind::scalar &&
      (digits.size() < kLeastDigits || digits.find_first_not_of(kBase32) != std::string::npos))
    reader.refuse(value.place, "one_time_password_shared_secret must be base32 of 128 bits at least",
                  "26 characters of A to Z and 2 to 7");
  return {value.text, value.place};
}

void read_security(Reader& reader, const Value& value) {
  Security& security = reader.session().security;
  if (reader.is_variable(value)) {
    security.variable = reader.section_variable(value);
    return;
  }
  reader.mapping(value, Section::security,
                 {{"attestation", [&](const Value& v) { read_all_of_attestation(reader, v); }},
                  {"singleton_enclaves",
                   [&](const Value& v) { security.singleton_enclaves = reader.boolean(v, "singleton_enclaves"); }},
                  {"service_access_token", [&](const Value& v) {
                     security.service_access_token = reader.text_template(v, "service_access_token");
                   }}});
}
}  // namespace cloister::session
