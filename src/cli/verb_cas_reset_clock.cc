// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_cas_reset_clock.h"
#include <CLI/CLI.hpp>
#include <ctime>
#include "src/cli/complain.h"
#include "src/cli/pinned_cas.h"
#include "src/cli/read_file.h"

namespace cloister {

int cas_reset_clock_verb(int argc, char** argv) {
  CLI::App app{
      "Lets a CAS that you own accept times again that are before the latest one its clock has shown. For after a "
      "clock "
      "that was ahead: its clock must be right by now, and agree with this machine's. Issue dates of collateral stay.",
      "cloister cas reset-clock"};
  std::string address;
  bool json = false;
  app.add_option("--cas", address, "Which CAS (the only one that is trusted)")->type_name("ADDR");
  app.add_flag("--json", json, "Machine-readable output");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::string problem;
  auto client = client::CasClient::open(address, problem);
  if (!client.ok()) return complain(problem, 2);
  nlohmann::ordered_json answer;
  const client::Question question{.method = "POST",
                                  .path = "/v1/clock:reset?time=" + std::to_string(std::time(nullptr))};
  if (const int status = ask_pinned(client.value(), question, answer); status != 0) return status;
  if (!answer.contains("from") || !answer["from"].is_string() || !answer.contains("to") || !answer["to"].is_string())
    return malformed_answer(client.value());
  if (json) return print(answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n', 0);
  const client::Pin& pin = client.value().pin();
  return print(std::string(pin.simulation ? "simulation: " : "") + pin.address + ": the clock's bound was " +
                   answer["from"].get<std::string>() + " and is " + answer["to"].get<std::string>() + '\n',
               0);
}

}  // namespace cloister
