// SPDX-License-Identifier: Apache-2.0
// Requests to CAS's API, from their bytes on: who asks, method, target, body. One input is a conversation of several
// requests with a CAS that has one session. No answer may have a status that is none or lack the audit log's head, the
// log must stay one that verifies, and nobody but its creator may be told the session's stated secret.
#include <openssl/crypto.h>
#include <cstdlib>
#include <string_view>
#include "src/audit/export.h"
#include "src/audit/head_text.h"
#include "src/cas/api/api_for_test.h"

using namespace cloister;
using namespace cloister::cas;

namespace {
constexpr char kStated[] = "sesame-4b1d-stated";
constexpr char kEndOfRequest = '\x1e';
constexpr std::string_view kCurrentHash = "$HASH";  // stands for the session's
constexpr std::size_t kRequestLimit = 8;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Conversation {
  ApiForTest cas;
  std::uint64_t version = 0;   // of the session, as it was made
  std::uint64_t sequence = 0;  // of the log, likewise

  Conversation() {
    const std::string text = session_text(
        "shop", "secrets:\n- {name: open, kind: ascii, export_public: true}\n- {name: stated, kind: ascii, value: " +
                    std::string(kStated) + "}\naccess_policy: {create_sessions: ANY, read: ANY}\n");
    require(cas.ask("POST", "/v1/sessions", kOwner, text).status == 201);
    version = cas.service.store->version(session_record("shop"));
    sequence = cas.service.store->head().at.sequence;
  }
  bool is_untouched() const { return cas.service.store->head().at.sequence == sequence; }
};

// Each input finds the same CAS: one that an earlier input has changed is replaced.
std::unique_ptr<Conversation> current;

std::string with_hash(std::string text) {
  for (std::size_t at = 0; (at = text.find(kCurrentHash, at)) != std::string::npos;)
    text.replace(at, kCurrentHash.size(), to_hex(current->cas.service.sessions.current("shop")->hash()));
  return text;
}

// "A METHOD TARGET\nBODY": A is who asks.
void ask(std::string_view input) {
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string_view head = input.substr(0, line);
  const std::size_t first = std::min(head.find(' '), head.size());
  const std::size_t second = std::min(head.find(' ', first + 1), head.size());
  if (first + 1 > second) return;
  const ClientIdentity clients[] = {kNobody, kOwner, kAlice, kBob};
  const ClientIdentity& client = clients[static_cast<unsigned char>(head[0]) % std::size(clients)];
  const std::string method(head.substr(first + 1, second - first - 1));
  const std::string target = with_hash(std::string(head.substr(std::min(second + 1, head.size()))));
  const std::string body = with_hash(std::string(input.substr(std::min(line + 1, input.size()))));
  ApiForTest& cas = current->cas;
  const Response response = cas.ask(method.c_str(), target, client, body);
  require(response.status >= 200 && response.status <= 599);
  require(audit::parse_head_text(header(response, audit::kHeadHeader)).ok());
  const bool is_as_made = cas.service.store->version(session_record("shop")) == current->version;
  if (is_as_made && client != kOwner && body.find(kStated) == std::string::npos)
    require(text_of(response.body).find(kStated) == std::string_view::npos);
}
}  // namespace

// The store's committing thread ends before OpenSSL does: what OpenSSL keeps for a thread, it frees as the thread ends.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr) != 1 || std::atexit([] { current.reset(); }) != 0)
    return 1;
  return setenv("TMPDIR", "/dev/shm", 0);  // flushing to a disk is not what is looked at
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (!current || !current->is_untouched()) {
    current.reset();
    current = std::make_unique<Conversation>();
  }
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (std::size_t i = 0; i < kRequestLimit && !input.empty(); ++i) {
    const std::size_t end = std::min(input.find(kEndOfRequest), input.size());
    ask(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  if (!current->is_untouched()) {
    std::string problem;
    const SealedStore& store = *current->cas.service.store;
    require(
        audit::verify_export(current->cas.service.audit(), {.key = store.audit_key(), .earlier = {}}, problem).ok());
  }
  return 0;
}
