// SPDX-License-Identifier: Apache-2.0
// dpkg's database of installed packages. Owner's side; the database is input, so every field is optional.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

namespace cloister {
class DpkgDatabase {
 public:
  explicit DpkgDatabase(const std::string& directory = "/var/lib/dpkg");
  // The package that owns a path, empty when none does. Merged /usr is understood.
  std::string owner_of(const std::string& path) const;
  bool is_installed(const std::string& package) const { return packages_.count(package) != 0; }
  // `package` and what it depends on, transitively, but for packages that only installation scripts use.
  std::set<std::string> with_dependencies(const std::string& package) const;
  // Installed packages whose name begins with `prefix` and that depend on `package`.
  std::set<std::string> extensions_of(const std::string& package, const std::string& prefix) const;
  std::vector<std::string> files_of(const std::string& package) const;

 private:
  struct Package {
    std::vector<std::vector<std::string>> depends;  // each a list of alternatives
    std::string list_file;
  };
  std::string installed_one(const std::vector<std::string>& alternatives) const;

  std::map<std::string, Package> packages_;
  std::map<std::string, std::string> provided_;  // virtual package -> installed package
};
}  // namespace cloister
