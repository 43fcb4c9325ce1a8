// SPDX-License-Identifier: Apache-2.0
// What the enclave leaves in RDX at an exit that asks for nothing. Every other exit leaves zero there. For C++ and
// assembly of both sides.
#pragma once
#define ENTRY_REFUSED 0x72656675              // it does not allow the entry and has stopped for good
#define ENTRY_AFTER_STOP (ENTRY_REFUSED + 1)  // it had stopped before; the thread that stopped it says why
