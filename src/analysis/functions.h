// SPDX-License-Identifier: Apache-2.0
// Where functions begin and end: from symbols, unwind information and Go's function table. Owner's side.
// These starts are what a compiler or linker vouches for; no guess is among them.
#pragma once
#include <algorithm>
#include <vector>
#include "src/analysis/text.h"
#include "src/analysis/unwind_info.h"

namespace cloister {

struct Function {
  std::uint32_t begin, end;  // text indices, in one piece of the text
  bool exported = false;     // a global function of the dynamic symbol table, which any ABI caller may call
  std::uint64_t lsda = 0;
  std::uint64_t unwind_begin = 0;  // start of the unwind entry that the LSDA belongs to
};

class FunctionTable {
 public:
  static FunctionTable of(const ElfImage& image, const Text& text);

  std::span<const Function> all() const { return functions_; }
  // The innermost function around `index`; nullptr when there is none.
  const Function* containing(std::uint32_t index) const;
  // Position in all() of the first function that begins behind `index`.
  std::size_t first_after(std::uint32_t index) const;
  // Labels in the text that are no functions, which hand-written code may jump to.
  std::span<const std::uint32_t> labels() const { return labels_; }
  // Whether a function that is known not to return, and to take no floating-point argument, begins here (abort, …).
  bool never_returns(std::uint32_t index) const {
    return std::find(never_return_.begin(), never_return_.end(), index) != never_return_.end();
  }
  // Whether (nearly) every function is known. Without unwind information only those with symbols are.
  bool complete() const { return complete_; }

 private:
  void add(const Text& text, std::uint64_t begin, std::uint64_t end, Function function);
  void add_symbols(const ElfImage& image, const Text& text);
  struct SymbolTable {
    std::span<const std::uint8_t> symbols, names;
    bool dynamic;
  };
  void add_symbol_table(const Text& text, SymbolTable table);
  void finish(const Text& text);

  std::vector<Function> functions_;
  std::vector<std::uint32_t> labels_, never_return_;
  bool complete_ = false;
};

// Begin and end of each function in Go's table; empty for other programs.
struct AddressRange {
  std::uint64_t begin, end;
};
std::vector<AddressRange> read_go_functions(const ElfImage& image, const Text& text);

}  // namespace cloister
