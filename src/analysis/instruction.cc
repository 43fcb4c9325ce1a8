// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/instruction.h"
#include <Zydis/Zydis.h>

namespace cloister {
namespace {

const ZydisDecoder& decoder() {
  static const ZydisDecoder instance = [] {
    ZydisDecoder made;
    ZydisDecoderInit(&made, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return made;
  }();
  return instance;
}

std::optional<SiteKind> site_kind(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_SYSCALL: return SiteKind::syscall;
    case ZYDIS_MNEMONIC_CPUID: return SiteKind::cpuid;
    case ZYDIS_MNEMONIC_RDTSC: return SiteKind::rdtsc;
    case ZYDIS_MNEMONIC_RDTSCP: return SiteKind::rdtscp;
    default: return std::nullopt;
  }
}

FlowKind flow_kind(const ZydisDecodedInstruction& in) {
  const bool direct = in.raw.imm[0].is_relative;
  switch (in.meta.category) {
    case ZYDIS_CATEGORY_CALL: return direct ? FlowKind::call : FlowKind::other_call;
    case ZYDIS_CATEGORY_UNCOND_BR: return direct ? FlowKind::jump : FlowKind::other_jump;
    case ZYDIS_CATEGORY_RET: return FlowKind::leave;
    default: break;
  }
  if (in.mnemonic == ZYDIS_MNEMONIC_UD2 || in.mnemonic == ZYDIS_MNEMONIC_HLT || in.mnemonic == ZYDIS_MNEMONIC_INT3)
    return FlowKind::stop;
  return direct ? FlowKind::conditional : FlowKind::next;
}

// A list of what is allowed: what is not on it counts as a use of vector registers.
bool is_integer_only(const ZydisDecodedInstruction& in) {
  switch (in.mnemonic) {
    case ZYDIS_MNEMONIC_LFENCE:
    case ZYDIS_MNEMONIC_MFENCE:
    case ZYDIS_MNEMONIC_SFENCE:
    case ZYDIS_MNEMONIC_PREFETCHNTA:
    case ZYDIS_MNEMONIC_PREFETCHT0:
    case ZYDIS_MNEMONIC_PREFETCHT1:
    case ZYDIS_MNEMONIC_PREFETCHT2:
    case ZYDIS_MNEMONIC_PREFETCHW: return true;
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64:
    case ZYDIS_MNEMONIC_FXRSTOR:
    case ZYDIS_MNEMONIC_FXRSTOR64: return false;
    default: break;
  }
  switch (in.meta.isa_ext) {
    case ZYDIS_ISA_EXT_BASE:
    case ZYDIS_ISA_EXT_LONGMODE:
    case ZYDIS_ISA_EXT_ADOX_ADCX:
    case ZYDIS_ISA_EXT_BMI1:
    case ZYDIS_ISA_EXT_BMI2:
    case ZYDIS_ISA_EXT_CET:
    case ZYDIS_ISA_EXT_LZCNT:
    case ZYDIS_ISA_EXT_MOVBE:
    case ZYDIS_ISA_EXT_PAUSE:
    case ZYDIS_ISA_EXT_RDTSCP:
    case ZYDIS_ISA_EXT_RDWRFSGS:
    case ZYDIS_ISA_EXT_RDRAND:
    case ZYDIS_ISA_EXT_RDSEED: return true;
    default: return false;
  }
}

bool is_memory_pc_relative(const ZydisDecodedInstruction& in) {
  return (in.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0 && in.raw.modrm.mod == 0 && in.raw.modrm.rm == 5 &&
         in.raw.disp.size == 32;
}

// Branches whose short form has a long one; loop and jrcxz have none.
bool is_movable_branch(const ZydisDecodedInstruction& in, std::span<const std::uint8_t> bytes) {
  if ((in.attributes & (ZYDIS_ATTRIB_HAS_OPERANDSIZE | ZYDIS_ATTRIB_HAS_ADDRESSSIZE)) != 0) return false;
  if (in.raw.imm[0].offset == 0 || in.raw.imm[0].offset + in.raw.imm[0].size / 8u != in.length) return false;
  const std::uint8_t opcode = bytes[in.raw.imm[0].offset - 1u];
  if (in.raw.imm[0].size == 8) return opcode == 0xEB || (opcode & 0xF0) == 0x70;
  return in.raw.imm[0].size == 32 && (opcode == 0xE9 || (opcode & 0xF0) == 0x80);
}

bool is_movable(const ZydisDecodedInstruction& in, std::span<const std::uint8_t> bytes) {
  switch (in.meta.category) {
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_INTERRUPT: return false;
    default: break;
  }
  if (in.raw.imm[0].is_relative) return is_movable_branch(in, bytes);
  if (is_memory_pc_relative(in)) return (in.attributes & ZYDIS_ATTRIB_HAS_ADDRESSSIZE) == 0;
  return true;
}

bool is_unusual(const ZydisDecodedInstruction& in, std::span<const std::uint8_t> bytes) {
  switch (in.meta.category) {
    case ZYDIS_CATEGORY_IO:
    case ZYDIS_CATEGORY_IOSTRINGOP:
    case ZYDIS_CATEGORY_SEGOP:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_DECIMAL:
    case ZYDIS_CATEGORY_VTX:
    case ZYDIS_CATEGORY_SMAP: return true;
    case ZYDIS_CATEGORY_RET: return bytes[in.length - 1u] != 0xC3;
    case ZYDIS_CATEGORY_INTERRUPT: return in.mnemonic != ZYDIS_MNEMONIC_INT3;
    case ZYDIS_CATEGORY_FLAGOP: return in.mnemonic != ZYDIS_MNEMONIC_CLD;
    default: break;
  }
  if (in.mnemonic == ZYDIS_MNEMONIC_HLT) return false;
  return (in.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0;
}

std::uint32_t vector_bit(ZydisRegister reg) {
  switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
    case ZYDIS_REGCLASS_ZMM: return std::uint32_t{1} << static_cast<unsigned>(ZydisRegisterGetId(reg));
    default: return 0;
  }
}

// Instructions that replace a whole register by memory, a general register or a constant.
bool overwrites_destination(const ZydisDecodedInstruction& in, const ZydisDecodedOperand* operands) {
  switch (in.mnemonic) {
    case ZYDIS_MNEMONIC_MOVD:
    case ZYDIS_MNEMONIC_MOVQ:
    case ZYDIS_MNEMONIC_MOVDQA:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_MOVAPS:
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_MOVAPD:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_VMOVD:
    case ZYDIS_MNEMONIC_VMOVQ:
    case ZYDIS_MNEMONIC_VMOVDQA:
    case ZYDIS_MNEMONIC_VMOVDQU:
    case ZYDIS_MNEMONIC_VMOVAPS:
    case ZYDIS_MNEMONIC_VMOVUPS:
      return operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER && vector_bit(operands[0].reg.value) != 0 &&
             (operands[1].type == ZYDIS_OPERAND_TYPE_MEMORY ||
              (operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER && vector_bit(operands[1].reg.value) == 0));
    case ZYDIS_MNEMONIC_PXOR:
    case ZYDIS_MNEMONIC_XORPS:
    case ZYDIS_MNEMONIC_XORPD:
      return operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER && operands[0].reg.value == operands[1].reg.value;
    default: return false;
  }
}

}  // namespace

std::optional<Instruction> decode(std::span<const std::uint8_t> bytes, std::uint64_t address) {
  ZydisDecodedInstruction in;
  const ZyanUSize available = bytes.size() < 15 ? bytes.size() : 15;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder(), nullptr, bytes.data(), available, &in)))
    return std::nullopt;
  Instruction out{};
  out.length = in.length;
  out.flow = flow_kind(in);
  out.integer_only = is_integer_only(in);
  out.site = site_kind(in.mnemonic);
  out.movable = !out.site && is_movable(in, bytes);
  out.unusual = is_unusual(in, bytes);
  std::int64_t distance = 0;
  if (in.raw.imm[0].is_relative) {
    out.pc_relative = true;
    out.field_offset = in.raw.imm[0].offset;
    out.field_size = static_cast<std::uint8_t>(in.raw.imm[0].size / 8);
    distance = in.raw.imm[0].value.s;
  } else if (is_memory_pc_relative(in)) {
    out.pc_relative = true;
    out.field_offset = in.raw.disp.offset;
    out.field_size = 4;
    distance = in.raw.disp.value;
    out.loads_address = in.mnemonic == ZYDIS_MNEMONIC_LEA;
  }
  out.target = address + in.length + static_cast<std::uint64_t>(distance);
  return out;
}

VectorUse vector_use(std::span<const std::uint8_t> bytes) {
  ZydisDecodedInstruction in;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  VectorUse use;
  const ZyanUSize available = bytes.size() < 15 ? bytes.size() : 15;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder(), bytes.data(), available, &in, operands))) {
    use.other = true;
    return use;
  }
  if (is_integer_only(in)) return use;
  if (in.operand_count_visible == 2 && overwrites_destination(in, operands)) {
    use.written = vector_bit(operands[0].reg.value);
    return use;
  }
  for (unsigned i = 0; i < in.operand_count; ++i) {
    if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER) use.read |= vector_bit(operands[i].reg.value);
    if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY) use.read |= vector_bit(operands[i].mem.index);
  }
  use.other = use.read == 0;
  return use;
}

}  // namespace cloister
