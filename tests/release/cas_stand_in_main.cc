// SPDX-License-Identifier: Apache-2.0
// cas_stand_in MODE CONFIG.json: serves one connection after the other on a port of the loopback. Prints one line with
// port and key hash, then one for each connection with what it saw.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "tests/release/cas_stand_in.h"

namespace cloister::testing {
namespace {
using Json = nlohmann::ordered_json;

// {"args": ["text", ["--x=", 1]], "env": {"A": "1", "TZ": null}, "pwd": "/", "files": {"/p": {"mode": 384, "text":
// "x"}}}
release::Configuration read_configuration(const char* path) {
  std::ifstream file(path);
  const nlohmann::json document = nlohmann::json::parse(file);
  release::Configuration configuration;
  for (const nlohmann::json& entry : document.at("args")) {
    release::Argument argument;
    for (const nlohmann::json& piece : entry.is_array() ? entry : nlohmann::json::array({entry}))
      if (piece.is_number())
        argument.emplace_back(release::HostArgument{piece.get<std::uint32_t>()});
      else if (!piece.get<std::string>().empty())
        argument.emplace_back(secret_from(piece.get<std::string>()));
    configuration.arguments.push_back(std::move(argument));
  }
  // Ascending by name and path, as the encoding wants it.
  const nlohmann::json environment = document.value("env", nlohmann::json::object());
  const nlohmann::json files = document.value("files", nlohmann::json::object());
  for (const auto& [name, value] : environment.items())
    configuration.environment.push_back(
        {name, value.is_null() ? release::Variable::Source::host : release::Variable::Source::policy,
         secret_from(value.is_null() ? std::string() : value.get<std::string>())});
  configuration.working_directory = document.value("pwd", "/");
  for (const auto& [path_inside, entry] : files.items())
    configuration.files.push_back({path_inside, entry.value("mode", 0600U), entry.value("uid", 0U),
                                   entry.value("gid", 0U), secret_from(entry.at("text").get<std::string>())});
  return configuration;
}

int listen_on_loopback(std::uint16_t* port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 8) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return -1;
  *port = ntohs(address.sin_port);
  return listener;
}

void print(const Json& line) {
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

int run(const std::string& mode, const char* path) {
  std::signal(SIGPIPE, SIG_IGN);
  const release::Configuration configuration = read_configuration(path);
  CasStandIn cas;
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(&port);
  if (listener < 0) return 1;
  print({{"port", port}, {"key", to_hex(cas.key_hash())}});
  for (;;) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return 1;
    const Seen seen = cas.serve(connection, mode, configuration);
    Json line{{"ended", seen.ended},
              {"config_id", seen.config_id},
              {"report_data_holds", seen.report_data_holds},
              {"config_id_holds", seen.config_id_holds},
              {"mrenclave", seen.mrenclave}};
    if (seen.exit) line["exit"] = {static_cast<std::uint32_t>(seen.exit->kind), seen.exit->value, seen.exit->reason};
    print(line);
  }
}
}  // namespace
}  // namespace cloister::testing

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: cas_stand_in MODE CONFIG.json\n", stderr), 2;
  return cloister::testing::run(argv[1], argv[2]);
}
