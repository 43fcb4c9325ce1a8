// SPDX-License-Identifier: Apache-2.0
// /dev/attestation: how a program reaches EREPORT and EGETKEY, named as in Gramine where Gramine has the file. Trusted,
// kernel storey.
//
//   my_target_info    r   TARGETINFO (512 bytes) with which another enclave makes a report for this one
//   target_info       rw  for whom `report` is
//   user_report_data  rw  REPORTDATA, up to 64 bytes, filled up with zeros; EPERM for the runtime's own kind
//                         (abi/evidence_label.h)
//   report            r   REPORT (432 bytes) over user_report_data for target_info; EINVAL before there is a target
//   verified_report   rw  a REPORT of another enclave here: EBADMSG unless its MAC holds for this one; gives the last
//   attestation_type  r   "dcap" when the host part names a quoting service, else "none"
//   quote             r   quote over user_report_data; errors as in quote.h
//   keys/             sealing keys (sealing_key_files.h)
#pragma once
#include "src/enclave/vfs/static_tree.h"

namespace cloister::attest {
// The keys are for `user`, as whom the program starts, and for root: who gives up his user gives up the keys.
std::shared_ptr<vfs::StaticDirectory> make_attestation_directory(std::uint32_t user, std::uint32_t group);
}  // namespace cloister::attest
