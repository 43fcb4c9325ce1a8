// SPDX-License-Identifier: Apache-2.0
// A secret that is made at first use and kept in a file of its own. Host side.
#pragma once
#include <functional>
#include <string>
#include "src/base/result.h"

namespace cloister::las {

// The contents of `path`, which only its owner can read; made by `make` where there is none. Two first users agree on
// one. The caller wipes it.
Result<std::string> kept_secret(const std::string& path, const std::function<Result<std::string>()>& make);

}  // namespace cloister::las
