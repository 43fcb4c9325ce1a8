// SPDX-License-Identifier: Apache-2.0
// Every synchronous fault with its signal, code and address; the handler repairs the context by editing RIP.
#include "check.h"
#include <sys/ucontext.h>

static volatile int number_seen, code_seen;
static void* volatile address_seen;
static char* volatile rip_seen;
static volatile long trap_number;

static void handler(int number, siginfo_t* info, void* context_pointer) {
  ucontext_t* context = context_pointer;
  number_seen = number;
  code_seen = info->si_code;
  address_seen = info->si_addr;
  rip_seen = (char*)context->uc_mcontext.gregs[REG_RIP];
  trap_number = context->uc_mcontext.gregs[REG_TRAPNO];
  context->uc_mcontext.gregs[REG_RIP] = context->uc_mcontext.gregs[REG_RBX];  // each test puts its way out there
  context->uc_mcontext.gregs[REG_EFL] &= ~0x100;
}
static void say(const char* name, const char* at) {
  SAY("%s: signal %d code %d rip %+ld trap %ld", name, number_seen, code_seen, (long)(rip_seen - at), trap_number);
}

// RBX = where to continue; the label `at` is the faulting instruction.
#define FAULT(name, instruction, ...)                                                         \
  do {                                                                                        \
    char* at_;                                                                                \
    __asm__ volatile("lea 2f(%%rip), %%rbx\n lea 1f(%%rip), %0\n 1: " instruction "\n 2: nop" \
                     : "=&r"(at_)                                                             \
                     : __VA_ARGS__                                                            \
                     : "rbx", "rax", "rdx", "rcx", "memory", "cc");                           \
    say(name, at_);                                                                           \
  } while (0)

int main(void) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS};
  for (int i = 0; i < 5; i++) sigaction(signals[i], &action, NULL);
  char* none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* text = (char*)(uintptr_t)main;
  FAULT("read protected", "movb (%1), %%al", "r"(none + 3));
  CHECK(address_seen == none + 3);
  FAULT("write protected", "movb $1, (%1)", "r"(none + 4));
  CHECK(address_seen == none + 4);
  FAULT("read unmapped", "movb (%1), %%al", "r"((void*)64));
  CHECK(address_seen == (void*)64);
  FAULT("write code", "movb $1, (%1)", "r"(text));
  CHECK(address_seen == text);
  FAULT("non-canonical", "movb (%1), %%al", "r"(0x8000000000000000ul));
  FAULT("ud2", "ud2", "r"(0));
  CHECK(address_seen == rip_seen);
  FAULT("divide", "xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; div %%ecx", "r"(0));
  CHECK(address_seen == rip_seen);
  FAULT("int3", "int3", "r"(0));
  FAULT("privileged", "hlt", "r"(0));
  FAULT("int 3 long form", ".byte 0xcd, 3", "r"(0));
  FAULT("int with no gate", "int $0x50", "r"(0));
  SECTION("call into protected memory");
  {
    char* back;
    __asm__ volatile("lea 2f(%%rip), %%rbx\n lea -8(%%rsp), %%rsp\n jmp *%1\n 2: lea 8(%%rsp), %%rsp\n mov %%rbx, %0"
                     : "=&r"(back)
                     : "r"(none + 16)
                     : "rbx", "memory");
    say("execute", none + 16);
    CHECK(address_seen == none + 16);
  }
  SECTION("data is not executable");
  {
    static char data[16] = {(char)0xc3};
    char* back;
    __asm__ volatile("lea 2f(%%rip), %%rbx\n lea -8(%%rsp), %%rsp\n jmp *%1\n 2: lea 8(%%rsp), %%rsp\n mov %%rbx, %0"
                     : "=&r"(back)
                     : "r"(data)
                     : "rbx", "memory");
    say("execute", data);
    CHECK(address_seen == data);
  }
  SECTION("single step");
  {
    char* at;
    __asm__ volatile(
        "lea 2f(%%rip), %%rbx\n lea 1f(%%rip), %0\n pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n 1: nop\n 2: nop"
        : "=&r"(at)
        :
        : "rbx", "memory", "cc");
    say("step", at);
  }
  SECTION("beyond the end of a file");
  int fd = open("short", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(write(fd, "x", 1) == 1);
  char* mapped = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
  REQUIRE(mapped != MAP_FAILED);
  FAULT("past the end", "movb (%1), %%al", "r"(mapped + 4096));
  CHECK(address_seen == mapped + 4096);
  return check_done();
}
