// SPDX-License-Identifier: Apache-2.0
// `cloister sign`: the owner's signature over an instance. Owner's tool.
#pragma once
namespace cloister {
// 0, or as measure_verb.
int sign_verb(int argc, char** argv);
}  // namespace cloister
