// SPDX-License-Identifier: Apache-2.0
#include "src/manifest_file/explain.h"
#include <algorithm>
#include "src/base/size_text.h"
#include "src/manifest_file/manifest_file.h"

namespace cloister {
namespace {
std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : " ") + item;
  return text.empty() ? "none" : text;
}

std::vector<std::string> signal_names(std::uint64_t signals) {
  std::vector<std::string> names;
  for (int number = 1; number <= 64; ++number)
    if ((signals >> (number - 1) & 1) != 0) names.push_back(signal_name(number));
  return names;
}

std::vector<std::string> variables(const LaunchManifest& manifest, bool from_host) {
  std::vector<std::string> names;
  for (const std::string& entry : manifest.environment)
    if ((entry.find('=') == std::string::npos) == from_host) names.push_back(entry.substr(0, entry.find('=')));
  return names;
}

bool has(const LaunchManifest& manifest, std::uint64_t flag) { return (manifest.flags & flag) != 0; }
}  // namespace

std::vector<std::string> explain_fixed(const LaunchManifest& manifest) {
  std::uint64_t bytes = 0, embedded = 0;
  for (const MeasuredFile& file : manifest.files) {
    bytes += file.size;
    embedded += file.is_embedded() ? 1 : 0;
  }
  std::vector<std::string> lines{
      "program: " + manifest.program,
      "files: " + std::to_string(manifest.files.size()) + " measured, " + std::to_string(bytes) + " bytes (" +
          std::to_string(embedded) +
          " embedded); every chunk is verified when it is used, another one ends the program or "
          "gives EIO",
      "links: " + std::to_string(manifest.links.size()) + ", resolved inside",
      "memory file systems: " + joined(manifest.tmpfs) + ", /tmp, /dev/shm; empty at start, gone at the end",
      "limits: " + size_text(manifest.heap_size) + " of memory, " + std::to_string(manifest.thread_limit) + " threads"};
  if (has(manifest, kConfiguredByPolicy))
    lines.push_back(
        "arguments, environment, working directory, further files: from the policy that CONFIGID names, after "
        "attestation; without one the program does not start");
  else if (!has(manifest, kInsecureHostArguments))
    lines.push_back("arguments: " + joined(manifest.arguments));
  if (const auto names = variables(manifest, false); !names.empty()) lines.push_back("environment: " + joined(names));
  if (manifest.insecure_host_paths.empty()) lines.push_back("every other path: does not exist");
  return lines;
}

std::vector<Influence> explain_influences(const LaunchManifest& manifest) {
  std::vector<Influence> list;
  const auto add = [&](bool when, std::string key, std::string text) {
    if (when) list.push_back({std::move(key), std::move(text), true});
  };
  for (const std::string& path : manifest.insecure_host_paths)
    add(true, "insecure_host_paths",
        "The host reads, writes, adds, removes and swaps everything below " + path +
            " at any moment, and whoever listens on a socket there is the host's choice" +
            (path == "/"
                 ? ". That is every path that is not measured: configuration, modules, time zones, name services."
                 : ". Links below it are its own, too: it follows them to where it likes."));
  add(has(manifest, kInsecureHostArguments), "insecure_host_arguments", "The host chooses the program's arguments.");
  add(has(manifest, kInsecureHostEnvironment), "insecure_host_environment",
      "The host chooses, or leaves out, the variables " + joined(variables(manifest, true)) + ".");
  add(has(manifest, kInsecureHostDirectory), "insecure_host_directory", "The host chooses the working directory.");
  add(has(manifest, kInsecureDynamicCode), "insecure_dynamic_code",
      "The program may run code that nobody measured (JIT compilers, and exploits that write their own).");
  add(manifest.host_signals != 0, "signals",
      "The host delivers " + joined(signal_names(manifest.host_signals)) +
          " at moments of its choosing, any number of times. No other signal of the host reaches the program.");
  const auto always = [&](const char* key, const char* text) { list.push_back({key, text, false}); };
  always("standard streams", "The host reads what the program prints and chooses what it reads from standard input.");
  always("network", "The host sees, drops, delays, changes and invents packets and connections; use TLS inside.");
  always("availability",
         "The host may stop the program, withhold the answer to any call that may block, or never start it.");
  always("time",
         "The clock's rate is bounded (500 ppm) and never goes back; its value at the start is the host's word, "
         "and so are the dates of measured files.");
  always("sizes and times",
         "The host sees which host calls are made, when, and with how many bytes, and which pages are used.");
  return list;
}
}  // namespace cloister
