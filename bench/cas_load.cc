// SPDX-License-Identifier: Apache-2.0
// Enclaves that attest to a CAS, by the hundred a second: the protocol's messages and real quotes of the simulated
// platform, without any enclave being started. tools/bench cas runs it.
//
// Open loop: arrivals are a Poisson process, and a latency counts from the moment of arrival, so that a server which
// falls behind cannot hide it. With --rate 0 closed loop: --connections at a time, as fast as they go.
#include <utility>
// Boost 1.74's awaitable.hpp forgets to include <utility>.
#include <sys/resource.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>
#include "src/base/hex.h"
#include "src/host/device/sim_platform.h"
#include "src/las/server/simulated_quoting.h"
#include "src/release/evidence.h"

namespace cloister {
namespace {
namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;
using Message = std::vector<std::uint8_t>;

struct Options {
  std::string address = "127.0.0.1:18765", config_id, mrenclave, directory;
  double rate = 300;
  unsigned seconds = 10, connections = 16, warm_up = 20;
};

struct Load {
  Options options;
  tcp::endpoint endpoint;
  sgx::Platform platform;
  sgx::Secs secs{};
  dcap::simulation::QuotingEnclave quoting;
  asio::ssl::context& tls;
  std::vector<std::uint8_t> enclave_key;  // SubjectPublicKeyInfo
  std::mutex mutex{};
  std::vector<double> milliseconds{};
  std::size_t refused = 0, failed = 0;

  void note(Clock::time_point arrived, bool granted, bool denied) {
    const std::lock_guard lock(mutex);
    if (granted)
      milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - arrived).count());
    else
      ++(denied ? refused : failed);
  }
};

class Attestation {
  auto token() { return asio::redirect_error(asio::use_awaitable, code_); }

 public:
  Attestation(const asio::any_io_executor& executor, Load& load) : load_(load), stream_(executor, load.tls) {}

  asio::awaitable<void> run(Clock::time_point arrived) {
    const bool granted = co_await attest();
    load_.note(arrived, granted, refused_);
    if (!granted) co_return;
    const Message exit = release::encode(release::Exit{});
    if (!co_await write(exit)) co_return;
    (void)co_await read(release::kFrameLimit);
  }

 private:
  asio::awaitable<bool> attest() {
    co_await stream_.next_layer().async_connect(load_.endpoint, token());
    if (code_) co_return false;
    stream_.next_layer().set_option(tcp::no_delay(true), code_);
    static constexpr unsigned char kProtocols[] =
        "\x0e"
        "cloister-cas/1";
    SSL_set_alpn_protos(stream_.native_handle(), kProtocols, sizeof kProtocols - 1);
    co_await stream_.async_handshake(asio::ssl::stream_base::client, token());
    if (code_) co_return false;
    release::Hello hello;
    hello.config_id = load_.options.config_id;
    hello.enclave_key = load_.enclave_key;
    const Message hello_bytes = release::encode(hello);
    if (!co_await write(hello_bytes)) co_return false;
    const Message challenge_bytes = co_await read(release::kFrameLimit);
    const auto challenge = release::decode_challenge(challenge_bytes);
    if (!challenge.ok()) co_return false;
    const Message evidence = evidence_for(hello_bytes, challenge_bytes, challenge.value());
    if (evidence.empty() || !co_await write(evidence)) co_return false;
    const Message answer = co_await read(release::kGrantLimit);
    const auto type = release::message_type(answer);
    refused_ = type.ok() && type.value() == release::MessageType::deny;
    co_return type.ok() && type.value() == release::MessageType::grant&& release::decode_grant(answer).ok();
  }

  Message evidence_for(const Message& hello, const Message& challenge, const release::Challenge& parsed) {
    SSL* const tls = stream_.native_handle();
    X509* const certificate = SSL_get0_peer_certificate(tls);
    unsigned char* key = nullptr;
    const int key_size = certificate == nullptr ? 0 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    if (key_size <= 0) return {};
    const std::vector<std::uint8_t> cas_key(key, key + key_size);
    OPENSSL_free(key);
    release::ExportedKey exported;
    SSL_export_keying_material(tls, exported.data(), exported.size(), release::kExporterLabel,
                               sizeof release::kExporterLabel - 1, parsed.cas_nonce.data(), parsed.cas_nonce.size(), 1);
    const auto data = release::report_data({exported, hello, challenge, cas_key, parsed.audit_key, load_.enclave_key});
    sgx::Secs secs = load_.secs;
    const auto config = release::configured_enclave_id(release::sha256(cas_key), load_.options.config_id);
    std::copy(config.begin(), config.end(), secs.configid);
    const auto quote = load_.quoting.quote(sgx::ereport(load_.platform, secs, load_.quoting.targetinfo(), data));
    return quote.ok() ? release::encode(release::Evidence{{quote.value().begin(), quote.value().end()}}) : Message();
  }

  asio::awaitable<bool> write(const Message& message) {
    const auto size = release::frame_size(message.size());
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(size), asio::buffer(message)};
    co_await asio::async_write(stream_, buffers, token());
    co_return !code_;
  }
  asio::awaitable<Message> read(std::size_t limit) {
    std::array<std::uint8_t, release::kFrameSizeSize> head;
    const auto head_buffer = asio::buffer(head);
    co_await asio::async_read(stream_, head_buffer, token());
    if (code_) co_return Message();
    const auto size = release::decode_frame_size(head, limit);
    if (!size.ok()) co_return Message();
    Message message(size.value());
    const auto buffer = asio::buffer(message);
    co_await asio::async_read(stream_, buffer, token());
    if (code_) message.clear();
    co_return message;
  }

  Load& load_;
  asio::ssl::stream<tcp::socket> stream_;
  ErrorCode code_;
  bool refused_ = false;
};

