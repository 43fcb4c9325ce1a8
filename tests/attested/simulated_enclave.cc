// SPDX-License-Identifier: Apache-2.0
#include "tests/attested/simulated_enclave.h"
#include <openssl/ec.h>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <algorithm>
#include "src/host/device/sim_platform.h"
#include "src/las/server/simulated_quoting.h"

namespace cloister {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
std::vector<std::uint8_t> new_public_key() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  unsigned char* data = nullptr;
  const int size = i2d_PUBKEY(key, &data);
  std::vector<std::uint8_t> bytes(data, data + std::max(size, 0));
  OPENSSL_free(data);
  EVP_PKEY_free(key);
  return bytes;
}

std::vector<std::uint8_t> peer_key(SSL* tls) {
  X509* const certificate = SSL_get0_peer_certificate(tls);
  unsigned char* key = nullptr;
  const int size = certificate == nullptr ? 0 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
  std::vector<std::uint8_t> bytes(key, key + std::max(size, 0));
  OPENSSL_free(key);
  return bytes;
}
}  // namespace

Result<SimulatedMachine> SimulatedMachine::open(const std::string& directory) {
  sgx::Platform platform = TRY(host::load_sim_platform(directory));
  auto simulation = TRY(las::open_simulated_platform(directory));
  return SimulatedMachine{platform, std::move(simulation.quoting_enclave)};
}

SimulatedEnclave::SimulatedEnclave(SimulatedMachine of) : machine(std::move(of)), key(new_public_key()) {
  secs.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss, sgx::kXfrmLegacy};
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_3_VERSION);
  // As in enclaves: the key is what counts, whoever signed the certificate.
  SSL_CTX_set_cert_verify_callback(
      tls.native_handle(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  static constexpr unsigned char kProtocols[] =
      "\x0e"
      "cloister-cas/1";
  SSL_CTX_set_alpn_protos(tls.native_handle(), kProtocols, sizeof kProtocols - 1);
}

tcp::endpoint parse_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  return {asio::ip::make_address(address.substr(0, colon)),
          static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)))};
}

asio::awaitable<SimulatedConnection::Message> SimulatedConnection::attest(tcp::endpoint cas) {
  co_await stream_.next_layer().async_connect(cas, token());
  if (code_) co_return Message();
  stream_.next_layer().set_option(tcp::no_delay(true), code_);
  co_await stream_.async_handshake(asio::ssl::stream_base::client, token());
  if (code_) co_return Message();
  release::Hello hello;
  hello.config_id = enclave_.config_id;
  hello.enclave_key = enclave_.key;
  const Message hello_bytes = release::encode(hello);
  if (!co_await write(hello_bytes)) co_return Message();
  const Message challenge_bytes = co_await read(release::kFrameLimit);
  const auto challenge = release::decode_challenge(challenge_bytes);
  if (!challenge.ok()) co_return Message();
  const Message evidence = evidence_for(hello_bytes, challenge_bytes, challenge.value());
  if (evidence.empty() || !co_await write(evidence)) co_return Message();
  co_return co_await read(release::kGrantLimit);
}

asio::awaitable<SimulatedConnection::Message> SimulatedConnection::exit() {
  const Message message = release::encode(release::Exit{});
  if (!co_await write(message)) co_return Message();
  co_return co_await read(release::kFrameLimit);
}

// REPORTDATA is always this connection's; CONFIGID is what the enclave claims.
SimulatedConnection::Message SimulatedConnection::evidence_for(const Message& hello, const Message& challenge,
                                                               const release::Challenge& parsed) {
  SSL* const tls = stream_.native_handle();
  const auto cas_key = peer_key(tls);
  if (cas_key.empty()) return {};
  release::ExportedKey exported;
  SSL_export_keying_material(tls, exported.data(), exported.size(), release::kExporterLabel,
                             sizeof release::kExporterLabel - 1, parsed.cas_nonce.data(), parsed.cas_nonce.size(), 1);
  const auto data = release::report_data({exported, hello, challenge, cas_key, parsed.audit_key, enclave_.key});
  sgx::Secs secs = enclave_.secs;
  const auto config =
      release::configured_enclave_id(enclave_.claimed_cas.value_or(release::sha256(cas_key)), enclave_.claimed_id);
  std::copy(config.begin(), config.end(), secs.configid);
  const auto& quoting = enclave_.machine.quoting;
  const auto quote = quoting.quote(sgx::ereport(enclave_.machine.platform, secs, quoting.targetinfo(), data));
  return quote.ok() ? release::encode(release::Evidence{{quote.value().begin(), quote.value().end()}}) : Message();
}

asio::awaitable<bool> SimulatedConnection::write(const Message& message) {
  const auto size = release::frame_size(message.size());
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(size), asio::buffer(message)};
  co_await asio::async_write(stream_, buffers, token());
  co_return !code_;
}

asio::awaitable<SimulatedConnection::Message> SimulatedConnection::read(std::size_t limit) {
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
}  // namespace cloister
