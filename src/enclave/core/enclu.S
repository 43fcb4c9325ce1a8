// SPDX-License-Identifier: Apache-2.0
// One padded function for each ENCLU leaf (SDM vol. 3D, 40.4): operands in RBX, RCX, RDX, result in RAX, all other
// registers kept. The software device overwrites the bodies after EINIT with a jump to its emulation; on hardware they
// stay as they are. enclu_eexit does not return: RBX is the target outside.
  .section .text.enclu, "ax", @progbits
.macro LEAF name, number
  .globl \name
  .type \name, @function
  .balign 32
\name:
  mov $\number, %eax
  enclu
  ret
  .balign 32, 0xcc
  .size \name, 32
.endm

LEAF enclu_ereport, 0
LEAF enclu_egetkey, 1
LEAF enclu_eexit, 4
LEAF enclu_eaccept, 5
LEAF enclu_emodpe, 6
LEAF enclu_eacceptcopy, 7
  .globl enclu_end
enclu_end:
  .section .note.GNU-stack, "", @progbits
