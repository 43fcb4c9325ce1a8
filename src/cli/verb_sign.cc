// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_sign.h"
#include <cstdio>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/cli/complain.h"
#include "src/cli/instance_source.h"
#include "src/files/file_bytes.h"
#include "src/host/enclave_signature.h"
#include "src/sgx/signing_key.h"
#include "src/sgx/sigstruct.h"

namespace cloister {
namespace {
struct SignOptions {
  std::string manifest, key, out;
  std::uint16_t product = 0, version = 0;
  bool json = false;
};

// BCD, yyyymmdd, as SIGSTRUCT has it.
std::uint32_t today() {
  const std::time_t now = std::time(nullptr);
  std::tm date{};
  gmtime_r(&now, &date);
  char text[16];
  std::strftime(text, sizeof text, "%Y%m%d", &date);
  return static_cast<std::uint32_t>(std::strtoul(text, nullptr, 16));
}

Result<sgx::SigningKey> read_key(const std::string& path) {
  const auto pem = TRY(read_file(path));
  return sgx::SigningKey::from_pem({reinterpret_cast<const char*>(pem.data()), pem.size()});
}
}  // namespace

int sign_verb(int argc, char** argv) {
  SignOptions options;
  CLI::App app{"Measures a launch manifest and signs what `cloister run --manifest` then starts.", "cloister sign"};
  app.add_option("--manifest", options.manifest, "launch manifest in YAML, or one that was measured")
      ->required()
      ->type_name("FILE");
  app.add_option("--key", options.key, "RSA-3072 key with exponent 3, PEM: openssl genrsa -3 3072")
      ->required()
      ->type_name("FILE");
  app.add_option("--out", options.out, "the signed manifest")->required()->type_name("FILE");
  app.add_option("--isvprodid", options.product, "product number")->capture_default_str();
  app.add_option("--isvsvn", options.version, "security version")->capture_default_str();
  app.add_flag("--json", options.json, "JSON output");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto key = read_key(options.key);
  if (!key.ok())
    return complain("--key " + options.key + ": " +
                        (key.error().is_errno() ? std::strerror(key.error().errno_value()) : key.error().what()) +
                        "; `openssl genrsa -3 3072` makes one",
                    2);
  RunOptions source;
  source.manifest = options.manifest;
  std::string problem;
  int status = 125;
  auto instance = find_instance(source, &problem, &status);
  if (!instance) return complain(problem, status);
  const std::string image = image_path(instance->measured.manifest.flags);
  const auto mrenclave = host::measure_enclave(image, instance->measured.manifest);
  if (!mrenclave.ok()) return complain(image + ": " + mrenclave.error().what(), 125);
  sgx::Sigstruct signature = host::unsigned_sigstruct(host::make_secs(0).attributes.flags, mrenclave.value());
  signature.date = today();
  signature.isvprodid = options.product;
  signature.isvsvn = options.version;
  if (const auto done = key.value().sign(signature); !done.ok())
    return complain(std::string("signing: ") + done.error().what(), 125);
  instance->measured.signature = signature;
  if (const auto written = write_file_atomically(options.out, encode_signed_manifest(instance->measured), 0644);
      !written.ok())
    return complain("--out " + options.out + ": " + std::strerror(written.error().errno_value()), 125);
  const std::string enclave = to_hex(mrenclave.value()), signer = to_hex(key.value().mrsigner());
  if (options.json) {
    const nlohmann::ordered_json signed_as{
        {"mrenclave", enclave}, {"mrsigner", signer}, {"isvprodid", options.product}, {"isvsvn", options.version}};
    std::printf("%s\n", signed_as.dump(2).c_str());
  } else {
    std::printf("mrenclave %s\nmrsigner  %s\n", enclave.c_str(), signer.c_str());
  }
  return 0;
}
}  // namespace cloister
