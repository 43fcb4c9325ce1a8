// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_cas_pins.h"
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/cli/complain.h"
#include "src/cli/read_file.h"
#include "src/client/cas_client.h"
#include "src/dcap/time.h"

namespace cloister {
namespace {
using Json = nlohmann::ordered_json;

// -1 to go on.
int parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return -1;
}

Json fields_of(const client::Pin& pin) {
  return {{"address", pin.address},
          {"cas_key_hash", to_hex(pin.cas_key_hash)},
          {"mrenclave", to_hex(pin.mrenclave)},
          {"owner_key_hash", to_hex(pin.owner_key_hash)},
          {"simulation", pin.simulation},
          {"attested", dcap::iso_time(pin.attested)},
          {"audit_sequence", pin.seen.sequence},
          {"audit_hash", to_hex(pin.seen.hash)}};
}

}  // namespace

int cas_owner_verb(int argc, char** argv) {
  CLI::App app{"Prints the hash of your key, SHA-256 over its SubjectPublicKeyInfo. The key is made at first use.",
               "cloister cas owner"};
  bool json = false;
  app.add_flag("--json", json, "machine-readable output");
  app.footer("Example: cloister cas serve --dir ./cas --owner $(cloister cas owner)");
  if (const int status = parse(app, argc, argv); status >= 0) return status;
  std::string problem;
  const auto state = client::State::open(problem);
  if (!state.ok()) return complain(problem, 2);
  const auto key = state.value().owner_key(problem);
  if (!key.ok()) return complain(problem, 2);
  const std::string hash = to_hex(key.value().hash);
  if (!json) return print(hash + '\n', 0);
  return print(Json{{"owner_key_hash", hash}, {"certificate", state.value().folder() + "/owner.crt"}}.dump() + '\n', 0);
}

int cas_list_verb(int argc, char** argv) {
  CLI::App app{"Lists the CASes that were attested and are trusted.", "cloister cas list"};
  bool json = false;
  app.add_flag("--json", json, "machine-readable output");
  if (const int status = parse(app, argc, argv); status >= 0) return status;
  std::string problem, text;
  const auto state = client::State::open(problem);
  if (!state.ok()) return complain(problem, 2);
  const auto pins = state.value().pins(problem);
  if (!pins.ok()) return complain(problem, 2);
  Json list = Json::array();
  for (const client::Pin& pin : pins.value()) {
    list.push_back(fields_of(pin));
    text += (pin.simulation ? "simulation: " : "") + pin.address + "  MRENCLAVE " + to_hex(pin.mrenclave) + "  owner " +
            to_hex(pin.owner_key_hash) + "  attested " + dcap::iso_time(pin.attested) + "  audit entry " +
            std::to_string(pin.seen.sequence) + '\n';
  }
  return print(json ? list.dump(2) + '\n' : text, 0);
}

int cas_forget_verb(int argc, char** argv) {
  CLI::App app{"Trusts a CAS no longer; nothing is changed there.", "cloister cas forget"};
  std::string address;
  app.add_option("ADDR", address, "HOST[:PORT]")->required();
  if (const int status = parse(app, argc, argv); status >= 0) return status;
  std::string problem;
  const auto url = client::cas_url(address);
  if (!url.ok()) return complain(address + " " + url.error().what(), 2);
  const auto state = client::State::open(problem);
  if (!state.ok()) return complain(problem, 2);
  std::size_t gone = 0;
  const auto changed = state.value().change_pins(
      [&](std::vector<client::Pin>& pins) {
        gone =
            std::erase_if(pins, [&](const client::Pin& pin) { return pin.address == client::address_of(url.value()); });
      },
      problem);
  if (!changed.ok()) return complain(problem, 2);
  return gone > 0 ? 0 : complain(client::address_of(url.value()) + " was not trusted (`cloister cas list`)", 1);
}

}  // namespace cloister
