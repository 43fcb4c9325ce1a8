// SPDX-License-Identifier: Apache-2.0
// Which epoll objects watch a file, so that a file that is closed for good leaves them. Trusted, kernel storey.
#pragma once
#include <memory>
#include <vector>
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
class EpollSet;

// How many watch it now.
std::size_t add_epoll_watch(OpenFile& file, const std::shared_ptr<EpollSet>& set);
void remove_epoll_watch(OpenFile& file, EpollSet& set);
// The file's last reference has gone: every epoll object forgets it. Before its last_close().
void end_epoll_watches(OpenFile& file);
}  // namespace cloister::vfs
