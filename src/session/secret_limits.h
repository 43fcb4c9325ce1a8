// SPDX-License-Identifier: Apache-2.0
// How many secrets a session may have, so that one session takes seconds to make, not hours, and its values take little
// memory until they are written. An RSA key of 3072 bits is generated in one second on average, one of 8192 is checked
// in five. Any side; pure.
#pragma once
#include <optional>
#include "src/session/model.h"

namespace cloister::session {
inline constexpr std::size_t kSecretLimit = 256;
inline constexpr std::size_t kRsaKeyLimit = 8;  // that are generated or stated

// The first that is too many. Every session that is read is within the limits.
std::optional<yaml::Problem> beyond_limits(const Session& session);
}  // namespace cloister::session
