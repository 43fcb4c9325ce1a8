// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/apply.h"
#include <string.h>
#include <sys/stat.h>
#include "src/enclave/configure/fill.h"
#include "src/enclave/core/start.h"
#include "src/enclave/kernel/host_strings.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/namespace.h"

namespace cloister::configure {
namespace {
std::string cause_of(const Error& error) {
  return *error.what() != '\0' ? error.what() : strerrordesc_np(error.errno_value());
}

Result<void> inject(const release::InjectedFile& file, kernel::Task& task, std::string* problem) {
  const vfs::NewNode what{S_IFREG | file.mode, file.owner, file.group, {}};
  auto injected = task.process.files->inject(task, file.path, what, file.contents);
  if (!injected.ok()) *problem = "the policy's file " + file.path + ": " + cause_of(injected.error());
  return injected;
}
}  // namespace

Result<void> apply(const release::Configuration& configuration, kernel::Process& process, std::string* problem) {
  kernel::Task& task = *kernel::current_task();
  kernel::HostStrings host = kernel::read_host_strings(core::start_parameters, core::start_strings);
  const HostWords words{std::move(host.arguments), std::move(host.environment)};
  std::uint32_t missing = 0;
  auto arguments = fill_arguments(configuration, words, &missing);
  if (!arguments.ok()) {
    *problem = "the policy asks for argument " + std::to_string(missing) + " of the command line, which has " +
               std::to_string(words.arguments.empty() ? 0 : words.arguments.size() - 1);
    return arguments.error();
  }
  process.arguments = std::move(arguments).take();
  process.environment = fill_environment(configuration, words);
  for (const release::InjectedFile& file : configuration.files) TRY(inject(file, task, problem));
  auto directory = process.files->make_start_directory(task, configuration.working_directory);
  if (!directory.ok()) {
    *problem = "the policy's working directory " + configuration.working_directory + ": " + cause_of(directory.error());
    return directory.error();
  }
  process.working_directory = std::move(directory).take();
  return {};
}
}  // namespace cloister::configure
