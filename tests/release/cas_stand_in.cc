// SPDX-License-Identifier: Apache-2.0
#include "tests/release/cas_stand_in.h"
#include <openssl/x509.h>
#include <unistd.h>
#include <csignal>
#include <cstring>
#include "abi/sgx/report.h"
#include "src/base/hex.h"

namespace cloister::testing {
namespace {
using Buffer = std::vector<std::uint8_t>;
constexpr std::size_t kReportBodyInQuote = 48;

Buffer encoded_key(EVP_PKEY* key) {
  std::uint8_t* bytes = nullptr;
  const int size = i2d_PUBKEY(key, &bytes);
  Buffer result(bytes, bytes + size);
  OPENSSL_free(bytes);
  return result;
}

X509* self_signed(EVP_PKEY* key) {
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("stand-in"), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  return certificate;
}

int choose_alpn(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                void*) {
  unsigned char* chosen = nullptr;
  static const unsigned char wanted[] =
      "\x0e"
      "cloister-cas/1";
  if (SSL_select_next_proto(&chosen, size, wanted, sizeof wanted - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}
}  // namespace

class Connection {
 public:
  Connection(CasStandIn& cas, int descriptor, const std::string& mode)
      : cas_(cas), mode_(mode), descriptor_(descriptor) {}
  ~Connection() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    close(descriptor_);
  }

  Seen run(const release::Configuration& configuration) {
    if (!shake_hands()) return ended("handshake");
    const Buffer hello_bytes = receive();
    const auto hello = release::decode_hello(hello_bytes);
    if (!hello.ok()) return ended("HELLO");
    seen_.config_id = hello.value().config_id;
    if (is("silence")) return wait_for_the_other_end("silent");
    if (is("close")) return ended("closed");
    const Buffer challenge_bytes = release::encode(challenge());
    if (is("order")) send(release::encode(release::Deny{release::Deny::Code::host, "early"}));
    if (is("oversize")) return send_raw({0x01, 0x00, 0x01, 0x00, 0x02}), wait_for_the_other_end("oversize");
    if (is("empty-frame")) return send_raw({0, 0, 0, 0, 0x02}), wait_for_the_other_end("empty");
    if (is("ticket")) SSL_new_session_ticket(ssl_);
    const SecretBytes grant = release::encode(configuration);
    if (is("early-grant"))
      send(challenge_bytes, {grant.begin(), grant.end()});
    else
      send(challenge_bytes);
    const Buffer evidence_bytes = receive();
    const auto evidence = release::decode_evidence(evidence_bytes);
    if (!evidence.ok()) return ended("EVIDENCE");
    judge(evidence.value().quote, hello.value(), hello_bytes, challenge_bytes);
    if (mode_.starts_with("deny-")) {
      send(release::encode(release::Deny{static_cast<release::Deny::Code>(mode_.back() - '0'), "7f3a-12"}));
      return wait_for_the_other_end("denied");
    }
    answer({grant.begin(), grant.end()});
    const Buffer exit_bytes = receive();
    const auto exit = release::decode_exit(exit_bytes);
    if (!exit.ok()) return ended("EXIT");
    seen_.exit = exit.value();
    if (is("noted-back")) cas_.sequence_ -= 2;
    send(release::encode(release::Noted{next_head()}));
    if (is("noted-back")) cas_.sequence_ += 2;
    return wait_for_the_other_end("whole");
  }

 private:
  bool is(const char* mode) const { return mode_ == mode; }
  Seen ended(const char* where) {
    seen_.ended = where;
    return seen_;
  }
  Seen wait_for_the_other_end(const char* where) {
    std::uint8_t byte;
    while (SSL_read(ssl_, &byte, 1) > 0) {
    }
    return ended(where);
  }

  bool shake_hands() {
    context_ = SSL_CTX_new(TLS_server_method());
    const int version = is("tls12") ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
    SSL_CTX_set_num_tickets(context_, 0);
    if (!is("no-alpn")) SSL_CTX_set_alpn_select_cb(context_, choose_alpn, nullptr);
    SSL_CTX_use_certificate(context_, (is("rsa") ? cas_.rsa_certificate_ : cas_.certificate_).get());
    SSL_CTX_use_PrivateKey(context_, (is("rsa") ? cas_.rsa_key_ : cas_.key_).get());
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, descriptor_);
    if (is("certificate-request")) SSL_set_verify(ssl_, SSL_VERIFY_PEER, nullptr);
    return SSL_accept(ssl_) == 1;
  }

