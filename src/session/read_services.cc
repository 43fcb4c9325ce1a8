// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "src/session/command_line.h"
#include "src/session/reader.h"

namespace cloister::session {
namespace {
constexpr std::string_view kFromHost = "\\@\\@";

void add_argument(Reader& reader, Service* service, std::string text, const Place& place) {
  service->command.push_back({{std::move(text), place}});
  reader.check_later(service->command.back().text, HostArguments::allowed);
}

// Each @@N once: which of two would a host's argument be?
void check_host_arguments(Reader& reader, const Service& service) {
  std::vector<unsigned> seen;
  for (const Argument& argument : service.command) {
    TemplateProblem problem;
    const auto pieces = parse_template(argument.text.text, HostArguments::allowed, &problem);
    if (!pieces) continue;  // check_templates says so
    for (const Piece& piece : *pieces) {
      if (piece.kind != Piece::Kind::host_argument) continue;
      if (std::find(seen.begin(), seen.end(), piece.number) != seen.end())
        reader.refuse(reader.locate(argument.text.place, piece.text, 0), piece.text + " a second time in the command",
                      "each argument of the host has one place");
      seen.push_back(piece.number);
    }
  }
}

void read_command(Reader& reader, const Value& value, Service* service) {
  if (value.kind == Value::Kind::sequence) {
    reader.need(Version::v0_3_1, kNewest, "a command as a list", value.place);
    for (const Value& item : value.items) add_argument(reader, service, reader.text(item, "an argument"), item.place);
  } else {
    const std::string command = reader.text(value, "command");
    if (value.kind != Value::Kind::scalar) return;
    std::size_t open = 0;
    const auto words = split_command(command, &open);
    if (!words)
      return reader.refuse(value.place, "a quote or backslash in the command has no end",
                           "it begins at character " + std::to_string(open + 1) + " of the command");
    for (const CommandWord& word : *words) add_argument(reader, service, word.text, value.place);
  }
  if (service->command.empty()) reader.refuse(value.place, "command is empty", "the program's name comes first");
  check_host_arguments(reader, *service);
}

void read_environment(Reader& reader, const Value& value, Service* service) {
  if (value.kind == Value::Kind::null) return;
  if (value.kind != Value::Kind::mapping)
    return reader.refuse(value.place, "environment must be a mapping", "write `NAME: value` lines");
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    EnvironmentVariable variable;
    const Value& written = value.items[i];
    variable.from_host = value.keys[i].starts_with(kFromHost);
    variable.name = variable.from_host ? value.keys[i].substr(kFromHost.size()) : value.keys[i];
    if (variable.name.empty() || variable.name.find('=') != std::string::npos)
      reader.refuse(value.key_places[i], "a variable's name may not be empty or contain =");
    if (std::any_of(service->environment.begin(), service->environment.end(),
                    [&](const auto& other) { return other.name == variable.name; }))
      reader.refuse(value.key_places[i], "variable " + variable.name + " both from the policy and from the host",
                    "keep one of them");
    reader.warn_of_placeholder(variable.name, "a variable's name", value.key_places[i]);
    if (variable.name.starts_with("@@"))
      reader.warn(value.key_places[i], "variable " + variable.name + " is the policy's own, with @@ in its name",
                  "write \\@\\@" + variable.name.substr(2) + " for the host's");
    if (variable.from_host && !written.text.empty())
      reader.warn(written.place, "a value of the host's variable " + variable.name + " means nothing",
                  "it is the host's, or empty where the host has none");
    if (variable.from_host) reader.use(Section::substitution, "\\@\\@NAME", value.key_places[i]);
    // A variable without a value is an empty one.
    variable.value = written.kind == Value::Kind::null ? Template{"", written.place}
                     : variable.from_host              ? Template{reader.text(written, "a variable"), written.place}
                                                       : reader.text_template(written, "variable " + variable.name);
    service->environment.push_back(std::move(variable));
  }
}

void read_legacy_measurements(Reader& reader, const Value& value, Service* service) {
  AttestationVariant variant;
  variant.place = value.place;
  reader.sequence(value, "mrenclaves",
                  [&](const Value& item) { variant.mrenclave.push_back(reader.hash_setting(item, "an MRENCLAVE")); });
  if (value.kind == Value::Kind::sequence && value.items.empty())
    reader.refuse(value.place, "mrenclaves is empty", "no enclave could ever start the service");
  service->attestation.push_back(std::move(variant));
}

void read_platform(Reader& reader, const Value& value, Service* service) {
  static constexpr std::string_view kPrefix = "INTEL_QE_ID:";
  const std::string written = reader.text(value, "a platform");
  if (reader.is_variable(value)) {
    service->platforms.push_back(reader.variable(value));
  } else if (written.starts_with(kPrefix)) {
    Value digits = value;
    digits.text = written.substr(kPrefix.size());
    reader.hexadecimal(digits, "INTEL_QE_ID", 16);
    service->platforms.push_back({written, value.place});
  } else {
    service->platforms.push_back(reader.hexadecimal(value, "a platform", 32));
  }
}

void read_service(Reader& reader, const Value& value) {
  Service service;
  service.place = value.place;
  FileShield shield;
  const auto texts = [&](const Value& v, const char* what, std::vector<std::string>* to) {
    reader.sequence(v, what, [&](const Value& item) { to->push_back(reader.text(item, what)); });
  };
  const bool is_mapping = reader.mapping(
      value, Section::service,
      {{"name", [&](const Value& v) { service.name = reader.name(v, "a service's name"); }},
       {"command", [&](const Value& v) { read_command(reader, v, &service); }},
       {"environment", [&](const Value& v) { read_environment(reader, v, &service); }},
       {"pwd", [&](const Value& v) { service.working_directory = reader.text_template(v, "pwd"); }},
       {"image_name", [&](const Value& v) { service.image_name = reader.plain_text(v, "image_name"); }},
       {"attestation", [&](const Value& v) { service.attestation = read_attestation(reader, v); }},
       {"mrenclaves", [&](const Value& v) { read_legacy_measurements(reader, v, &service); }},
       {"platforms",
        [&](const Value& v) {
          reader.one_or_more(v, "platforms", [&](const Value& item) { read_platform(reader, item, &service); });
        }},
       {"one_time_password_shared_secret",
        [&](const Value& v) { service.one_time_password = read_one_time_password(reader, v); }},
       {"fspf_path", [&](const Value& v) { shield.path = reader.plain_text(v, "fspf_path"); }},
       {"fspf_key", [&](const Value& v) { shield.key = reader.hexadecimal(v, "fspf_key", 32, "a key from a secret"); }},
       {"fspf_tag", [&](const Value& v) { shield.tag = reader.hexadecimal(v, "fspf_tag", 16, "a key from a secret"); }},
       {"fspf_update_policy", [&](const Value& v) { shield.update_policy = read_update_policy(reader, v); }},
       {"persistency",
        [&](const Value& v) {
          if (reader.text(v, "persistency") != "None") reader.refuse(v.place, "persistency can only be None");
        }},
       {"tags", [&](const Value& v) { texts(v, "tags", &service.tags); }},
       {"import", [&](const Value& v) { service.imported_from = reader.text(v, "import"); }}});
  if (!is_mapping) return;
  require_key(reader, value, "name", "a service");
  if (find_key(value, "attestation") != nullptr && find_key(value, "mrenclaves") != nullptr)
    reader.refuse(find_key(value, "mrenclaves")->place, "attestation and mrenclaves together",
                  "mrenclaves is the older form; write all of it under attestation");
  if (shield.tag && !shield.key) reader.refuse(shield.tag->place, "fspf_tag without fspf_key", "give both");
  if (!shield.path.empty() || shield.key) service.file_shield = std::move(shield);
  reader.session().services.push_back(std::move(service));
}
}  // namespace

void read_services(Reader& reader, const Value& value) {
  reader.sequence(value, "services", [&](const Value& item) { read_service(reader, item); });
  check_unique(reader, reader.session().services, "service");
}
}  // namespace cloister::session
