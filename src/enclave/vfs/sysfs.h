// SPDX-License-Identifier: Apache-2.0
// /sys: the few files that programs look at, synthesised. Trusted, kernel storey.
#pragma once
#include "src/enclave/vfs/static_tree.h"

namespace cloister::vfs {
NodeRef make_sysfs();
}  // namespace cloister::vfs
