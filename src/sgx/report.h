// SPDX-License-Identifier: Apache-2.0
// REPORTs: made by the simulated platform (EREPORT), checked by any enclave that has the report key (EGETKEY). Both
// sides; pure functions over bytes. Source: Intel SDM vol. 3D, EREPORT.
#pragma once
#include <cstdint>
#include <span>
#include "abi/sgx/arch.h"
#include "src/sgx/cmac.h"
#include "src/sgx/keys.h"

namespace cloister::sgx {

// ENCLU[EREPORT] by the enclave `secs`, after the checks of its operands' addresses.
Report ereport(const Platform& platform, const Secs& secs, const Targetinfo& target,
               std::span<const std::uint8_t, kReportdataSize> reportdata);

// The MAC covers the body alone, not KEYID: that is in the key.
Mac report_mac(const Key128& key, const ReportBody& body);
// Whether `report` was made on this platform for the enclave that got `key` by EGETKEY(REPORT_KEY, report.keyid).
bool check_report(const Report& report, const Key128& key);

// The TARGETINFO with which someone else makes reports for the enclave that `body` describes.
Targetinfo targetinfo_of(const ReportBody& body);

}  // namespace cloister::sgx
