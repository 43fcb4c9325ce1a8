// SPDX-License-Identifier: Apache-2.0
// /dev/attestation/keys: sealing keys of this MRENCLAVE and CONFIGID. Trusted, kernel storey.
//
//   _sgx_mrenclave                 r  16 bytes: the key of the security version of now
//   _sgx_mrenclave.CPUSVN.ISVSVN   r  that of another one: 32 and 4 lower-case hexadecimal digits, CPUSVN as its bytes
//                                     stand in a REPORT, ISVSVN as a number. Not listed. EINVAL for a version that is
//                                     not at most the one of now, which the processor decides
//
// There is none by MRSIGNER, since whoever signs the next image would have it.
#pragma once
#include "src/enclave/vfs/node.h"

namespace cloister::attest {
vfs::NodeRef make_sealing_key_directory(std::uint64_t inode, std::uint32_t user, std::uint32_t group);
}  // namespace cloister::attest
