// SPDX-License-Identifier: Apache-2.0
// Asynchronous exits of the software processor: from a signal frame to an SSA frame and back to the host's AEP.
// Untrusted.
#pragma once
#include <signal.h>
#include <ucontext.h>
#include <cstdint>
#include "src/host/device/device.h"

namespace cloister::host {
struct SimTcs;

// Whether the interrupted code is enclave code.
bool is_enclave_context(const ucontext_t& context);
// A jump of enclave code to an address outside that holds no code: the processor is still in enclave mode.
bool is_fetch_outside(const siginfo_t& info, const ucontext_t& context, const SimTcs* tcs);
// The thread's TCS while the enclave's GS base is loaded; null before its first entry.
SimTcs* current_sim_tcs();

// With LeafMode::trapped an ENCLU of the runtime arrives as a fault. The context then continues in the leaf's
// emulation, as after a patched body's jump. False when it was something else.
void set_leaf_mode(LeafMode mode);
bool enter_leaf(const siginfo_t& info, ucontext_t* context);

// The emulation of a leaf raised what the leaf raises (SimTcs::leaf_vector): the context becomes that of the enclave at
// the leaf, with this fault. False when no leaf did.
bool leave_leaf(SimTcs* tcs, ucontext_t* context);

// AEX: saves the interrupted state in SSA frame CSSA, gives the context the synthetic state with which the host
// continues at AEP, and wipes the enclave's registers from the signal frame. `fs` is the interrupted FS base. Returns
// whether EXITINFO is valid (a fault rather than an interrupt).
bool asynchronous_exit(SimTcs* tcs, const siginfo_t& info, ucontext_t* context, std::uint64_t fs);
}  // namespace cloister::host