  void send_raw(const Buffer& bytes) { SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())); }
  // Two in one record, so that the second is there with the first.
  void send(const Buffer& message, const Buffer& second = {}) {
    Buffer frames;
    for (const Buffer& one : {message, second}) {
      if (one.empty()) continue;
      const auto size = release::frame_size(one.size());
      frames.insert(frames.end(), size.begin(), size.end());
      frames.insert(frames.end(), one.begin(), one.end());
    }
    send_raw(frames);
  }
  bool read(std::uint8_t* to, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
      const int got = SSL_read(ssl_, to + done, static_cast<int>(size - done));
      if (got <= 0) return false;
      done += static_cast<std::size_t>(got);
    }
    return true;
  }
  Buffer receive() {
    std::array<std::uint8_t, release::kFrameSizeSize> size;
    if (!read(size.data(), size.size())) return {};
    const auto wanted = release::decode_frame_size(size, release::kFrameLimit);
    if (!wanted.ok()) return {};
    Buffer message(wanted.value());
    return read(message.data(), message.size()) ? message : Buffer();
  }

  release::AuditHead next_head() {
    release::AuditHead audit;
    audit.sequence = cas_.sequence_++;
    audit.head.fill(static_cast<std::uint8_t>(audit.sequence));
    const auto message = release::to_be_signed(audit.sequence, audit.head);
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    std::size_t size = audit.signature.size();
    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, cas_.audit_key_.get());
    EVP_DigestSign(context, audit.signature.data(), &size, message.data(), message.size());
    EVP_MD_CTX_free(context);
    if (is("noted-forged") && seen_.exit) audit.signature[0] ^= 1;
    return audit;
  }
  release::Challenge challenge() {
    release::Challenge message;
    message.cas_nonce.fill(0x5c);
    message.time = 1'790'000'000;
    message.audit = next_head();
    message.audit_key = encoded_key(cas_.audit_key_.get());
    if (is("bad-audit")) message.audit.signature[63] ^= 1;
    if (is("bad-format")) message.format = 2;
    return message;
  }
  void answer(Buffer grant) {
    if (is("grant-garbage")) grant[1] ^= 0xff;
    if (is("unknown-type")) grant[0] = 9;
    if (is("grant-too-long")) {
      send_raw({0x01, 0x00, 0x00, 0x01, 0x04});
      return;
    }
    if (is("grant-cut")) {
      send_raw({0x40, 0x00, 0x00, 0x00, 0x04, 0x01});
      SSL_shutdown(ssl_);
      return;
    }
    if (is("extra"))
      send(grant, release::encode(release::Noted{next_head()}));
    else
      send(grant);
  }
  void judge(const Buffer& quote, const release::Hello& hello, const Buffer& hello_bytes,
             const Buffer& challenge_bytes) {
    if (quote.size() < kReportBodyInQuote + sizeof(sgx::ReportBody)) return;
    sgx::ReportBody body;
    std::memcpy(&body, quote.data() + kReportBodyInQuote, sizeof body);
    seen_.mrenclave = to_hex(body.mrenclave);
    release::EvidenceOfConnection evidence;
    const auto challenge = release::decode_challenge(challenge_bytes);
    SSL_export_keying_material(ssl_, evidence.exported.data(), evidence.exported.size(), release::kExporterLabel,
                               sizeof release::kExporterLabel - 1, challenge.value().cas_nonce.data(), 32, 1);
    const Buffer cas_key = encoded_key(cas_.key_.get());
    evidence.hello = hello_bytes;
    evidence.challenge = challenge_bytes;
    evidence.cas_key = cas_key;
    evidence.audit_key = challenge.value().audit_key;
    evidence.enclave_key = hello.enclave_key;
    seen_.report_data_holds = release::equal(release::report_data(evidence), body.reportdata);
    seen_.config_id_holds =
        release::equal(release::configured_enclave_id(cas_.key_hash_, hello.config_id), body.configid);
  }

  CasStandIn& cas_;
  const std::string mode_;
  const int descriptor_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  Seen seen_;
};

CasStandIn::CasStandIn()
    : key_(EVP_EC_gen("P-256")),
      audit_key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")),
      rsa_key_(EVP_RSA_gen(2048)),
      certificate_(self_signed(key_.get())),
      rsa_certificate_(self_signed(rsa_key_.get())) {
  key_hash_ = release::sha256(encoded_key(key_.get()));
}

Seen CasStandIn::serve(int descriptor, const std::string& mode, const release::Configuration& configuration) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL, to enclaves that may have gone
  return Connection(*this, descriptor, mode).run(configuration);
}
}  // namespace cloister::testing