asio::awaitable<void> one(asio::any_io_executor executor, Load& load, Clock::time_point arrived) {
  Attestation attestation(executor, load);
  co_await attestation.run(arrived);
}

// Each on a strand of its own, on whichever thread is free: enclaves do not wait for each other's arithmetic.
void spawn(asio::io_context& io, Load& load, Clock::time_point arrived) {
  const auto strand = asio::make_strand(io);
  asio::co_spawn(strand, one(strand, load, arrived), asio::detached);
}

void run_all(asio::io_context& io) {
  std::thread other([&io] { io.run(); });
  io.run();
  other.join();
  io.restart();
}

asio::awaitable<void> arrivals(asio::io_context& io, Load& load) {
  std::mt19937_64 random(1);
  std::exponential_distribution<double> gap(load.options.rate);
  asio::steady_timer timer(io);
  const auto begin = Clock::now();
  double at = 0;
  ErrorCode code;
  while ((at += gap(random)) < load.options.seconds) {
    const auto moment = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(at));
    timer.expires_at(moment);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, code));
    spawn(io, load, moment);
  }
}

asio::awaitable<void> closed_loop(asio::any_io_executor executor, Load& load, Clock::time_point end) {
  while (Clock::now() < end) co_await one(executor, load, Clock::now());
}

double percentile(std::vector<double>& sorted, double part) {
  return sorted.empty()
             ? 0
             : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void report(Load& load, double seconds, double processor) {
  auto& all = load.milliseconds;
  std::sort(all.begin(), all.end());
  std::printf(
      "{\"released\": %zu, \"refused\": %zu, \"failed\": %zu, \"seconds\": %.3f, \"per_second\": %.1f, \"p50_ms\": "
      "%.2f, "
      "\"p90_ms\": %.2f, \"p99_ms\": %.2f, \"generator_cpu_seconds\": %.3f}\n",
      all.size(), load.refused, load.failed, seconds, static_cast<double>(all.size()) / seconds, percentile(all, 0.5),
      percentile(all, 0.9), percentile(all, 0.99), processor);
}

std::vector<std::uint8_t> new_enclave_key() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  unsigned char* data = nullptr;
  const int size = i2d_PUBKEY(key, &data);
  std::vector<std::uint8_t> bytes(data, data + std::max(size, 0));
  OPENSSL_free(data);
  EVP_PKEY_free(key);
  return bytes;
}

int fail(const char* what, const Error& error) {
  std::fprintf(stderr, "cas_load: %s: %s\n", what, error.what());
  return 1;
}

int run(const Options& options) {
  const auto platform = host::load_sim_platform(options.directory);
  if (!platform.ok()) return fail("--dir", platform.error());
  auto simulation = las::open_simulated_platform(options.directory);
  if (!simulation.ok()) return fail("--dir", simulation.error());
  asio::ssl::context tls(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_3_VERSION);
  // As enclaves do: the key is compared with CONFIGID, whoever signed the certificate.
  SSL_CTX_set_cert_verify_callback(
      tls.native_handle(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  const std::size_t colon = options.address.rfind(':');
  Load load{.options = options,
            .endpoint = tcp::endpoint(asio::ip::make_address(options.address.substr(0, colon)),
                                      static_cast<std::uint16_t>(std::stoi(options.address.substr(colon + 1)))),
            .platform = platform.value(),
            .quoting = std::move(std::move(simulation).take().quoting_enclave),
            .tls = tls,
            .enclave_key = new_enclave_key()};
  load.secs.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss, sgx::kXfrmLegacy};
  if (!read_hex(options.mrenclave, load.secs.mrenclave))
    return fail("--mrenclave", Error(Errc::invalid, "give 64 hexadecimal digits"));

  asio::io_context io(2);
  for (unsigned i = 0; i < options.warm_up; ++i) {
    spawn(io, load, Clock::now());
    run_all(io);
  }
  if (load.milliseconds.empty()) return fail("warm-up", Error(Errc::io, "nothing was released"));
  load.milliseconds.clear();
  load.refused = load.failed = 0;
  const auto begin = Clock::now();
  const double processor = processor_seconds();
  if (options.rate > 0)
    asio::co_spawn(io, arrivals(io, load), asio::detached);
  else
    for (unsigned i = 0; i < options.connections; ++i) {
      const auto strand = asio::make_strand(io);
      asio::co_spawn(strand, closed_loop(strand, load, begin + std::chrono::seconds(options.seconds)), asio::detached);
    }
  run_all(io);
  report(load, std::chrono::duration<double>(Clock::now() - begin).count(), processor_seconds() - processor);
  return load.refused + load.failed == 0 ? 0 : 1;
}
}  // namespace
}  // namespace cloister

int main(int argc, char** argv) {
  cloister::Options options;
  CLI::App app{"Attests to a CAS as many simulated enclaves would.", "cas_load"};
  app.add_option("--address", options.address, "CAS's port for enclaves")->capture_default_str();
  app.add_option("--config-id", options.config_id, "session/service")->required();
  app.add_option("--mrenclave", options.mrenclave, "of the enclaves")->required();
  app.add_option("--dir", options.directory, "the simulation's state")->required();
  app.add_option("--rate", options.rate, "arrivals a second; 0: closed loop")->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long")->capture_default_str();
  app.add_option("--connections", options.connections, "at a time, in the closed loop")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return cloister::run(options);
}
