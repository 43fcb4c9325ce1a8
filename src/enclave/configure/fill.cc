// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/fill.h"
#include <cerrno>

namespace cloister::configure {
namespace {
std::string host_value(const HostWords& host, const std::string& name) {
  const std::string start = name + "=";
  for (const std::string& entry : host.environment)
    if (entry.compare(0, start.size(), start) == 0) return entry.substr(start.size());
  return {};
}
}  // namespace

Result<std::vector<std::string>> fill_arguments(const release::Configuration& configuration, const HostWords& host,
                                                std::uint32_t* missing) {
  std::vector<std::string> arguments;
  for (const release::Argument& argument : configuration.arguments) {
    std::string text;
    for (const release::ArgumentPiece& piece : argument) {
      if (const auto* literal = std::get_if<SecretBytes>(&piece)) {
        text += text_of(*literal);
        continue;
      }
      const std::uint32_t position = std::get<release::HostArgument>(piece).position;
      if (position >= host.arguments.size()) {
        *missing = position;
        return Error::from_errno(EINVAL, "the host gave too few arguments");
      }
      text += host.arguments[position];
    }
    arguments.push_back(std::move(text));
  }
  return arguments;
}

std::vector<std::string> fill_environment(const release::Configuration& configuration, const HostWords& host) {
  std::vector<std::string> environment;
  for (const release::Variable& variable : configuration.environment) {
    std::string entry = variable.name + "=";
    if (variable.source == release::Variable::Source::host)
      entry += host_value(host, variable.name);
    else
      entry += text_of(variable.value);
    environment.push_back(std::move(entry));
  }
  return environment;
}
}  // namespace cloister::configure
