// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/service.h"
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>
#include "src/base/endpoint.h"
#include "src/base/hex.h"
#include "src/cas/api/server.h"
#include "src/cas/server/enclave_port.h"
#include "src/cas/server/judge_quote.h"
#include "src/cas/server/own_enclave.h"
#include "src/cas/server/own_version.h"
#include "src/cas/server/predecessor.h"
#include "src/cas/server/release_decider.h"
#include "src/cas/store/device_sealing_key.h"

namespace cloister::cas {
namespace {
constexpr char kDatabase[] = "/var/lib/cloister-cas/cas.db";
constexpr auto kAnswerTime = std::chrono::seconds(1);  // for the successor's answer to be sent; it can ask again

std::uint64_t now_milliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

int fail(const std::string& problem) {
  std::fprintf(stderr, "cloister-cas: %s\n", problem.c_str());
  return 1;
}

Result<void> note(Committer& committer, audit::Kind kind, const std::string& text) {
  audit::Entry entry;
  entry.kind = kind;
  entry.time = now_milliseconds();
  entry.text = text;
  Mutation mutation;
  mutation.entries.push_back(std::move(entry));
  TRY(committer.commit(std::move(mutation)));
  return {};
}

class QuotesOfOwnEnclave final : public CasEvidence {
 public:
  QuotesOfOwnEnclave(const OwnEnclave& enclave, const Identity& identity) : enclave_(enclave), identity_(identity) {}
  Result<std::vector<std::uint8_t>> quote(const release::ReportData& data) override { return enclave_.quote(data); }
  Result<std::vector<std::uint8_t>> certificate(release::Bytes quote, release::Bytes claims) override {
    return certificate_with_evidence(identity_, quote, claims, static_cast<dcap::UnixTime>(now_milliseconds() / 1000));
  }

 private:
  const OwnEnclave& enclave_;
  const Identity& identity_;
};

bool open_services(const Places& places, CollateralServices* services, std::string* problem) {
  const auto open = [&](const std::string& url, const std::string& address, std::optional<pccs::Service>* to) {
    if (url.empty()) return true;
    auto service = pccs::Service::open_anonymous(url, address);
    if (service.ok()) {
      to->emplace(std::move(service).take());
      return true;
    }
    *problem = url + ": " + service.error().what();
    return false;
  };
  return open(places.pccs, places.pccs_address, &services->genuine) &&
         open(places.simulated_collateral, "", &services->simulation);
}

// All that serves; each part is there for the ones below it.
class Service {
 public:
  Service(const OwnEnclave& enclave, SealedStore& store, const SealingKeySource& source, Committer& committer,
          const Identity& identity, CollateralServices collateral)
      : store_(store),
        committer_(committer),
        identity_(identity),
        evidence_(enclave, identity),
        sessions_(store, committer, identity.owner_key_hash, now_milliseconds),
        collateral_(std::move(collateral), [] { return static_cast<dcap::UnixTime>(now_milliseconds() / 1000); }),
        decider_(store, sessions_, collateral_, identity),
        upgrades_(
            store, committer, sessions_,
            {identity.key, identity.key_hash, identity.owner_key_hash, enclave.mrenclave()}, source,
            [this](const dcap::Quote& quote, std::uint64_t now) {
              return judge_quote(store_, collateral_, quote, now);
            },
            now_milliseconds, [] { kill(getpid(), SIGTERM); }),
        api_(sessions_, store, upgrades_, evidence_, {identity.public_key, identity.owner_key_hash},
             [] { return std::string(); }) {}

  // Once the store was handed over, at the API alone.
  bool listen(const Places& places, std::string* problem) {
    const auto enclaves = parse_endpoint(places.enclaves), api = parse_endpoint(places.api);
    if (!enclaves.ok() || !api.ok()) {
      *problem = (enclaves.ok() ? "--api-listen " + places.api : "--enclave-listen " + places.enclaves) +
                 ": give a numeric ADDRESS:PORT";
      return false;
    }
    EnclavePortOptions options;
    options.at = enclaves.value();
    if (!upgrades_.handed_over()) {
      auto port = EnclavePort::open(
          options, identity_, store_, committer_,
          [this](Attempt attempt, ReleaseDecider::Done done) { decider_.decide(std::move(attempt), std::move(done)); },
          now_milliseconds, *problem);
      if (!port.ok()) return false;
      enclave_port_ = std::move(port).take();
    }
    const auto tls = api_tls(identity_);
    if (!tls.ok()) return false;
    ApiServerOptions api_options;
    api_options.address = address_text(api.value());
    api_options.port = api.value().port;
    auto server = ApiServer::start(api_options, tls.value().get(), api_, *problem);
    if (!server.ok()) return false;
    api_server_ = std::move(server).take();
    return true;
  }

