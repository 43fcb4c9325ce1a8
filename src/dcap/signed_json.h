// SPDX-License-Identifier: Apache-2.0
// The envelope of Intel's signed collateral, {"tcbInfo":BODY,"signature":"HEX"}: finds the exact bytes that were
// signed, before any JSON library has seen them. Both sides; pure functions, iterative, no allocation.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"

namespace cloister::dcap {

// TCB infos have 3 to 25 KiB.
inline constexpr std::size_t kSignedJsonSizeLimit = 512 * 1024;
// Collateral nests 6 deep.
inline constexpr unsigned kJsonDepthLimit = 16;

struct SignedJson {
  std::string_view body;  // an object, from '{' to '}'; brackets balance and are at most kJsonDepthLimit deep
  std::array<std::uint8_t, 64> signature;
};

// The envelope must have exactly the two members, once each and in either order: with a second body, or one in another
// place, what is verified and what is read could differ.
Result<SignedJson> split_signed_json(Bytes file, std::string_view body_name);

}  // namespace cloister::dcap
