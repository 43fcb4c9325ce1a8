// SPDX-License-Identifier: Apache-2.0
#include "src/cas/secrets/make_material.h"
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/random.h"
#include "src/cas/secrets/text_encoding.h"

namespace cloister::cas {
namespace {
using session::Kind;

Result<SecretBytes> stated_text(const std::string& text) {
  if (text.find('\0') != std::string::npos) return Error(Errc::invalid, "a text with a NUL byte (use kind: binary)");
  return secret_from(text);
}

Result<SecretBytes> private_key(const session::Secret& secret) {
  const KeyPointer key =
      secret.value ? TRY(private_key_from_pem(secret.value->reveal())) : TRY(generate_key(secret.key_type));
  return private_key_der(*key);
}

Result<KeyPointer> key_of(const SecretMaterial* named) {
  if (!named || named->kind != Kind::private_key)
    return Error(Errc::invalid, "its private_key is no secret of kind private-key");
  return private_key_from_der(named->value);
}

Result<SecretBytes> public_key(const session::Secret& secret, const Ingredients& ingredients) {
  const KeyPointer key =
      secret.value ? TRY(public_key_from_pem(secret.value->reveal())) : TRY(key_of(ingredients.private_key));
  return public_key_der(*key);
}

Result<SecretMaterial> stated_certificate(const session::Secret& secret, const Ingredients& ingredients) {
  const auto certificates = TRY(certificates_from_pem(secret.value->reveal()));
  SecretMaterial material;
  material.kind = secret.kind;
  if (is_authority(*certificates[0]) != (secret.kind == Kind::x509_ca))
    return Error(Errc::invalid, secret.kind == Kind::x509 ? "the certificate is an authority's (use kind: x509-ca)"
                                                          : "the certificate is no authority's (use kind: x509)");
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    if (!is_issued_by(*certificates[i - 1], *certificates[i]))
      return Error(Errc::invalid, "the certificates are no chain: each must be issued by the one behind it");
    material.chain.push_back(TRY(certificate_der(*certificates[i])));
  }
  material.value = TRY(certificate_der(*certificates[0]));
  TRY(complete_certificate(material, ingredients));
  return material;
}

Result<SecretMaterial> generated_certificate(const session::Secret& secret, const Ingredients& ingredients) {
  SecretMaterial material;
  material.kind = secret.kind;
  // Sessions of 0.2 name no key; the certificate then has one of its own.
  const KeyPointer subject =
      secret.private_key.empty() ? TRY(generate_key(secret.key_type)) : TRY(key_of(ingredients.private_key));
  const bool authority = secret.kind == Kind::x509_ca;
  CertificateRequest request{.common_name = secret.common_name,
                             .authority = authority,
                             .path_length = ingredients.path_length,
                             .endpoint = secret.endpoint,
                             .names = secret.names,
                             .now = ingredients.now,
                             .valid_seconds = secret.valid_seconds};
  if (ingredients.issuer) {
    const SecretMaterial& issuer = *ingredients.issuer;
    if (issuer.kind != Kind::x509_ca) return Error(Errc::invalid, "its issuer is no secret of kind x509-ca");
    if (issuer.private_key.empty())
      return Error(Errc::invalid, "its issuer's private key is not here (an exporting session must export that, too)");
    const X509Pointer above = TRY(certificate_from_der(issuer.value));
    const KeyPointer key = TRY(private_key_from_der(issuer.private_key));
    TRY(check_may_issue(*above, authority ? Subject::authority : Subject::end_entity, ingredients.now));
    if (const auto limit = path_length(*above); authority && limit)
      request.path_length = std::min(*limit - 1, request.path_length.value_or(*limit - 1));
    const Issuer signer{*above, *key};
    material.value = TRY(certificate_der(*TRY(issue_certificate(request, *subject, &signer))));
    if (issuer.chain.size() >= kChainLimit) return Error(Errc::invalid, "its chain has more than 16 authorities");
    material.chain.push_back(issuer.value);
    material.chain.insert(material.chain.end(), issuer.chain.begin(), issuer.chain.end());
  } else {
    material.value = TRY(certificate_der(*TRY(issue_certificate(request, *subject, nullptr))));
  }
  material.private_key = TRY(private_key_der(*subject));
  return material;
}

Result<SecretMaterial> simple(Kind kind, SecretBytes value) {
  SecretMaterial material;
  material.kind = kind;
  material.value = std::move(value);
  return material;
}

}  // namespace

Result<void> complete_certificate(SecretMaterial& material, const Ingredients& ingredients) {
  const X509Pointer certificate = TRY(certificate_from_der(material.value));
  if (ingredients.private_key) {
    const KeyPointer key = TRY(key_of(ingredients.private_key));
    if (!belongs_to(*certificate, *key)) return Error(Errc::invalid, "its private_key is not the certificate's");
    material.private_key = ingredients.private_key->value;
  }
  if (ingredients.issuer) {
    const SecretMaterial& issuer = *ingredients.issuer;
    if (issuer.kind != Kind::x509_ca) return Error(Errc::invalid, "its issuer is no secret of kind x509-ca");
    const X509Pointer above = TRY(certificate_from_der(issuer.value));
    if (!is_issued_by(*certificate, *above)) return Error(Errc::invalid, "its issuer has not issued the certificate");
    if (material.chain.empty()) {
      material.chain.push_back(issuer.value);
      material.chain.insert(material.chain.end(), issuer.chain.begin(), issuer.chain.end());
    }
  }
  if (material.chain.size() > kChainLimit) return Error(Errc::invalid, "its chain has more than 16 authorities");
  return {};
}

Result<SecretMaterial> make_material(const session::Secret& secret, const Ingredients& ingredients) {
  switch (secret.kind) {
    case Kind::ascii:
      return simple(secret.kind,
                    secret.value ? TRY(stated_text(secret.value->reveal())) : TRY(random_text(secret.size)));
    case Kind::binary:
      return simple(secret.kind,
                    secret.value ? TRY(bytes_of_hex(secret.value->reveal())) : TRY(random_bytes(secret.size)));
    case Kind::private_key: return simple(secret.kind, TRY(private_key(secret)));
    case Kind::public_key: return simple(secret.kind, TRY(public_key(secret, ingredients)));
    case Kind::x509:
    case Kind::x509_ca:
      return secret.value ? stated_certificate(secret, ingredients) : generated_certificate(secret, ingredients);
    default: return Error(Errc::unsupported, "secrets of this kind are not served");
  }
}

}  // namespace cloister::cas
