// SPDX-License-Identifier: Apache-2.0
#include "src/cas/configuration.h"
#include <algorithm>
#include "src/cas/secrets/encode.h"
#include "src/release/messages.h"
#include "src/session/template.h"

namespace cloister::cas {
namespace {

class Filler {
 public:
  Filler(const session::Session& session, const Materials& materials, yaml::Problem* problem)
      : session_(session), lookup_(lookup_in(materials)), problem_(problem) {}
  Result<release::Configuration> run(const session::Service& service);

 private:
  Result<SecretBytes> filled(const session::Template& text);
  // Of what the program sees as a C string.
  Result<SecretBytes> filled_text(const session::Template& text, const std::string& what);
  Result<release::Argument> argument(const session::Template& text);
  Result<void> fill_files(const session::Service& service, std::vector<release::InjectedFile>& files);
  Error refuse(const yaml::Place& place, std::string what, std::string hint = {}) {
    *problem_ = {place, std::move(what), std::move(hint)};
    return Error(Errc::invalid, "configuration");
  }

  const session::Session& session_;
  const session::Lookup lookup_;
  yaml::Problem* const problem_;
};

Result<SecretBytes> Filler::filled(const session::Template& text) {
  const session::SecretText value = TRY(session::fill(text, session_, lookup_, problem_));
  return secret_from(value.reveal());
}

Result<SecretBytes> Filler::filled_text(const session::Template& text, const std::string& what) {
  auto bytes = TRY(filled(text));
  if (std::ranges::find(bytes, 0) != bytes.end())
    return refuse(text.place, what + " would contain a NUL byte", "give binary secrets as :hex or :base64");
  return bytes;
}

// Each placeholder is filled by itself, so that neither its value nor what stands around it is read as another one.
Result<release::Argument> Filler::argument(const session::Template& text) {
  session::TemplateProblem malformed;
  const auto pieces = session::parse_template(text.text, session::HostArguments::allowed, &malformed);
  if (!pieces) return refuse(text.place, malformed.what, malformed.hint);
  release::Argument argument;
  for (const session::Piece& piece : *pieces) {
    if (piece.kind == session::Piece::Kind::host_argument) {
      argument.emplace_back(release::HostArgument{piece.number});
      continue;
    }
    const SecretBytes bytes = piece.kind == session::Piece::Kind::literal
                                  ? secret_from(piece.text)
                                  : TRY(filled_text({piece.text, text.place}, "an argument of the command"));
    if (bytes.empty()) continue;
    if (argument.empty() || !std::holds_alternative<SecretBytes>(argument.back())) argument.emplace_back(SecretBytes());
    SecretBytes& literal = std::get<SecretBytes>(argument.back());
    literal.insert(literal.end(), bytes.begin(), bytes.end());
  }
  return argument;
}

Result<void> Filler::fill_files(const session::Service& service, std::vector<release::InjectedFile>& files) {
  const session::Image* const image = session_.image(service.image_name);
  if (!image) return {};  // only a name: the service gets no files
  for (const session::InjectionFile& file : image->injection_files) {
    if (!file.content)
      return refuse(file.place, "injection file " + file.path + " has no content",
                    "filling in files that are there already is not served; write its content");
    if (!release::is_plain_path(file.path) || file.path == "/")
      return refuse(file.place, "injection file " + file.path + ": not an absolute path without . and ..");
    release::InjectedFile injected;
    injected.path = file.path;
    injected.mode = file.mode;
    injected.contents = TRY(filled(*file.content));
    files.push_back(std::move(injected));
  }
  std::ranges::sort(files, {}, &release::InjectedFile::path);
  const auto twin = std::ranges::adjacent_find(files, {}, &release::InjectedFile::path);
  if (twin != files.end()) return refuse(image->place, "injection file " + twin->path + " is there twice");
  return {};
}

Result<release::Configuration> Filler::run(const session::Service& service) {
  release::Configuration configuration;
  for (const session::Argument& one : service.command) configuration.arguments.push_back(TRY(argument(one.text)));
  // A program always has a name; which program it is, the measurement says.
  if (configuration.arguments.empty()) configuration.arguments.push_back({secret_from(service.name)});
  for (const session::EnvironmentVariable& one : service.environment) {
    release::Variable variable;
    variable.name = one.name;
    if (one.from_host)
      variable.source = release::Variable::Source::host;
    else
      variable.value = TRY(filled_text(one.value, "variable " + one.name));
    configuration.environment.push_back(std::move(variable));
  }
  std::ranges::sort(configuration.environment, {}, &release::Variable::name);
  const SecretBytes directory = TRY(filled_text(service.working_directory, "pwd"));
  configuration.working_directory = directory.empty() ? "/" : std::string(text_of(directory));
  if (!release::is_plain_path(configuration.working_directory))
    return refuse(service.working_directory.place,
                  "pwd of service " + service.name + ": not an absolute path without . and ..");
  TRY(fill_files(service, configuration.files));
  return configuration;
}

}  // namespace

Result<release::Configuration> make_configuration(const dcap::Verified<dcap::Quote>& quote, const PolicyMatch& match,
                                                  const Materials& materials, yaml::Problem* problem) {
  if (!match.is_of(quote)) return Error(Errc::mismatch, "the decision was about another quote");
  return Filler(match.session(), materials, problem).run(match.service());
}

Result<void> check_configurations(const session::Session& session, const Materials& materials, yaml::Problem* problem) {
  for (const session::Service& service : session.services) {
    const release::Configuration configuration = TRY(Filler(session, materials, problem).run(service));
    const SecretBytes message = release::encode(configuration);
    // What an enclave would not accept: too large, a file below another one, more than 4096 of anything.
    const auto accepted = message.size() <= release::kGrantLimit
                              ? release::decode_grant(message)
                              : Result<release::Configuration>(Error(Errc::invalid, "GRANT: more than 16 MiB"));
    if (accepted.ok()) continue;
    *problem = {service.place,
                "service " + service.name + " cannot be given its configuration: " + accepted.error().what(),
                {}};
    return Error(Errc::invalid, "configuration");
  }
  return {};
}

}  // namespace cloister::cas
