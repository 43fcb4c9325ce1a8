// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_cas_reset_clock.h"
#include <CLI/CLI.hpp>
#include <ctime>
#include <nlohmann/json.hpp>
#include "src/cli/complain.h"
#include "src/cli/read_file.h"
#include "src/client/cas_client.h"

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
  auto state = client::State::open(problem);
  if (!state.ok()) return complain(problem, 2);
  auto client = client::CasClient::open(std::move(state).take(), address, problem);
  if (!client.ok()) return complain(problem, 2);
  const auto response = client.value().ask(
      {.method = "POST", .path = "/v1/clock:reset?time=" + std::to_string(std::time(nullptr))}, problem);
  const std::string& name = client.value().pin().address;
  if (!response.ok()) return complain(problem, response.error().code() == Errc::mismatch ? 1 : 2);
  if (response.value().status != 200)
    return complain(name + ": " + client::error_text(response.value()), response.value().status >= 500 ? 2 : 1);
  const auto& body = response.value().body;
  const auto answer = nlohmann::json::parse(body.begin(), body.end(), nullptr, false);
  if (!answer.is_object() || !answer.contains("from") || !answer["from"].is_string() || !answer.contains("to") ||
      !answer["to"].is_string())
    return complain(name + ": the answer is malformed", 2);
  if (json) return print(answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n', 0);
  return print(std::string(client.value().pin().simulation ? "simulation: " : "") + name + ": the clock's bound was " +
                   answer["from"].get<std::string>() + " and is " + answer["to"].get<std::string>() + '\n',
               0);
}

}  // namespace cloister
