// SPDX-License-Identifier: Apache-2.0
// `cloister doctor`: what this machine offers, and what that means. Status 0 when a program can run here, 1 when not.
#include "src/cli/verb_doctor.h"
#include <cpuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include "src/host/device/secret_memory.h"

namespace cloister {
namespace {
struct Finding {
  const char* key;
  const char* name;
  bool present;
  std::string meaning;
};

struct Leaf {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};
Leaf cpuid_leaf(std::uint32_t leaf, std::uint32_t subleaf) {
  Leaf value;
  if (leaf <= __get_cpuid_max(leaf & 0x8000'0000, nullptr))
    __cpuid_count(leaf, subleaf, value.eax, value.ebx, value.ecx, value.edx);
  return value;
}

bool kernel_at_least(int major, int minor) {
  utsname name{};
  int a = 0, b = 0;
  uname(&name);
  return std::sscanf(name.release, "%d.%d", &a, &b) == 2 && (a > major || (a == major && b >= minor));
}

bool has_user_dispatch() {
  // Off with a range is refused with EINVAL only where the call is known.
  return prctl(59, 0, 0, 0, 0) == 0;
}

bool has_aesm() {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "/var/run/aesmd/aesm.socket");
  const bool connected = fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (fd >= 0) close(fd);
  return connected;
}

Finding secret_memory() {
  const host::SecretMemorySupport support = host::secret_memory_support();
  return {"memfd_secret", "memfd_secret", support.kernel, support.advice};
}

std::vector<Finding> examine() {
  const Leaf seven = cpuid_leaf(7, 0), sgx = cpuid_leaf(0x12, 0), attributes = cpuid_leaf(0x12, 1);
  const bool has_sgx = (seven.ebx >> 2 & 1) != 0, sgx2 = has_sgx && (sgx.eax >> 1 & 1) != 0;
  const bool flc = (seven.ecx >> 30 & 1) != 0, kss = has_sgx && (attributes.eax >> 7 & 1) != 0;
  const bool driver = access("/dev/sgx_enclave", F_OK) == 0;
  const bool large = has_sgx && (sgx.edx >> 8 & 0xff) >= 40;
  std::vector<Finding> findings;
  findings.push_back({"sgx", "SGX", has_sgx,
                      has_sgx ? "the processor has SGX"
                              : "no SGX: programs run on the software device (sim), which is no protection against a "
                                "kernel-level attacker"});
  findings.push_back({"sgx2", "SGX2", sgx2,
                      sgx2      ? "dynamic memory"
                      : has_sgx ? "SGX1 only: refused, since the heap and threads need dynamic memory"
                                : "needed for the hardware device"});
  findings.push_back({"flc", "flexible launch control", flc,
                      flc ? "enclaves start without a launch token" : "needed for the hardware device"});
  findings.push_back({"kss", "KSS", kss, kss ? "CONFIGID is available" : "needed for the hardware device"});
  findings.push_back(
      {"elrange", "2^40-byte enclaves", large, large ? "ELRANGE fits" : "needed for the hardware device"});
  findings.push_back({"driver", "/dev/sgx_enclave", driver,
                      driver ? "the in-kernel driver is there"
                             : "needed for the hardware device (Linux 6.0 or newer with CONFIG_X86_SGX)"});
  findings.push_back({"kernel", "Linux 6.0 or newer", kernel_at_least(6, 0),
                      "older kernels lack SGX2 dynamic memory; sim needs 5.11"});
  findings.push_back({"aesm", "AESM", has_aesm(), "Intel's quoting service; without it only simulated quotes"});
  findings.push_back(secret_memory());
  const bool dispatch = has_user_dispatch();
  findings.push_back(
      {"user_dispatch", "Syscall User Dispatch", dispatch,
       dispatch ? "sim catches system calls that no plan covers" : "sim cannot run: needs Linux 5.11 or newer"});
  const bool fsgsbase = (seven.ebx & 1) != 0 && kernel_at_least(5, 9);
  findings.push_back(
      {"fsgsbase", "FSGSBASE", fsgsbase,
       fsgsbase ? "thread switches without the kernel" : "sim cannot run: needs the FSGSBASE instructions"});
  return findings;
}

int report(bool json) {
  const auto findings = examine();
  bool runs = true, hardware = true;
  nlohmann::ordered_json document;
  for (const Finding& finding : findings) {
    const std::string key = finding.key;
    if (key == "user_dispatch" || key == "fsgsbase")
      runs = runs && finding.present;
    else if (key != "memfd_secret" && key != "aesm")
      hardware = hardware && finding.present;
    if (json)
      document[key] = {{"present", finding.present}, {"meaning", finding.meaning}};
    else
      std::printf("%-4s %-24s %s\n", finding.present ? "yes" : "no", finding.name, finding.meaning.c_str());
  }
  const char* const verdict = !runs ? "nothing runs here" : "programs run on the software device (sim)";
  if (json) {
    document["sim"] = runs;
    document["hardware"] = hardware;
    std::printf("%s\n", document.dump(2).c_str());
  } else {
    std::printf("\n%s%s\n", verdict, hardware ? "; the hardware has all that the sgx device will need" : "");
  }
  return runs ? 0 : 1;
}
}  // namespace

void add_doctor_verb(CLI::App& app, int& exit_status) {
  auto* const doctor = app.add_subcommand("doctor", "Say what this machine offers for enclaves, and what that means");
  const auto json = std::make_shared<bool>(false);
  doctor->add_flag("--json", *json, "machine-readable output");
  doctor->callback([&exit_status, json] { exit_status = report(*json); });
}
}  // namespace cloister
