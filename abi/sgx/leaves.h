// SPDX-License-Identifier: Apache-2.0
// SGX instruction leaves and the error codes that they leave in RAX. Constants only; both sides, freestanding.
// Source: Intel SDM vol. 3D, "SGX Instruction References", tables of ENCLS and ENCLU leaves and of error codes.
#pragma once
#include <cstdint>

namespace cloister::sgx {

// EAX for ENCLS (privileged).
enum class EnclsLeaf : std::uint32_t {
  ecreate = 0x00,
  eadd = 0x01,
  einit = 0x02,
  eremove = 0x03,
  edbgrd = 0x04,
  edbgwr = 0x05,
  eextend = 0x06,
  eldb = 0x07,
  eldu = 0x08,
  eblock = 0x09,
  epa = 0x0a,
  ewb = 0x0b,
  etrack = 0x0c,
  eaug = 0x0d,
  emodpr = 0x0e,
  emodt = 0x0f,
  erdinfo = 0x10,
  etrackc = 0x11,
  eldbc = 0x12,
  elduc = 0x13,
  eupdatesvn = 0x18,
};

// EAX for ENCLU (unprivileged).
enum class EncluLeaf : std::uint32_t {
  ereport = 0,
  egetkey = 1,
  eenter = 2,
  eresume = 3,
  eexit = 4,
  eaccept = 5,
  emodpe = 6,
  eacceptcopy = 7,
  everifyreport2 = 8,
  edeccssa = 9,
};

// RAX (with RFLAGS.ZF = 1) after a leaf that failed without a fault. The SDM writes them as SGX_INVALID_SIG_STRUCT etc.
enum class ErrorCode : std::uint32_t {
  success = 0,
  invalid_sig_struct = 1,
  invalid_attribute = 2,
  blkstate = 3,
  invalid_measurement = 4,
  notblockable = 5,
  pg_invld = 6,
  epc_page_conflict = 7,
  invalid_signature = 8,
  mac_compare_fail = 9,
  page_not_blocked = 10,
  not_tracked = 11,
  va_slot_occupied = 12,
  child_present = 13,
  enclave_act = 14,
  entryepoch_locked = 15,
  invalid_einittoken = 16,
  prev_trk_incmpl = 17,
  pg_is_secs = 18,
  page_attributes_mismatch = 19,
  page_not_modifiable = 20,
  page_not_debuggable = 21,
  invalid_counter = 25,
  pg_nonepc = 26,
  track_not_required = 27,
  invalid_reportmacstruct = 28,
  invalid_cpusvn = 32,
  invalid_isvsvn = 64,
  unmasked_event = 128,
  invalid_keyname = 256,
};

}  // namespace cloister::sgx
