// SPDX-License-Identifier: Apache-2.0
// Attests to a CAS with a genuine quote, the right MRENCLAVE and the report data of its connection, but a CONFIGID that
// names whatever the command line says: another service, or a service of another CAS. Prints CAS's answer in
// hexadecimal, and what comes after a second message.
#include "tests/attested/simulated_enclave.h"
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <CLI/CLI.hpp>
#include <cstdio>
#include "src/base/hex.h"

namespace {
using namespace cloister;

boost::asio::awaitable<void> talk(boost::asio::io_context& io, SimulatedEnclave& enclave, std::string address) {
  SimulatedConnection connection(io.get_executor(), enclave);
  const auto answer = co_await connection.attest(parse_address(address));
  const auto rest = co_await connection.exit();
  std::printf("%s\n%s\n", to_hex(answer).c_str(), to_hex(rest).c_str());
}
}  // namespace

int main(int argc, char** argv) {
  std::string address, config_id, claimed_id, claimed_cas, mrenclave, directory;
  CLI::App app{"Attests to a CAS with a CONFIGID of the caller's choice.", "forged_enclave"};
  app.add_option("--address", address, "CAS's port for enclaves")->required();
  app.add_option("--config-id", config_id, "session/service that is asked for")->required();
  app.add_option("--claimed-id", claimed_id, "session/service in CONFIGID")->required();
  app.add_option("--claimed-cas", claimed_cas, "SHA-256 of the key of the CAS in CONFIGID (the one at the address)");
  app.add_option("--mrenclave", mrenclave, "of the enclave")->required();
  app.add_option("--dir", directory, "the simulation's state")->required();
  CLI11_PARSE(app, argc, argv);
  auto machine = SimulatedMachine::open(directory);
  if (!machine.ok()) {
    std::fprintf(stderr, "forged_enclave: %s: %s\n", directory.c_str(), machine.error().what());
    return 1;
  }
  SimulatedEnclave enclave(std::move(machine).take());
  enclave.config_id = config_id;
  enclave.claimed_id = claimed_id;
  if (!read_hex(mrenclave, enclave.secs.mrenclave) ||
      (!claimed_cas.empty() && !read_hex(claimed_cas, enclave.claimed_cas.emplace()))) {
    std::fprintf(stderr, "forged_enclave: give hashes of 64 hexadecimal digits\n");
    return 1;
  }
  boost::asio::io_context io;
  boost::asio::co_spawn(io, talk(io, enclave, address), boost::asio::detached);
  io.run();
  return 0;
}