  void stop() {
    api_server_.reset();
    if (enclave_port_) enclave_port_->stop();
  }
  const Upgrades& upgrades() const { return upgrades_; }

 private:
  SealedStore& store_;
  Committer& committer_;
  const Identity& identity_;
  QuotesOfOwnEnclave evidence_;
  Sessions sessions_;
  CollateralKeeper collateral_;
  ReleaseDecider decider_;
  Upgrades upgrades_;
  Api api_;
  std::unique_ptr<EnclavePort> enclave_port_;
  std::unique_ptr<ApiServer> api_server_;
};

sigset_t block_ends() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&ends, signal);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // all threads inherit it; sigwait takes them
  signal(SIGPIPE, SIG_IGN);
  return ends;
}
// Room for every connection that the two ports allow. Who takes all that there are keeps the others waiting.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// This CAS's store, or that of the version before it, which hands it over.
Result<std::unique_ptr<SealedStore>> open_store(const Places& places, const OwnEnclave& enclave,
                                                const SealingKeySource& source, std::string& problem) {
  auto store = SealedStore::open(kDatabase, source, now_milliseconds(), problem);
  if (store.ok())
    return under_own_version(std::move(store).take(), source, enclave.owner_key_hash(), now_milliseconds(), kDatabase,
                             problem);
  const Error& error = store.error();
  const bool is_anothers = error.code() == Errc::unsupported ||
                           (error.is_errno() && (error.errno_value() == EBUSY || error.errno_value() == ENOKEY));
  if (is_anothers && !places.predecessor.empty())
    return take_over({places.predecessor, kDatabase}, enclave, source, now_milliseconds, problem);
  if (error.code() == Errc::unsupported)
    problem += "; a new version takes over with --upgrade-from ADDR, where the old one runs";
  return store;
}

Result<void> serve_until_the_end(Committer& committer, const Places& places, const Identity& identity,
                                 const sigset_t& ends) {
  TRY(note(committer, audit::Kind::cas_started, "API at " + places.api + ", enclaves at " + places.enclaves));
  std::printf("cloister-cas: API at %s, enclaves at %s, key %s, owner %s\n", places.api.c_str(),
              places.enclaves.c_str(), to_hex(identity.key_hash).c_str(), to_hex(identity.owner_key_hash).c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  return {};
}

// What was handed over may be asked for again: the answer was lost, or the successor ended before it had used it.
void serve_the_successor(const Service& service, const Places& places, const sigset_t& ends) {
  std::printf("cloister-cas: handed over to %s, and serves nothing but that again, at %s\n",
              service.upgrades().successor_text().c_str(), places.api.c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
}
}  // namespace

int serve(const Places& places) {
  const sigset_t ends = block_ends();
  raise_descriptor_limit();
  std::string problem;
  const auto enclave = OwnEnclave::open(problem);
  if (!enclave.ok()) return fail(problem);
  const auto source = DeviceSealingKey::open();
  if (!source.ok()) return fail(source.error().what());
  const auto store = open_store(places, enclave.value(), source.value(), problem);
  if (!store.ok()) return fail(problem);
  store.value()->extend_log();
  Committer committer(*store.value());
  const auto identity =
      load_identity(committer, *store.value(), enclave.value().owner_key_hash(), now_milliseconds(), problem);
  if (!identity.ok()) return fail(problem);
  CollateralServices collateral;
  if (!open_services(places, &collateral, &problem)) return fail(problem);
  Service service(enclave.value(), *store.value(), source.value(), committer, identity.value(), std::move(collateral));
  if (!service.listen(places, &problem)) return fail(problem);
  if (service.upgrades().handed_over())
    serve_the_successor(service, places, ends);
  else if (!serve_until_the_end(committer, places, identity.value(), ends).ok())
    return fail("the audit log cannot be written: " + store.value()->problem());
  const bool handed_over = service.upgrades().handed_over();
  if (handed_over) std::this_thread::sleep_for(kAnswerTime);
  service.stop();
  if (handed_over)
    std::printf("cloister-cas: handed over to %s, ends\n", service.upgrades().successor_text().c_str());
  else if (!note(committer, audit::Kind::cas_stopped, "").ok())
    std::fprintf(stderr, "cloister-cas: the audit log could not be written at the end\n");
  committer.stop();
  return 0;
}
}  // namespace cloister::cas
