// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/chain.h"
#include <algorithm>

namespace cloister::dcap {
namespace {

Error invalid_chain(const char* what) { return Error(Errc::mismatch, what); }

bool named(const Certificate& certificate, std::string_view phrase) {
  return certificate.common_name().find(phrase) != std::string_view::npos;
}

bool same(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

bool is_signing_ca(const Certificate& certificate, std::uint32_t cas_below) {
  return certificate.is_ca() && (certificate.key_usage() & kUsageCertificateSign) &&
         certificate.path_length().value_or(UINT32_MAX) >= cas_below;
}

bool is_end_entity(const Certificate& certificate) {
  return !certificate.is_ca() && (certificate.key_usage() & kUsageDigitalSignature);
}

}  // namespace

Result<void> check_dates(const Validity& validity, UnixTime time, const DateProblems& problems) {
  switch (in_force(validity, time)) {
    case InForce::no_longer: return Error(Errc::mismatch, problems.expired);
    case InForce::not_yet: return Error(Errc::mismatch, problems.not_yet);
    case InForce::yes: break;
  }
  return {};
}

Result<void> ChainChecks::root(const Certificate& certificate) const {
  if (!named(certificate, "SGX Root CA") || !certificate.names_itself())
    return invalid_chain("certificate chain invalid: it does not end in a root CA certificate");
  if (!(certificate.key() == root_key_))
    return invalid_chain("certificate chain with an untrusted root: its root CA is not the trusted root");
  if (!cache_.verify(certificate.key(), certificate.signed_digest(), certificate.signature()))
    return invalid_chain("certificate chain invalid: the root CA certificate's signature does not verify");
  if (!is_signing_ca(certificate, 1))
    return invalid_chain("certificate chain invalid: the root CA certificate is not one of a CA above others");
  return check_dates(certificate.validity(), time_,
                     {"the root CA certificate is expired", "the root CA certificate was issued in the future"});
}

Result<void> ChainChecks::intermediate(const Certificate& certificate, const Certificate& root) const {
  if (!named(certificate, "CA") || !same(certificate.issuer(), root.subject()))
    return invalid_chain("PCK certificate chain invalid: the PCK CA certificate was not issued by the root CA");
  if (!cache_.verify(root_key_, certificate.signed_digest(), certificate.signature()))
    return invalid_chain("PCK certificate chain invalid: the PCK CA certificate's signature does not verify");
  if (!is_signing_ca(certificate, 0))
    return invalid_chain("PCK certificate chain invalid: the PCK CA certificate is not one of a CA");
  return check_dates(certificate.validity(), time_,
                     {"the PCK CA certificate is expired", "the PCK CA certificate was issued in the future"});
}

Result<void> ChainChecks::pck_chain(const PckChain& chain) const {
  TRY(root(chain.root));
  TRY(intermediate(chain.intermediate, chain.root));
  if (!named(chain.leaf, "SGX PCK Certificate") || !same(chain.leaf.issuer(), chain.intermediate.subject()))
    return invalid_chain("PCK certificate chain invalid: the PCK certificate was not issued by the PCK CA");
  if (!cache_.verify(chain.intermediate.key(), chain.leaf.signed_digest(), chain.leaf.signature()))
    return invalid_chain("PCK certificate chain invalid: the PCK certificate's signature does not verify");
  if (!is_end_entity(chain.leaf))
    return invalid_chain("PCK certificate chain invalid: the PCK certificate is not one for signatures");
  return check_dates(chain.leaf.validity(), time_,
                     {"the PCK certificate is expired", "the PCK certificate was issued in the future"});
}

Result<const Certificate*> ChainChecks::below_root(const CertificateList& list) const {
  if (list.size() > 2) return invalid_chain("certificate chain invalid: more than a certificate and its root");
  if (list.size() == 1) return &list.front();
  const std::size_t root_index = list[0].names_itself() ? 0 : 1;
  TRY(root(list[root_index]));
  return &list[1 - root_index];
}

Result<const Certificate*> ChainChecks::tcb_signer(const CertificateList& list, const Certificate& root) const {
  const Certificate& signer = *TRY(below_root(list));
  if (!named(signer, "SGX TCB Signing") || !same(signer.issuer(), root.subject()))
    return invalid_chain("TCB signing chain invalid: the TCB signing certificate was not issued by the root CA");
  if (!cache_.verify(root_key_, signer.signed_digest(), signer.signature()))
    return invalid_chain("TCB signing chain invalid: the TCB signing certificate's signature does not verify");
  if (!is_end_entity(signer))
    return invalid_chain("TCB signing chain invalid: the TCB signing certificate is not one for signatures");
  TRY(check_dates(signer.validity(), time_,
                  {"the TCB signing certificate is expired", "the TCB signing certificate was issued in the future"}));
  return &signer;
}

Result<void> ChainChecks::named_pck_ca(const CertificateList& list, const PckChain& chain) const {
  const Certificate& ca = *TRY(below_root(list));
  TRY(intermediate(ca, chain.root));
  if (!same(ca.subject(), chain.intermediate.subject()) || !(ca.key() == chain.intermediate.key()))
    return invalid_chain("the PCK CA certificate that was given is not of the CA that issued the PCK certificate");
  return {};
}

Result<void> ChainChecks::root_crl(const Crl& crl, const Certificate& root) const {
  if (!same(crl.issuer(), root.subject())) return invalid_chain("the root CA CRL was not issued by the root CA");
  if (!cache_.verify(root_key_, crl.signed_digest(), crl.signature()))
    return invalid_chain("the root CA CRL's signature does not verify");
  return {};
}

Result<void> ChainChecks::pck_crl(const Crl& crl, const Certificate& intermediate) const {
  if (!same(crl.issuer(), intermediate.subject()))
    return invalid_chain("the PCK CRL was not issued by the CA that issued the PCK certificate");
  if (!(intermediate.key_usage() & kUsageCrlSign) ||
      !cache_.verify(intermediate.key(), crl.signed_digest(), crl.signature()))
    return invalid_chain("the PCK CRL's signature does not verify");
  return {};
}

}  // namespace cloister::dcap
