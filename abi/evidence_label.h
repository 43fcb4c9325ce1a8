// SPDX-License-Identifier: Apache-2.0
// What separates the runtime's own attestation evidence from every report that a program asks for: the second half of
// REPORTDATA. Constant only; both sides, freestanding. docs/las.md, "No quote oracle".
#pragma once
#include <cstdint>

namespace cloister {

// SHA-256("cloister-evidence-v1"). REPORTDATA of evidence is SHA-256 of what is bound, then this. /dev/attestation
// makes no report whose second half it is.
inline constexpr std::uint8_t kEvidenceLabel[32] = {0xb5, 0xd5, 0xbf, 0x74, 0x74, 0x4a, 0xee, 0x82, 0x7e, 0x6f, 0x4c,
                                                    0xc4, 0x49, 0x0f, 0x12, 0xec, 0xbc, 0xbb, 0xf8, 0xaa, 0xb2, 0x48,
                                                    0xee, 0x6f, 0xbb, 0xf0, 0x12, 0xe8, 0xaa, 0xa9, 0xf5, 0xa9};

}  // namespace cloister
