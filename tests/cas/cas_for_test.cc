// SPDX-License-Identifier: Apache-2.0
// CAS's API on a loopback port, with quotes of a simulated platform over whatever the command line says: for tests of
// the commands that attest it. It is no CAS: it has no enclave, and its sealing key is known.
//
//   cas_for_test DIR OWNERHASH PORT [debug] [other-configid] [other-nonce] [other-key] [right-clock] [clock-ahead]
//
// Its clock stands still at a moment of the tests' own; right-clock is this machine's, clock-ahead a day more.
// DIR gets root.pem, collateral/, key.pem and cas.db; those that are there are used. Prints "PORT MRENCLAVE TIME" and
// serves until its standard input ends.
#include <openssl/ssl.h>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <set>
#include "src/cas/api/api_for_test.h"
#include "src/cas/api/server.h"
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/pem_text.h"
#include "src/dcap/simulation/world_for_test.h"
#include "src/pccs/directory.h"
#include "src/ratls/make.h"

using namespace cloister;
using namespace cloister::cas;
using dcap::simulation::must;

namespace {

std::set<std::string> wrong;

bool is_wrong(const char* what) { return wrong.contains(what); }

std::uint64_t clock_now() {
  if (!is_wrong("right-clock") && !is_wrong("clock-ahead")) return kNow;
  const auto seconds = static_cast<std::uint64_t>(std::time(nullptr));
  return (seconds + (is_wrong("clock-ahead") ? 86400 : 0)) * 1000;
}

class SimulatedEvidence final : public CasEvidence {
 public:
  SimulatedEvidence(const dcap::simulation::World& world, const release::Digest& owner, const KeyPointer& key)
      : world_(world), owner_(owner), key_(key) {}
  Result<std::vector<std::uint8_t>> quote(const release::ReportData& data) override {
    sgx::Secs secs{};
    secs.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss |
                           (is_wrong("debug") ? sgx::kAttributeDebug : 0),
                       sgx::kXfrmLegacy};
    secs.mrenclave[0] = 0xca;
    std::ranges::copy(release::cas_id(is_wrong("other-configid") ? release::Digest{1} : owner_), secs.configid);
    release::ReportData said = data;
    if (is_wrong("other-nonce")) said[0] ^= 1;
    const auto enclave = world_.quoting_enclave();
    return enclave.quote(sgx::ereport(world_.platform, secs, enclave.targetinfo(), said));
  }
  Result<std::vector<std::uint8_t>> certificate(release::Bytes quote, release::Bytes claims) override {
    return ratls::make_certificate({.common_name = "CAS for tests",
                                    .validity = {world_.now - 86400, std::time(nullptr) + 86400},
                                    .quote = quote,
                                    .claims = claims},
                                   key_.get());
  }

 private:
  const dcap::simulation::World& world_;
  const release::Digest owner_;
  const KeyPointer& key_;
};

std::string slurp(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}
void spill(const std::string& file, std::string_view text) { std::ofstream(file, std::ios::binary) << text; }

KeyPointer key_in(const std::string& file) {
  if (const std::string pem = slurp(file); !pem.empty()) return must(private_key_from_pem(pem));
  KeyPointer key = must(generate_key(session::KeyType::p256));
  spill(file, text_of(must(write_pem("PRIVATE KEY", must(private_key_der(*key))))));
  return key;
}

// A new platform at each start: whoever attests reads its root and collateral from the folder.
dcap::simulation::World world_in(const std::string& folder) {
  dcap::simulation::World world;
  const auto files = world.files();
  const pccs::Directory directory(folder + "/collateral");
  for (std::size_t i = 0; i < dcap::kCollateralKinds; ++i)
    if (!files.files[i].bytes.empty())
      must(directory.write(static_cast<dcap::CollateralKind>(i), dcap::simulation::kCollateralRequest,
                           files.files[i].bytes));
  spill(folder + "/root.pem", dcap::to_pem(world.authority.root.certificate, "CERTIFICATE"));
  return world;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const std::string folder = argv[1];
  wrong.insert(argv + 4, argv + argc);
  release::Digest owner;
  std::ranges::copy(must(from_hex(argv[2])), owner.begin());
  const auto world = world_in(folder);
  const KeyPointer key = key_in(folder + "/key.pem");
  const X509Pointer certificate = must(issue_certificate({.common_name = "cas", .now = world.now}, *key, nullptr));
  const SecretBytes spki = must(public_key_der(*key));
  std::vector<std::uint8_t> shown(spki.begin(), spki.end());
  if (is_wrong("other-key")) shown.back() ^= 1;

  const auto store = open_store(folder + "/cas.db");
  Committer committer(*store);
  Sessions sessions(*store, committer, owner, clock_now);
  SimulatedEvidence evidence(world, owner, key);
  UpgradesForTest upgrades(*store, committer, sessions, owner, clock_now, key_in(folder + "/key.pem"));
  Api api(sessions, *store, upgrades.upgrades, evidence, {.cas_key = shown, .owner_key_hash = owner},
          [] { return std::string(); });
  const std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>> tls(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(tls.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(tls.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(
      tls.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  SSL_CTX_use_certificate(tls.get(), certificate.get());
  SSL_CTX_use_PrivateKey(tls.get(), key.get());
  std::string problem;
  const auto server =
      ApiServer::start({.port = static_cast<std::uint16_t>(std::stoi(argv[3]))}, tls.get(), api, problem);
  if (!server.ok()) {
    std::fprintf(stderr, "cas_for_test: %s\n", problem.c_str());
    return 1;
  }
  std::printf("%u ca%062d %lld\n", server.value()->port(), 0, static_cast<long long>(world.now));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
