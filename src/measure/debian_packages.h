// SPDX-License-Identifier: Apache-2.0
// What a program of a Debian package needs beside its ELF closure: the files of its package and of the packages that it
// depends on, and the few files of /etc that the C library and OpenSSL read. Owner's side; reads dpkg's database.
#pragma once
#include <string>
#include "src/measure/instance.h"

namespace cloister {
// Adds them as found here. Manual pages, documentation, service files, headers and other packages' commands are left
// out; directories of packages below /var become tmpfs, with /run. Nothing is added for a program that no package owns
// but the files of /etc.
Result<void> add_package_files(InstanceDescription* description, std::string* problem);
}  // namespace cloister
