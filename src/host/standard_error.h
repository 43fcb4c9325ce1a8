// SPDX-License-Identifier: Apache-2.0
// Where the host part's own lines go: the standard error of the command, whatever the program makes of its
// descriptor 2. Untrusted.
#pragma once
#include <cstddef>

namespace cloister::host {
// Once, before the program runs. A terminal or a file is kept open under another number. A pipe or a socket is not,
// since who reads it waits for its end: lines reach it as long as descriptor 2 is still it.
void keep_standard_error();
void write_standard_error(const void* text, std::size_t size);
// All of it, however often the kernel takes a part; quiet when it takes nothing.
void write_all(int descriptor, const void* data, std::size_t size);
}  // namespace cloister::host
