// SPDX-License-Identifier: Apache-2.0
// Whether the vector, mask, MMX and x87 data registers are dead at a system call, so that a runtime need not save
// them. Owner's side. MXCSR and the x87 control word belong to the caller and are never dead.
//
// The rule; a site that it does not prove keeps its registers:
// 1. The site lies in an exported function (global, in the dynamic symbol table) that is entered at its start only: no
//    jump from elsewhere into its middle, no code before it that runs into it. The ABI lets such a function destroy
//    these registers, and its callers outside the file know nothing else about it.
// 2. From the site on, every path through the function reaches `ret` (or a stopping instruction) and meets only
//    integer instructions. Jumps stay in the function. A direct call is followed into its callee, at most
//    kMaxCallDepth deep, where the same holds; computed jumps and calls, and calls through the PLT, end the proof.
//    A call of abort and the like ends its path: they do not return and take no floating-point arguments.
// 3. A compiler that sees caller and callee together may keep a register across a call when it knows that the callee
//    leaves it alone (GCC's -fipa-ra). So every direct call of the function from within the file is looked at: from
//    its return on, up to the next call or `ret`, no vector register is read that has not been written before. A jump
//    to the function (a tail call) is fine when the jumping function is itself exported; otherwise its direct callers
//    are looked at in the same way (there, entries into its middle are not looked for: compilers make none). A pointer
//    to it makes ordinary calls, of which no compiler knows what they leave alone.
#pragma once
#include <map>
#include "src/analysis/code_map.h"
#include "src/analysis/reach.h"

namespace cloister {

class VectorsDead {
 public:
  // `references` must contain those to every function's begin.
  VectorsDead(CodeMap& code, const FunctionTable& functions, const References& references)
      : code_(code), functions_(functions), references_(references) {}

  // `index` is that of a proven `syscall`.
  bool at(std::uint32_t index);

 private:
  static constexpr int kMaxCallDepth = 3;
  static constexpr std::size_t kMaxInstructions = 400;

  bool leaves_by_integers(std::uint32_t start, const Function& function, int depth);
  bool callee_is_integer_only(std::uint32_t start, int depth);
  bool is_fallen_into(const Function& function);
  bool callers_do_not_care(const Function& function, int depth);
  bool caller_does_not_care(std::uint32_t field, const Function& function, int depth);
  bool unread_from(std::uint32_t start) const;

  CodeMap& code_;
  const FunctionTable& functions_;
  const References& references_;
  std::map<std::uint32_t, bool> callees_, functions_checked_;
  std::size_t budget_ = 0;
};

}  // namespace cloister
