// SPDX-License-Identifier: Apache-2.0
// Files of /dev/attestation, by which a program in an enclave reaches EREPORT, EGETKEY and quotes. In the enclave; for
// tests any file will do.
#pragma once
#include <string>
#include "src/base/fields.h"
#include "src/base/secret.h"

namespace cloister::cas {

inline constexpr char kAttestationDevice[] = "/dev/attestation";

// All of it, and at most `limit` + 1 bytes, since a device says nothing of its size beforehand. The errno of what
// failed.
Result<SecretBytes> read_device(const std::string& path, std::size_t limit);
// A device takes what it is given in one write.
Result<void> write_device(const std::string& path, Bytes bytes);

}  // namespace cloister::cas
