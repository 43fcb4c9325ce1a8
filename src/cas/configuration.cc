// SPDX-License-Identifier: Apache-2.0
#include "src/cas/configuration.h"
#include <algorithm>
#include <map>
#include "src/cas/secrets/encode.h"
#include "src/release/messages.h"
#include "src/session/template.h"

namespace cloister::cas {
namespace {

// "//srv/" is "/srv".
std::string without_extra_slashes(std::string_view path) {
  std::string plain;
  for (const char c : path)
    if (c != '/' || !plain.ends_with('/')) plain += c;
  if (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  return plain;
}

class Filler {
 public:
  Filler(const session::Session& session, const Materials& materials, yaml::Problem* problem)
      : session_(session), lookup_(lookup_in(materials)), problem_(problem) {}
  Result<release::Configuration> run(const session::Service& service);
  // The two parts of it.
  Result<release::Configuration> without_files(const session::Service& service);
  Result<std::vector<release::InjectedFile>> files_of(const session::Image& image);

 private:
  Result<SecretBytes> filled(const session::Template& text);
  // Of what the program sees as a C string.
  Result<SecretBytes> filled_text(const session::Template& text, const std::string& what);
  Result<release::Argument> argument(const session::Template& text);
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

Result<std::vector<release::InjectedFile>> Filler::files_of(const session::Image& image) {
  std::vector<release::InjectedFile> files;
  std::size_t size = 0;
  for (const session::InjectionFile& file : image.injection_files) {
    if (!file.content)
      return refuse(file.place, "injection file " + file.path + " has no content",
                    "filling in files that are there already is not served; write its content");
    release::InjectedFile injected;
    injected.path = without_extra_slashes(file.path);
    if (!release::is_plain_path(injected.path) || injected.path == "/")
      return refuse(file.place, "injection file " + file.path + ": not an absolute path without . and ..");
    injected.mode = file.mode;
    injected.contents = TRY(filled(*file.content));
    if ((size += injected.contents.size()) > release::kGrantLimit)
      return refuse(file.place, "the files of image " + image.name + " are larger than 16 MiB");
    files.push_back(std::move(injected));
  }
  std::ranges::sort(files, {}, &release::InjectedFile::path);
  const auto twin = std::ranges::adjacent_find(files, {}, &release::InjectedFile::path);
  if (twin != files.end()) return refuse(image.place, "injection file " + twin->path + " is there twice");
  return files;
}

Result<release::Configuration> Filler::without_files(const session::Service& service) {
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
  configuration.working_directory = directory.empty() ? "/" : without_extra_slashes(text_of(directory));
  if (!release::is_plain_path(configuration.working_directory))
    return refuse(service.working_directory.place,
                  "pwd of service " + service.name + ": not an absolute path without . and ..");
  return configuration;
}

Result<release::Configuration> Filler::run(const session::Service& service) {
  release::Configuration configuration = TRY(without_files(service));
  // An image that is not described is only a name: the service gets no files.
  if (const session::Image* const image = session_.image(service.image_name))
    configuration.files = TRY(files_of(*image));
  return configuration;
}

// What an enclave would not accept: too large, a file below another one, more than 4096 of anything. `beside` bytes
// come to it.
Result<std::size_t> check_accepted(const release::Configuration& configuration, std::size_t beside, std::string what,
                                   const yaml::Place& place, yaml::Problem* problem) {
  const SecretBytes message = release::encode(configuration);
  const auto accepted = message.size() + beside <= release::kGrantLimit
                            ? release::decode_grant(message)
                            : Result<release::Configuration>(Error(Errc::invalid, "GRANT: more than 16 MiB"));
  if (accepted.ok()) return message.size();
  *problem = {place, what.append(" cannot be given its configuration: ").append(accepted.error().what()), {}};
  return accepted.error();
}

}  // namespace

Result<release::Configuration> make_configuration(const dcap::Verified<dcap::Quote>& quote, const PolicyMatch& match,
                                                  const Materials& materials, yaml::Problem* problem) {
  if (!match.is_of(quote)) return Error(Errc::mismatch, "the decision was about another quote");
  return Filler(match.session(), materials, problem).run(match.service());
}

// Each text of the session is filled once, however many services share an image.
Result<void> check_configurations(const session::Session& session, const Materials& materials, yaml::Problem* problem) {
  Filler filler(session, materials, problem);
  std::map<std::string_view, std::size_t> size_of_files;  // by image
  for (const session::Service& service : session.services) {
    const std::string what = "service " + service.name;
    const session::Image* const image = session.image(service.image_name);
    if (image != nullptr && !size_of_files.contains(image->name)) {
      release::Configuration files{.arguments = {{}}, .environment = {}, .working_directory = "/", .files = {}};
      files.files = TRY(filler.files_of(*image));
      size_of_files[image->name] = TRY(check_accepted(files, 0, what, service.place, problem));
    }
    const std::size_t beside = image != nullptr ? size_of_files[image->name] : 0;
    TRY(check_accepted(TRY(filler.without_files(service)), beside, what, service.place, problem));
  }
  return {};
}

}  // namespace cloister::cas
