// SPDX-License-Identifier: Apache-2.0
// The server on a loopback port: certificates, limits, clients that are slow, silent, greedy or wrong.
#include "src/cas/api/server.h"
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <atomic>
#include <csignal>
#include <chrono>
#include <thread>
#include "src/cas/api/api_for_test.h"
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/pem_text.h"
#include "src/https/exchange.h"
#include "src/sgx/measurement.h"

namespace cloister::cas {
namespace {

using TlsContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;

template <typename T>
T must(Result<T> result) {
  if (!result.ok()) std::abort();
  return std::move(result).take();
}

// A key with its self-signed certificate.
struct Party {
  KeyPointer key = must(generate_key(session::KeyType::p256));
  X509Pointer certificate = must(issue_certificate({.common_name = "party", .now = 1'790'000'000}, *key, nullptr));

  std::string key_pem() const {
    return std::string(text_of(must(write_pem("PRIVATE KEY", must(private_key_der(*key))))));
  }
  std::string certificate_pem() const {
    return std::string(text_of(must(write_pem("CERTIFICATE", must(certificate_der(*certificate))))));
  }
  CertificateIdentity identity() const {
    return {.key_hash = sgx::sha256(must(public_key_der(*key))),
            .certificate_hash = sgx::sha256(must(certificate_der(*certificate)))};
  }
};

TlsContext server_tls(const Party& party) {
  TlsContext tls(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(tls.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(tls.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(
      tls.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  SSL_CTX_use_certificate(tls.get(), party.certificate.get());
  SSL_CTX_use_PrivateKey(tls.get(), party.key.get());
  return tls;
}

// A plain TCP connection, for clients that do not behave.
class Socket {
 public:
  explicit Socket(std::uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  bool connected() const { return connected_; }
  int descriptor() const { return descriptor_; }
  // Whether the server ends the connection within the limit.
  bool ends() const {
    char byte[256];
    for (;;) {
      const ssize_t got = recv(descriptor_, byte, sizeof byte, 0);
      if (got > 0) continue;
      return got == 0 || errno == ECONNRESET;
    }
  }

 private:
  int descriptor_;
  bool connected_ = false;
};

// TLS over it, without HTTP.
class RawClient {
 public:
  RawClient(std::uint16_t port)
      : socket_(port), context_(SSL_CTX_new(TLS_client_method())), tls_(SSL_new(context_.get())) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL, to a server that may have closed
    SSL_set_fd(tls_.get(), socket_.descriptor());
    connected_ = SSL_connect(tls_.get()) == 1;
  }
  bool connected() const { return connected_; }
  bool send(std::string_view text) { return SSL_write(tls_.get(), text.data(), static_cast<int>(text.size())) > 0; }
  std::string receive() {
    std::string text;
    char buffer[4096];
    for (int got = 0; (got = SSL_read(tls_.get(), buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    return text;
  }

 private:
  Socket socket_;
  TlsContext context_;
  std::unique_ptr<SSL, FreeWith<SSL_free>> tls_;
  bool connected_ = false;
};

struct Running {
  ApiForTest cas;
  Party server_party, client_party;
  std::unique_ptr<ApiServer> server;

  explicit Running(ApiServerOptions options = {}) {
    std::string problem;
    auto started = ApiServer::start(options, server_tls(server_party).get(), cas.api, problem);
    EXPECT_TRUE(started.ok()) << problem;
    server = std::move(started).take();
  }
  https::Options options(const Party* client) const {
    https::Options options{
        .accept_key = [key = server_party.identity().key_hash](auto shown) { return sgx::sha256(shown) == key; },
        .body_limit = 1 << 20};
    if (client) options.client_certificate = client->certificate_pem();
    if (client) options.client_key = client->key_pem();
    return options;
  }
  Result<https::Response> ask(const https::Request& request, const Party* client) {
    std::string problem;
    auto full = request;
    full.url.host = "127.0.0.1";
    full.url.port = std::to_string(server->port());
    auto response = https::exchange(full, options(client), problem);
    last_problem = problem;
    return response;
  }
  unsigned status(const https::Request& request, const Party* client = nullptr) {
    const auto response = ask(request, client);
    return response.ok() ? response.value().status : 0;
  }
  std::string last_problem;
};

https::Request get(const std::string& path) { return {.url = {.host = {}, .port = {}, .path = path}}; }
https::Request post(const std::string& path, std::string body) {
  return {.url = {.host = {}, .port = {}, .path = path},
          .method = "POST",
          .content_type = "application/yaml",
          .body = std::move(body)};
}

}  // namespace

TEST(ApiServer, AnswersWithAndWithoutACertificate) {
  Running cas;
  EXPECT_EQ(cas.status(get("/v1/version")), 200u) << cas.last_problem;
  EXPECT_EQ(cas.status(post("/v1/sessions", session_text("shop"))), 401u);
  // Nobody's certificate is judged; its key is who asks.
  EXPECT_EQ(cas.status(post("/v1/sessions", session_text("shop")), &cas.client_party), 403u);
  const std::string root = "access_policy: {create_sessions: [" + to_hex(cas.client_party.identity().key_hash) + "]}\n";
  ASSERT_TRUE(cas.cas.service.sessions.create(session_text("/", root), kOwner).ok());
  EXPECT_EQ(cas.status(post("/v1/sessions", session_text("shop")), &cas.client_party), 201u);
  EXPECT_EQ(cas.status(get("/v1/sessions/shop"), &cas.client_party), 200u);
  const Party other;
  EXPECT_EQ(cas.status(get("/v1/sessions/shop"), &other), 404u);
}

TEST(ApiServer, KeysThatAreMadeKeepNoReaderWaiting) {
  Running cas({.handlers = 1, .changers = 1});
  const std::string root = "access_policy: {create_sessions: [" + to_hex(cas.client_party.identity().key_hash) + "]}\n";
  ASSERT_TRUE(cas.cas.service.sessions.create(session_text("/", root), kOwner).ok());
  std::string secrets = "secrets:\n";
  for (char c = 'a'; c < 'i'; ++c)
    secrets += std::string("- {name: ") + c + ", kind: private-key, key_type: RSA-3072}\n";
  std::atomic<bool> made = false;
  std::thread maker([&] {
    std::string problem;
    auto request = post("/v1/sessions", session_text("shop", secrets));
    request.url.host = "127.0.0.1";
    request.url.port = std::to_string(cas.server->port());
    https::Options options = cas.options(&cas.client_party);
    options.timeout_seconds = 200;
    const auto response = https::exchange(request, options, problem);
    made = true;
    EXPECT_TRUE(response.ok() && response.value().status == 201) << problem;
  });
  while (cas.server->statistics().requests == 0) std::this_thread::yield();
  int read = 0;
  while (!made && read < 5) read += cas.status(get("/v1/sessions"), &cas.client_party) == 200 && !made;
  EXPECT_EQ(read, 5);
  maker.join();
}

TEST(ApiServer, ClientsNoticeAnotherServer) {
  Running cas;
  cas.server_party = Party();  // what the client expects now
  EXPECT_EQ(cas.ask(get("/v1/version"), nullptr).error().code(), Errc::mismatch);
}

TEST(ApiServer, OldTlsAndPlainTextGetNothing) {
  Running cas({.handshake_seconds = 2});
  const Socket plain(cas.server->port());
  ASSERT_TRUE(plain.connected());
  const std::string text = "GET /v1/version HTTP/1.1\r\n\r\n";
  ASSERT_GT(send(plain.descriptor(), text.data(), text.size(), 0), 0);
  EXPECT_TRUE(plain.ends());
  TlsContext tls(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_max_proto_version(tls.get(), TLS1_2_VERSION);
  const Socket old(cas.server->port());
  const std::unique_ptr<SSL, FreeWith<SSL_free>> connection(SSL_new(tls.get()));
  SSL_set_fd(connection.get(), old.descriptor());
  EXPECT_NE(SSL_connect(connection.get()), 1);
}

TEST(ApiServer, LargeRequestsAreRefusedAndSmallOnesServed) {
  Running cas({.header_limit = 2048, .body_limit = 100'000, .bodies_limit = 150'000});
  EXPECT_EQ(cas.status(post("/v1/sessions:check", std::string(90'000, 'x'))), 200u);
  EXPECT_EQ(cas.status(post("/v1/sessions:check", std::string(400'000, 'x'))), 413u) << cas.last_problem;
  EXPECT_EQ(cas.status(get("/v1/version?" + std::string(4000, 'x'))), 431u) << cas.last_problem;
  EXPECT_EQ(cas.status(get("/v1/version")), 200u);
}

TEST(ApiServer, BodiesShareTheirMemory) {
  Running cas({.body_limit = 100'000, .bodies_limit = 100'000});
  RawClient greedy(cas.server->port());
  ASSERT_TRUE(greedy.send("POST /v1/sessions:check HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\nx"));
  unsigned status = 0;
  for (int i = 0; i < 100 && status != 503; ++i) {
    status = cas.status(post("/v1/sessions:check", std::string(20'000, 'x')));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(status, 503u);
}

TEST(ApiServer, SlowClientsAreCutOff) {
  Running cas({.handshake_seconds = 1, .head_seconds = 1, .body_seconds = 1});
  const auto begin = std::chrono::steady_clock::now();
  const Socket silent(cas.server->port());
  RawClient head(cas.server->port()), body(cas.server->port());
  ASSERT_TRUE(head.connected() && body.connected());
  std::thread dripping([&] {
    for (int i = 0; i < 40 && head.send("X"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  });
  ASSERT_TRUE(body.send("POST /v1/sessions:check HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\nx"));
  EXPECT_EQ(head.receive(), "");
  EXPECT_EQ(body.receive(), "");
  EXPECT_TRUE(silent.ends());
  dripping.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
  EXPECT_EQ(cas.status(get("/v1/version")), 200u);
}

TEST(ApiServer, NoHttpIsSaidToBeNone) {
  Running cas;
  RawClient client(cas.server->port());
  ASSERT_TRUE(client.send("hello, is there anybody?\r\n\r\n"));
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 400 "));
}

TEST(ApiServer, SeveralRequestsOnOneConnection) {
  Running cas;
  RawClient client(cas.server->port());
  const std::string one = "GET /v1/health HTTP/1.1\r\nHost: x\r\n", last = one + "Connection: close\r\n";
  ASSERT_TRUE(client.send(one + "\r\n" + one + "\r\n" + last + "\r\n"));
  const std::string answers = client.receive();
  std::size_t count = 0;
  for (std::size_t at = 0; (at = answers.find("HTTP/1.1 200 OK", at)) != answers.npos; ++at) ++count;
  EXPECT_EQ(count, 3u) << answers;
}

TEST(ApiServer, ManySilentConnectionsDoNotCloseTheDoor) {
  Running cas({.connections = 32});
  std::vector<std::unique_ptr<Socket>> silent;
  for (int i = 0; i < 200; ++i) silent.push_back(std::make_unique<Socket>(cas.server->port()));
  EXPECT_EQ(cas.status(get("/v1/version")), 200u) << cas.last_problem;
  const auto statistics = cas.server->statistics();
  EXPECT_GE(statistics.evicted, 168u);
  EXPECT_LE(statistics.open, 33u);
  // The oldest went, not the newest.
  EXPECT_TRUE(silent.front()->ends());
}

TEST(ApiServer, StopsWithConnectionsOpen) {
  Running cas;
  const Socket silent(cas.server->port());
  RawClient client(cas.server->port());
  ASSERT_TRUE(client.send("GET /v1/health HTTP/1.1\r\n"));
  cas.server.reset();
  EXPECT_TRUE(silent.ends());
}

TEST(ApiServer, AnAddressInUseIsNamed) {
  Running cas;
  std::string problem;
  Party party;
  const auto second = ApiServer::start({.port = cas.server->port()}, server_tls(party).get(), cas.cas.api, problem);
  EXPECT_FALSE(second.ok());
  EXPECT_NE(problem.find(std::to_string(cas.server->port())), std::string::npos) << problem;
}

}  // namespace cloister::cas
