// SPDX-License-Identifier: Apache-2.0
// An enclave that attests to a CAS, without there being one: the protocol's messages, and quotes of the simulated
// platform over a report that its caller makes up, as everybody can who reads that platform's state. For load
// (bench/cas_load.cc) and for forgeries (forged_enclave.cc).
#pragma once
#include <utility>
// Boost 1.74's awaitable.hpp forgets to include <utility>.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <string>
#include <vector>
#include "src/dcap/simulation/quoting_enclave.h"
#include "src/release/evidence.h"
#include "src/sgx/report.h"

namespace cloister {

struct SimulatedMachine {
  static Result<SimulatedMachine> open(const std::string& directory);
  sgx::Platform platform;
  dcap::simulation::QuotingEnclave quoting;
};

// What is the same for all connections of one enclave; nothing of it changes once they run.
struct SimulatedEnclave {
  explicit SimulatedEnclave(SimulatedMachine of);

  SimulatedMachine machine;
  sgx::Secs secs{};                            // as a production enclave's with KSS; MRENCLAVE is the caller's
  std::string config_id;                       // that HELLO asks for
  std::string claimed_id;                      // that CONFIGID names
  std::optional<release::Digest> claimed_cas;  // likewise, where it is not the CAS at the other end
  std::vector<std::uint8_t> key;               // SubjectPublicKeyInfo
  boost::asio::ssl::context tls{boost::asio::ssl::context::tls_client};
};

boost::asio::ip::tcp::endpoint parse_address(const std::string& address);

class SimulatedConnection {
 public:
  using Message = std::vector<std::uint8_t>;

  SimulatedConnection(const boost::asio::any_io_executor& executor, SimulatedEnclave& enclave)
      : enclave_(enclave), stream_(executor, enclave.tls) {}

  // CAS's answer to EVIDENCE, empty if it does not come to one.
  boost::asio::awaitable<Message> attest(boost::asio::ip::tcp::endpoint cas);
  // The program has ended; waits until CAS has noted it, or has closed the connection.
  boost::asio::awaitable<Message> exit();

 private:
  auto token() { return boost::asio::redirect_error(boost::asio::use_awaitable, code_); }
  Message evidence_for(const Message& hello, const Message& challenge, const release::Challenge& parsed);
  boost::asio::awaitable<bool> write(const Message& message);
  boost::asio::awaitable<Message> read(std::size_t limit);

  SimulatedEnclave& enclave_;
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_;
  boost::system::error_code code_;
};

}  // namespace cloister
