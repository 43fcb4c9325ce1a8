// SPDX-License-Identifier: Apache-2.0
// Asks a CAS for its key: a TLS connection that is closed as soon as the server has shown its certificate and proved
// that it has the key.
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>
#include "src/cli/named_policy.h"

namespace cloister {
namespace {
using Clock = std::chrono::steady_clock;
constexpr int kStepSeconds = 10;
constexpr std::uint8_t kAlpnList[] =
    "\x0e"
    "cloister-cas/1";

struct Closer {
  int descriptor;
  ~Closer() {
    if (descriptor >= 0) close(descriptor);
  }
};

// OpenSSL writes without MSG_NOSIGNAL, and the program that is started later keeps what SIGPIPE did before.
class IgnoredBrokenPipe {
 public:
  IgnoredBrokenPipe() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  ~IgnoredBrokenPipe() { std::signal(SIGPIPE, before_); }
  IgnoredBrokenPipe(const IgnoredBrokenPipe&) = delete;
  IgnoredBrokenPipe& operator=(const IgnoredBrokenPipe&) = delete;

 private:
  void (*const before_)(int);
};

int connect_to(const Endpoint& endpoint) {
  const int descriptor = socket(endpoint.is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const timeval limit{kStepSeconds, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  if (endpoint.is_v6) {
    auto& address = reinterpret_cast<sockaddr_in6&>(storage);
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    std::memcpy(&address.sin6_addr, endpoint.address.data(), 16);
    size = sizeof address;
  } else {
    auto& address = reinterpret_cast<sockaddr_in&>(storage);
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, endpoint.address.data(), 4);
  }
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&storage), size) == 0) return descriptor;
  const int error = errno;
  close(descriptor);
  errno = error == EINPROGRESS ? ETIMEDOUT : error;
  return -1;
}

Result<release::Digest> ask_once(const Endpoint& endpoint) {
  const Closer connection{connect_to(endpoint)};
  if (connection.descriptor < 0) return Error::from_errno(errno, std::strerror(errno));
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_alpn_protos(context.get(), kAlpnList, sizeof kAlpnList - 1);
  const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.get()), SSL_free);
  if (ssl == nullptr || SSL_set_fd(ssl.get(), connection.descriptor) != 1) return Error(Errc::io, "no memory");
  ERR_clear_error();
  if (SSL_connect(ssl.get()) != 1) {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    return Error(Errc::io, reason != nullptr ? reason : "no TLS 1.3 connection");
  }
  const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl.get()), X509_free);
  std::uint8_t* encoded = nullptr;
  const int size = certificate == nullptr ? -1 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &encoded);
  if (size <= 0) return Error(Errc::io, "it shows no key");
  const release::Digest hash = release::sha256({encoded, static_cast<std::size_t>(size)});
  OPENSSL_free(encoded);
  return hash;
}
}  // namespace

Result<release::Digest> ask_cas_key(const Endpoint& cas, const std::string& name, std::uint32_t seconds,
                                    std::string* problem) {
  const IgnoredBrokenPipe ignored;
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  for (std::chrono::milliseconds pause(500);; pause = std::min(2 * pause, std::chrono::milliseconds(8000))) {
    auto hash = ask_once(cas);
    if (hash.ok()) return hash;
    *problem = "CAS at " + name + ": " + hash.error().what();
    if (Clock::now() + pause >= end) {
      *problem += "; given up after " + std::to_string(seconds) + " s";
      return hash.error();
    }
    std::fprintf(stderr, "cloister: %s; trying again\n", problem->c_str());
    std::this_thread::sleep_for(pause);
  }
}
}  // namespace cloister
