// SPDX-License-Identifier: Apache-2.0
#include "src/cas/session_secrets.h"
#include <algorithm>
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/make_material.h"
#include "src/session/migration.h"

namespace cloister::cas {
namespace {
using session::Kind;
using session::Secret;
using session::Session;

// How many authorities one below the other an authority's certificate must allow; nothing: any number.
using Levels = std::optional<std::uint32_t>;

bool is_generated(const Secret& secret) { return !secret.value && !secret.import; }

class Maker {
 public:
  Maker(Session& session, const SessionSecretsInput& input, yaml::Problem* problem)
      : session_(session), input_(input), problem_(problem) {}
  Result<Materials> run();

 private:
  enum class State { untouched, on_the_way, done };
  Result<void> visit(std::size_t index);
  Result<void> visit_named(const Secret& secret, const std::string& name, const char* role);
  void count_levels();
  Levels levels_of_its_own(const Secret& secret) const;
  Result<SecretMaterial> make(const Secret& secret);
  Result<SecretMaterial> imported(const Secret& secret);
  const SecretMaterial* named(const std::string& name) const;
  std::size_t index_of(const Secret& secret) const {
    return static_cast<std::size_t>(&secret - session_.secrets.data());
  }
  Error refuse(const Secret& secret, std::string what, std::string hint = {}) {
    *problem_ = {secret.place, "secret " + secret.name + ": " + std::move(what), std::move(hint)};
    return Error(Errc::invalid, "secrets");
  }

  Session& session_;
  const SessionSecretsInput& input_;
  yaml::Problem* const problem_;
  std::vector<State> states_;
  std::vector<std::string> way_;    // names of those that depend on what is looked at now
  std::vector<std::size_t> order_;  // each after what it depends on
  std::vector<Levels> levels_;
  Materials materials_;
};

// Depth-first. A session has few secrets, and a chain of them is never longer than that.
Result<void> Maker::visit(std::size_t index) {
  const Secret& secret = session_.secrets[index];
  if (states_[index] == State::done) return {};
  way_.push_back(secret.name);
  if (states_[index] == State::on_the_way) {
    std::string circle;
    for (auto name = std::ranges::find(way_, secret.name); name != way_.end(); ++name)
      circle += (circle.empty() ? "" : " needs ") + *name;
    return refuse(secret, "secrets need each other in a circle: " + circle);
  }
  if (way_.size() > kChainLimit + 2) return refuse(secret, "the chain of its issuers is longer than 16");
  states_[index] = State::on_the_way;
  TRY(visit_named(secret, secret.private_key, "private_key"));
  TRY(visit_named(secret, secret.issuer, "issuer"));
  states_[index] = State::done;
  order_.push_back(index);
  way_.pop_back();
  return {};
}
Result<void> Maker::visit_named(const Secret& secret, const std::string& name, const char* role) {
  if (name.empty()) return {};
  const Secret* const needed = session_.secret(name);
  if (!needed) return refuse(secret, std::string("its ") + role + " " + name + " is no secret of this session");
  return visit(index_of(*needed));
}

// An authority that another session may issue with has no limit; any other allows what this session has below it.
Levels Maker::levels_of_its_own(const Secret& secret) const {
  const Secret* const key = session_.secret(secret.private_key);
  const bool key_leaves = !secret.exports.empty() && (!key || !key->exports.empty());
  return key_leaves ? Levels{} : Levels{0};
}
void Maker::count_levels() {
  levels_.resize(session_.secrets.size());
  for (const Secret& secret : session_.secrets) levels_[index_of(secret)] = levels_of_its_own(secret);
  for (auto index = order_.rbegin(); index != order_.rend(); ++index) {
    const Secret& secret = session_.secrets[*index];
    if (secret.kind != Kind::x509_ca || secret.issuer.empty() || !is_generated(secret)) continue;
    Levels& above = levels_[index_of(*session_.secret(secret.issuer))];
    const Levels below = levels_[*index];
    if (!below)
      above.reset();
    else if (above)
      above = std::max(*above, *below + 1);
  }
}

const SecretMaterial* Maker::named(const std::string& name) const {
  const auto found = materials_.find(name);
  return found == materials_.end() ? nullptr : &found->second;
}

Result<SecretMaterial> Maker::imported(const Secret& secret) {
  const std::string from = secret.import->object + " of session " + secret.import->from.name;
  auto material = input_.import(secret);
  if (!material.ok()) return refuse(secret, "import of " + from + ": " + material.error().what());
  if (secret.kind != Kind::unknown && secret.kind != material.value().kind)
    return refuse(secret, "import of " + from + ": it is of kind " + std::string(text_of(material.value().kind)),
                  "leave kind out, or write that");
  return std::move(material).take();
}

Result<SecretMaterial> Maker::make(const Secret& secret) {
  const Ingredients ingredients{.private_key = named(secret.private_key),
                                .issuer = named(secret.issuer),
                                .path_length = levels_[index_of(secret)],
                                .now = input_.now};
  if (secret.import) {
    auto material = TRY(imported(secret));
    if (!material.is_certificate()) return material;
    if (const auto completed = complete_certificate(material, ingredients); !completed.ok())
      return refuse(secret, completed.error().what());
    return material;
  }
  if (input_.previous)
    if (const Secret* const before = input_.previous->session.secret(secret.name);
        before && session::is_kept(*before, secret))
      if (const auto kept = input_.previous->materials.find(secret.name); kept != input_.previous->materials.end())
        return SecretMaterial(kept->second);
  auto material = make_material(secret, ingredients);
  if (!material.ok()) return refuse(secret, material.error().what());
  return material;
}

Result<Materials> Maker::run() {
  states_.resize(session_.secrets.size(), State::untouched);
  for (std::size_t index = 0; index < session_.secrets.size(); ++index) TRY(visit(index));
  count_levels();
  for (const std::size_t index : order_) {
    Secret& secret = session_.secrets[index];
    auto material = TRY(make(secret));
    secret.kind = material.kind;
    materials_.emplace(secret.name, std::move(material));
  }
  return std::move(materials_);
}

}  // namespace

Result<Materials> make_session_secrets(Session& session, const SessionSecretsInput& input, yaml::Problem* problem) {
  return Maker(session, input, problem).run();
}

}  // namespace cloister::cas
