// SPDX-License-Identifier: Apache-2.0
#include "src/measure/debian_packages.h"
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include "src/measure/dpkg_database.h"
#include "src/measure/host_files.h"
#include "src/measure/real_path.h"

namespace cloister {
namespace {
// What libc and OpenSSL read from anywhere in a program, as far as it is there: an attacker who writes one of these
// chooses libraries, ciphers or users.
constexpr const char* kConfiguration[] = {"/etc/group",
                                          "/etc/host.conf",
                                          "/etc/ld.so.cache",
                                          "/etc/localtime",
                                          "/etc/nsswitch.conf",
                                          "/etc/passwd",
                                          "/etc/protocols",
                                          "/etc/services",
                                          "/etc/ssl/openssl.cnf",
                                          "/usr/lib/ssl/openssl.cnf",
                                          "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache"};
constexpr const char* kTrees[] = {"/etc/ssl/certs", "/usr/lib/locale/C.utf8"};

constexpr const char* kUnneeded[] = {"/usr/share/doc/",
                                     "/usr/share/man/",
                                     "/usr/share/info/",
                                     "/usr/share/lintian/",
                                     "/usr/share/locale/",
                                     "/usr/share/bug/",
                                     "/usr/share/menu/",
                                     "/usr/share/icons/",
                                     "/usr/share/pixmaps/",
                                     "/usr/share/applications/",
                                     "/usr/share/bash-completion/",
                                     "/usr/share/zsh/",
                                     "/usr/share/gdb/",
                                     "/usr/include/",
                                     "/etc/init.d/",
                                     "/etc/cron",
                                     "/etc/logrotate.d/",
                                     "/etc/default/",
                                     "/etc/apparmor.d/",
                                     "/etc/ufw/",
                                     "/etc/systemd/",
                                     "/etc/pam.d/",
                                     "/etc/bash_completion.d/",
                                     "/lib/systemd/",
                                     "/usr/lib/systemd/",
                                     "/bin/",
                                     "/sbin/",
                                     "/usr/bin/",
                                     "/usr/sbin/",
                                     "/usr/lib/debug/"};

bool begins(const std::string& text, const std::string& prefix) { return text.compare(0, prefix.size(), prefix) == 0; }
bool ends(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}
bool is_needed(const std::string& path) {
  return std::none_of(std::begin(kUnneeded), std::end(kUnneeded), [&](const char* p) { return begins(path, p); }) &&
         !ends(path, ".a");
}

// Bytecode that Python keeps beside a module; it is used only as far as it fits the module.
void add_bytecode(const std::string& module, InstanceDescription* description) {
  const std::size_t slash = module.rfind('/');
  const std::string cache = module.substr(0, slash) + "/__pycache__";
  const std::string stem = module.substr(slash + 1, module.size() - slash - 3);  // "name." of "name.py"
  DIR* const stream = opendir(cache.c_str());
  if (stream == nullptr) return;
  while (const dirent* entry = readdir(stream))
    if (const std::string name = entry->d_name; begins(name, stem + "cpython-") && ends(name, ".pyc"))
      description->files.push_back({cache + "/" + name, {}, {}, 0});
  closedir(stream);
}

void add_owned_path(const std::string& path, InstanceDescription* description) {
  struct stat status {};
  if (!is_needed(path)) return;
  const std::string real = real_path(path, &description->links);
  if (real.empty() || !is_needed(real) || stat(real.c_str(), &status) != 0) return;
  if (S_ISDIR(status.st_mode)) {
    const bool is_state = begins(real, "/var/") && std::count(real.begin(), real.end(), '/') >= 3;
    (is_state ? description->tmpfs : description->directories).push_back(real);
  }
  if (!S_ISREG(status.st_mode) || access(real.c_str(), R_OK) != 0) return;
  description->files.push_back({real, {}, {}, 0});
  if (ends(real, ".py")) add_bytecode(real, description);
}

// A tmpfs below another one is there already.
void drop_nested(std::vector<std::string>* paths) {
  std::sort(paths->begin(), paths->end());
  std::vector<std::string> kept;
  for (const std::string& path : *paths)
    if (kept.empty() || (path != kept.back() && !begins(path, kept.back() + "/"))) kept.push_back(path);
  *paths = std::move(kept);
}

std::set<std::string> packages_for(const DpkgDatabase& database, const std::string& own) {
  std::set<std::string> packages;
  if (own.empty()) return packages;
  packages = database.with_dependencies(own);
  // python3.11-minimal holds the interpreter, python3.11 its library.
  if (const std::string whole = own.substr(0, own.rfind("-minimal")); whole != own && database.is_installed(whole))
    packages.merge(database.with_dependencies(whole));
  packages.merge(database.extensions_of(own, "lib" + own + "-mod-"));
  return packages;
}
}  // namespace

Result<void> add_package_files(InstanceDescription* description, std::string* problem) {
  const DpkgDatabase database;
  const std::string own = database.owner_of(description->program);
  for (const std::string& package : packages_for(database, own))
    for (const std::string& path : database.files_of(package)) add_owned_path(path, description);
  // What installation scripts and the administrator made of its settings: enabled sites and modules.
  struct stat status {};
  if (const std::string settings = "/etc/" + own;
      !own.empty() && stat(settings.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
    TRY(add_host_tree(settings, description, problem));
  for (const char* path : kConfiguration)
    if (access(path, R_OK) == 0) TRY(add_host_file(path, description, problem));
  for (const char* path : kTrees)
    if (access(path, R_OK) == 0) TRY(add_host_tree(path, description, problem));
  description->tmpfs.push_back("/run");
  drop_nested(&description->tmpfs);
  return {};
}
}  // namespace cloister
