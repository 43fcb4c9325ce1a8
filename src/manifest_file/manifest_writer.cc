// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include "src/base/hex.h"
#include "src/base/size_text.h"
#include "src/manifest_file/manifest_file.h"

namespace cloister {
namespace {
// Double quotes with escapes: every byte string that YAML can hold, and never another type.
std::string quoted(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20 || byte == 0x7f)
      ((out += "\\x") += kDigits[byte >> 4]) += kDigits[byte & 15];
    else
      out += c;
  }
  return out + "\"";
}

std::string flow_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) out += (out.size() > 1 ? ", " : "") + quoted(item);
  return out + "]";
}

void add_block(std::string& out, const char* name, const std::vector<std::string>& items) {
  if (items.empty()) return;
  out += std::string(name) + ":\n";
  for (const std::string& item : items) out += "  - " + quoted(item) + "\n";
}

std::string mode_text(std::uint32_t mode) {
  std::string digits;
  for (int shift = 6; shift >= 0; shift -= 3) digits += static_cast<char>('0' + (mode >> shift & 7));
  return "0o" + digits;
}

void add_environment(std::string& out, const std::vector<std::string>& environment) {
  std::vector<std::string> from_host;
  std::string fixed;
  for (const std::string& entry : environment) {
    const std::size_t at = entry.find('=');
    if (at == std::string::npos)
      from_host.push_back(entry);
    else
      fixed += "  " + entry.substr(0, at) + ": " + quoted(entry.substr(at + 1)) + "\n";
  }
  if (!fixed.empty()) out += "env:\n" + fixed;
  if (!from_host.empty()) out += "insecure_host_environment: " + flow_list(from_host) + "\n";
}
}  // namespace

std::string write_manifest_file(const InstanceDescription& description, const std::vector<std::string>& comments) {
  std::string out;
  for (const std::string& comment : comments) out += "# " + comment + "\n";
  out += "manifest: 1\nprogram: " +
         quoted(description.arguments.empty() ? description.program : description.arguments[0]) + "\n";
  if ((description.flags & kConfiguredByPolicy) != 0)
    out += "args: from_policy\nenv: from_policy\n";
  else if ((description.flags & kInsecureHostArguments) != 0)
    out += "insecure_host_arguments: true\n";
  else if (description.arguments.size() > 1)
    out += "args: " + flow_list({description.arguments.begin() + 1, description.arguments.end()}) + "\n";
  add_environment(out, description.environment);
  if ((description.flags & kInsecureHostDirectory) != 0)
    out += "insecure_host_directory: true\n";
  else if (!description.working_directory.empty())
    out += "working_directory: " + quoted(description.working_directory) + "\n";
  out += "heap: " + size_text(description.heap_size) + "\nthreads: " + std::to_string(description.thread_limit) + "\n";
  std::vector<std::string> signals;
  for (int number = 1; number <= 64; ++number)
    if ((description.host_signals >> (number - 1) & 1) != 0) signals.push_back(signal_name(number));
  out += "signals: " + flow_list(signals) + "\n";
  if ((description.flags & kInsecureDynamicCode) != 0) out += "insecure_dynamic_code: true\n";
  add_block(out, "insecure_host_paths", description.insecure_host_paths);
  add_block(out, "tmpfs", description.tmpfs);
  out += "files:\n";
  for (const InstanceFile& file : description.files) {
    if (file.contents) {
      out += "  - path: " + quoted(file.path) + "\n    mode: " + mode_text(file.mode) + "\n    contents: " +
             quoted({reinterpret_cast<const char*>(file.contents->data()), file.contents->size()}) + "\n";
    } else if (file.sha256) {
      out += "  - path: " + quoted(file.path) + "\n    sha256: " + to_hex(*file.sha256) + "\n";
    } else {
      out += "  - " + quoted(file.path) + "\n";
    }
  }
  add_block(out, "directories", description.directories);
  if (!description.links.empty()) out += "links:\n";
  for (const auto& [path, target] : description.links) out += "  " + quoted(path) + ": " + quoted(target) + "\n";
  return out;
}
}  // namespace cloister
