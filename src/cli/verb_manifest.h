// SPDX-License-Identifier: Apache-2.0
// `cloister manifest check | explain | new`: launch manifests in YAML. Owner's tool.
#pragma once
namespace cloister {
// 0 good, 1 the manifest is not, 2 usage; `new` as measure_verb.
int manifest_verb(int argc, char** argv);
}  // namespace cloister
