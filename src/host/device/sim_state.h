// SPDX-License-Identifier: Apache-2.0
// State of the software processor that assembly, leaf emulation and signal handlers share. Untrusted; one enclave per
// process.
#pragma once

// Offsets into SimTcs for assembly.
#define SIM_BUSY 0
#define SIM_CSSA 8
#define SIM_NSSA 16
#define SIM_ENTRY 24
#define SIM_GSBASE 32
#define SIM_URSP 40
#define SIM_URBP 48
#define SIM_AEP 56
#define SIM_SSA 64
#define SIM_HOST_FS 72
#define SIM_IN_LEAF 80

#ifndef __ASSEMBLER__
#include <cstddef>
#include <cstdint>

namespace cloister::host {

// The part of a TCS that software cannot see. Page-aligned, so that an EPCM entry can hold its address and 12 flag
// bits.
struct alignas(4096) SimTcs {
  std::uint64_t busy;
  std::uint64_t cssa;
  std::uint64_t nssa;
  std::uint64_t entry;
  std::uint64_t gs_base;
  std::uint64_t host_rsp;  // URSP, URBP: of the last EENTER
  std::uint64_t host_rbp;
  std::uint64_t aep;
  std::uint64_t ssa;
  std::uint64_t host_fs;  // of the host thread that entered
  // The thread runs the emulation of a leaf on behalf of the enclave: 1, or where the leaf's caller's registers lie.
  std::uint64_t in_leaf;
  std::uint64_t fs_base;
  std::uint64_t address;  // of the TCS page
  // What the leaf raises, when it raises something.
  std::uint64_t leaf_vector, leaf_address;
};
static_assert(offsetof(SimTcs, gs_base) == SIM_GSBASE && offsetof(SimTcs, ssa) == SIM_SSA);
static_assert(offsetof(SimTcs, host_fs) == SIM_HOST_FS && offsetof(SimTcs, in_leaf) == SIM_IN_LEAF);

// EPCM: one word per page of ELRANGE. Low 12 bits are flags; above them, for a TCS page and for the page where a
// thread's GS base points, the address of its SimTcs; for a staged page, where it lies until it is complete.
enum EpcmFlags : std::uint64_t {
  kEpcmValid = 1,
  kEpcmRead = 2,
  kEpcmWrite = 4,
  kEpcmExecute = 8,
  kEpcmTcs = 16,
  kEpcmPending = 32,
  kEpcmModified = 64,
  kEpcmRestricted = 128,  // PR
  kEpcmSecret = 256,      // backed by memfd_secret
  kEpcmCode = 512,        // backed by the code file
  kEpcmStaged = 1024,     // new and not yet in its place (PageKind::filled)
  kEpcmTrim = 2048,       // PT_TRIM: waits for EACCEPT, then for EREMOVE, which the next EAUG implies
  kEpcmFlags = 4095,
};
extern "C" std::uint64_t* sim_epcm;

}  // namespace cloister::host
#endif
