// SPDX-License-Identifier: Apache-2.0
#include "src/cas/secrets/encode.h"
#include <openssl/pkcs12.h>
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/pem_text.h"
#include "src/cas/secrets/text_encoding.h"

namespace cloister::cas {
namespace {
using session::Encoding;
using session::Kind;

Result<SecretBytes> key_of(const SecretMaterial& material) {
  if (material.kind == Kind::private_key) return SecretBytes(material.value);
  if (material.private_key.empty()) return Error(Errc::invalid, "the private key of this certificate is not available");
  return SecretBytes(material.private_key);
}

Result<void> append_pem(SecretBytes& text, const SecretBytes& certificate) {
  const SecretBytes block = TRY(write_pem("CERTIFICATE", certificate));
  text.insert(text.end(), block.begin(), block.end());
  return {};
}
Result<SecretBytes> chain_text(const SecretMaterial& material, Encoding encoding) {
  SecretBytes text;
  if (encoding == Encoding::chain_pem) {
    for (const SecretBytes& certificate : material.chain) TRY(append_pem(text, certificate));
    return text;
  }
  for (auto certificate = material.chain.rbegin(); certificate != material.chain.rend(); ++certificate)
    TRY(append_pem(text, *certificate));
  TRY(append_pem(text, material.value));
  return text;
}

struct FreeChain {
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};

// Encrypted and authenticated under the empty password: nothing is protected by that, but readers expect it.
Result<SecretBytes> pkcs12_of(const SecretMaterial& material) {
  const KeyPointer key = TRY(private_key_from_der(TRY(key_of(material))));
  const X509Pointer certificate = TRY(certificate_from_der(material.value));
  const std::unique_ptr<STACK_OF(X509), FreeChain> chain(sk_X509_new_null());
  for (const SecretBytes& der : material.chain) {
    X509Pointer above = TRY(certificate_from_der(der));
    if (!chain || sk_X509_push(chain.get(), above.get()) <= 0) return openssl_failed("PKCS#12 cannot be written");
    (void)above.release();
  }
  const std::unique_ptr<PKCS12, FreeWith<PKCS12_free>> archive(
      PKCS12_create("", nullptr, key.get(), certificate.get(), chain.get(), 0, 0, 0, 0, 0));
  unsigned char* der = nullptr;
  const int size = archive ? i2d_PKCS12(archive.get(), &der) : -1;
  if (size <= 0) return openssl_failed("PKCS#12 cannot be written");
  SecretBytes bytes(der, der + size);
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  return bytes;
}

bool has(Kind kind, Encoding encoding) {
  for (const session::Format& format : session::formats())
    if (format.kind == kind && format.encoding == encoding) return true;
  return false;
}

}  // namespace

Result<SecretBytes> encode(const SecretMaterial& material, Encoding encoding) {
  if (!has(material.kind, encoding)) return Error(Errc::unsupported, "secrets of this kind have no such form");
  switch (encoding) {
    case Encoding::text:
    case Encoding::bytes:
    case Encoding::public_key_der:
    case Encoding::certificate_der: return SecretBytes(material.value);
    case Encoding::hex: return hex_text(material.value);
    case Encoding::base64: return base64_text(material.value, Base64Alphabet::standard);
    case Encoding::base64url: return base64_text(material.value, Base64Alphabet::url);
    case Encoding::base32: return base32_text(material.value, Padding::kept);
    case Encoding::base32_unpadded: return base32_text(material.value, Padding::omitted);
    case Encoding::private_key_der: return key_of(material);
    case Encoding::private_key_pem: return write_pem("PRIVATE KEY", TRY(key_of(material)));
    case Encoding::public_key_pem: return write_pem("PUBLIC KEY", material.value);
    case Encoding::certificate_pem: return write_pem("CERTIFICATE", material.value);
    case Encoding::chain_pem:
    case Encoding::chain_root_first_pem: return chain_text(material, encoding);
    case Encoding::pkcs12: return pkcs12_of(material);
    default: return Error(Errc::unsupported, "secrets of this kind are not served");
  }
}

session::Lookup lookup_in(const Materials& materials) {
  return [&materials](const session::Secret& secret, Encoding encoding) -> std::optional<session::SecretText> {
    const auto found = materials.find(secret.name);
    if (found == materials.end()) return std::nullopt;
    const auto encoded = encode(found->second, encoding);
    if (!encoded.ok()) return std::nullopt;
    return session::SecretText(std::string(text_of(encoded.value())));
  };
}

}  // namespace cloister::cas
