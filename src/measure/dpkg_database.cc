// SPDX-License-Identifier: Apache-2.0
#include "src/measure/dpkg_database.h"
#include <algorithm>
#include <fstream>

namespace cloister {
namespace {
// Packages that installation scripts need, never the running program.
const std::set<std::string> kForInstallation = {"adduser",  "debconf", "dpkg",    "init-system-helpers", "install-info",
                                                "lsb-base", "passwd",  "systemd", "sysvinit-utils",      "ucf"};

std::string trimmed(std::string text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

// "libc6 (>= 2.36)" and "python3:any" -> the name.
std::string name_of(const std::string& dependency) {
  return trimmed(dependency.substr(0, dependency.find_first_of(" (:")));
}

std::vector<std::vector<std::string>> dependencies(const std::string& field) {
  std::vector<std::vector<std::string>> all;
  for (const std::string& group : split(field, ',')) {
    std::vector<std::string> alternatives;
    for (const std::string& one : split(group, '|'))
      if (const std::string name = name_of(one); !name.empty()) alternatives.push_back(name);
    if (!alternatives.empty()) all.push_back(std::move(alternatives));
  }
  return all;
}
}  // namespace

DpkgDatabase::DpkgDatabase(const std::string& directory) {
  std::ifstream status(directory + "/status");
  std::map<std::string, std::string> fields;
  const auto finish = [&] {
    const std::string& name = fields["Package"];
    if (!name.empty() && fields["Status"].find(" installed") != std::string::npos) {
      Package& package = packages_[name];
      package.depends = dependencies(fields["Pre-Depends"] + "," + fields["Depends"]);
      const std::string base = directory + "/info/" + name;
      const std::string with_architecture = base + ":" + fields["Architecture"] + ".list";
      package.list_file = std::ifstream(with_architecture) ? with_architecture : base + ".list";
      for (const std::string& virtual_one : split(fields["Provides"], ','))
        if (const std::string provided = name_of(virtual_one); !provided.empty()) provided_.emplace(provided, name);
    }
    fields.clear();
  };
  for (std::string line; std::getline(status, line);) {
    if (line.empty()) finish();
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || line.front() == ' ') continue;
    fields[line.substr(0, colon)] = trimmed(line.substr(colon + 1));
  }
  finish();
}

std::string DpkgDatabase::owner_of(const std::string& path) const {
  const std::string unmerged = path.compare(0, 5, "/usr/") == 0 ? path.substr(4) : path;
  for (const auto& [name, package] : packages_)
    for (const std::string& owned : files_of(name))
      if (owned == path || owned == unmerged) return name;
  return {};
}

std::string DpkgDatabase::installed_one(const std::vector<std::string>& alternatives) const {
  for (const std::string& name : alternatives) {
    if (is_installed(name)) return name;
    if (const auto provider = provided_.find(name); provider != provided_.end()) return provider->second;
  }
  return {};
}

std::set<std::string> DpkgDatabase::with_dependencies(const std::string& package) const {
  std::set<std::string> done;
  std::vector<std::string> waiting{package};
  while (!waiting.empty()) {
    const std::string name = std::move(waiting.back());
    waiting.pop_back();
    const auto found = packages_.find(name);
    if (found == packages_.end() || kForInstallation.count(name) != 0 || !done.insert(name).second) continue;
    for (const auto& alternatives : found->second.depends) waiting.push_back(installed_one(alternatives));
  }
  return done;
}

std::set<std::string> DpkgDatabase::extensions_of(const std::string& package, const std::string& prefix) const {
  std::set<std::string> found;
  for (const auto& [name, other] : packages_)
    if (name.compare(0, prefix.size(), prefix) == 0)
      for (const auto& alternatives : other.depends)
        if (installed_one(alternatives) == package) found.insert(name);
  return found;
}

std::vector<std::string> DpkgDatabase::files_of(const std::string& package) const {
  std::vector<std::string> files;
  const auto found = packages_.find(package);
  if (found == packages_.end()) return files;
  std::ifstream list(found->second.list_file);
  for (std::string line; std::getline(list, line);)
    if (line.size() > 1 && line != "/.") files.push_back(line);
  return files;
}
}  // namespace cloister
