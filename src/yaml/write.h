// SPDX-License-Identifier: Apache-2.0
// A tree of values as text that is read as the same tree. Comments are not in a tree, and so not in the text. Outside
// the enclave's runtime; pure.
#pragma once
#include "src/yaml/document.h"

namespace cloister::yaml {
std::string write(const Value& value);
}  // namespace cloister::yaml
