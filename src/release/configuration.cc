// SPDX-License-Identifier: Apache-2.0
#include "src/release/configuration.h"
#include <algorithm>
#include <set>
#include "src/base/fields.h"
#include "src/release/messages.h"

namespace cloister::release {
namespace {
constexpr std::uint32_t kLiteral = 0, kHostArgument = 1;
constexpr std::uint32_t kModeMask = 07777;
constexpr std::size_t kSmallestVariable = 13, kSmallestFile = 22;

Result<ArgumentPiece> read_piece(FieldReader& reader, std::set<std::uint32_t>& positions) {
  const auto kind = TRY(reader.number<std::uint32_t>("GRANT: the kind of an argument's piece is cut off"));
  if (kind == kLiteral) {
    const auto text = TRY(reader.text(kGrantLimit, "GRANT: a piece of an argument is cut off or has a NUL"));
    if (text.empty()) return Error(Errc::invalid, "GRANT: a piece of an argument is empty");
    return ArgumentPiece(secret_from(text));
  }
  if (kind != kHostArgument) return Error(Errc::invalid, "GRANT: a piece of an argument has a kind that there is not");
  const auto position = TRY(reader.number<std::uint32_t>("GRANT: the position of a host's argument is cut off"));
  if (position == 0 || position > kListLimit)
    return Error(Errc::invalid, "GRANT: the position of a host's argument is not 1 to 4096");
  if (!positions.insert(position).second) return Error(Errc::invalid, "GRANT: an argument of the host is used twice");
  return ArgumentPiece(HostArgument{position});
}

Result<Argument> read_argument(FieldReader& reader, std::set<std::uint32_t>& positions) {
  const auto count = TRY(reader.count(8, kListLimit, "GRANT: the number of an argument's pieces is too large"));
  Argument argument;
  argument.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    auto piece = TRY(read_piece(reader, positions));
    if (!argument.empty() && std::holds_alternative<SecretBytes>(piece) &&
        std::holds_alternative<SecretBytes>(argument.back()))
      return Error(Errc::invalid, "GRANT: an argument has two literal pieces side by side");
    argument.push_back(std::move(piece));
  }
  return argument;
}

Result<Variable> read_variable(FieldReader& reader) {
  Variable variable;
  variable.name = TRY(reader.text(kPathLimit, "GRANT: the name of a variable is cut off, too long or has a NUL"));
  if (variable.name.empty() || variable.name.find('=') != std::string::npos)
    return Error(Errc::invalid, "GRANT: the name of a variable is empty or has '='");
  const auto source = TRY(reader.number<std::uint32_t>("GRANT: the source of a variable is cut off"));
  if (source > 1) return Error(Errc::invalid, "GRANT: a variable has a source that there is not");
  variable.source = static_cast<Variable::Source>(source);
  variable.value = secret_from(TRY(reader.text(kGrantLimit, "GRANT: the value of a variable is cut off or has a NUL")));
  if (variable.source == Variable::Source::host && !variable.value.empty())
    return Error(Errc::invalid, "GRANT: a variable of the host has a value");
  return variable;
}

Result<InjectedFile> read_file(FieldReader& reader) {
  InjectedFile file;
  file.path = TRY(reader.text(kPathLimit, "GRANT: the path of a file is cut off, too long or has a NUL"));
  if (!is_plain_path(file.path) || file.path == "/")
    return Error(Errc::invalid, "GRANT: the path of a file is not absolute and plain");
  file.mode = TRY(reader.number<std::uint32_t>("GRANT: the mode of a file is cut off"));
  if ((file.mode & ~kModeMask) != 0) return Error(Errc::invalid, "GRANT: the mode of a file has bits that are none");
  file.owner = TRY(reader.number<std::uint32_t>("GRANT: the owner of a file is cut off"));
  file.group = TRY(reader.number<std::uint32_t>("GRANT: the group of a file is cut off"));
  const Bytes contents = TRY(reader.bytes(kGrantLimit, "GRANT: the contents of a file are cut off"));
  file.contents.assign(contents.begin(), contents.end());
  return file;
}

// In ascending order of bytes a path's descendants need not follow it at once: "/a", "/a-b", "/a/c".
bool lies_below_another(const std::vector<InjectedFile>& files, const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string_view parent = std::string_view(path).substr(0, slash);
    const auto found =
        std::lower_bound(files.begin(), files.end(), parent,
                         [](const InjectedFile& file, std::string_view name) { return file.path < name; });
    if (found != files.end() && found->path == parent) return true;
  }
  return false;
}

void write_argument(FieldWriter<SecretBytes>& writer, const Argument& argument) {
  writer.number(static_cast<std::uint32_t>(argument.size()));
  for (const ArgumentPiece& piece : argument) {
    if (const auto* literal = std::get_if<SecretBytes>(&piece))
      writer.number(kLiteral).bytes(*literal);
    else
      writer.number(kHostArgument).number(std::get<HostArgument>(piece).position);
  }
}
}  // namespace

bool is_plain_path(std::string_view path) {
  if (path == "/") return true;
  if (path.empty() || path.front() != '/' || path.size() > kPathLimit) return false;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view name = path.substr(0, path.find('/'));
    if (name.empty() || name == "." || name == "..") return false;
    path.remove_prefix(name.size());
  }
  return true;
}

SecretBytes encode(const Configuration& configuration) {
  FieldWriter<SecretBytes> writer;
  writer.number(static_cast<std::uint8_t>(MessageType::grant));
  writer.number(static_cast<std::uint32_t>(configuration.arguments.size()));
  for (const Argument& argument : configuration.arguments) write_argument(writer, argument);
  writer.number(static_cast<std::uint32_t>(configuration.environment.size()));
  for (const Variable& variable : configuration.environment)
    writer.text(variable.name).number(static_cast<std::uint32_t>(variable.source)).bytes(variable.value);
  writer.text(configuration.working_directory);
  writer.number(static_cast<std::uint32_t>(configuration.files.size()));
  for (const InjectedFile& file : configuration.files)
    writer.text(file.path).number(file.mode).number(file.owner).number(file.group).bytes(file.contents);
  return writer.take();
}

Result<Configuration> decode_grant(Bytes message) {
  FieldReader reader(message);
  if (TRY(reader.number<std::uint8_t>("GRANT: empty")) != static_cast<std::uint8_t>(MessageType::grant))
    return Error(Errc::invalid, "GRANT: another type");
  Configuration configuration;
  std::set<std::uint32_t> positions;
  const auto argument_count = TRY(reader.count(4, kListLimit, "GRANT: the number of arguments is too large"));
  if (argument_count == 0) return Error(Errc::invalid, "GRANT: no arguments, not even the program's name");
  for (std::uint32_t i = 0; i < argument_count; ++i)
    configuration.arguments.push_back(TRY(read_argument(reader, positions)));
  const auto variable_count =
      TRY(reader.count(kSmallestVariable, kListLimit, "GRANT: the number of variables is too large"));
  for (std::uint32_t i = 0; i < variable_count; ++i) {
    auto variable = TRY(read_variable(reader));
    if (i > 0 && configuration.environment.back().name >= variable.name)
      return Error(Errc::invalid, "GRANT: the variables are not ascending");
    configuration.environment.push_back(std::move(variable));
  }
  configuration.working_directory =
      TRY(reader.text(kPathLimit, "GRANT: the working directory is cut off, too long or has a NUL"));
  if (!is_plain_path(configuration.working_directory))
    return Error(Errc::invalid, "GRANT: the working directory is not absolute and plain");
  const auto file_count = TRY(reader.count(kSmallestFile, kListLimit, "GRANT: the number of files is too large"));
  for (std::uint32_t i = 0; i < file_count; ++i) {
    auto file = TRY(read_file(reader));
    if (i > 0 && configuration.files.back().path >= file.path)
      return Error(Errc::invalid, "GRANT: the files are not ascending");
    if (lies_below_another(configuration.files, file.path))
      return Error(Errc::invalid, "GRANT: a file lies below another file");
    configuration.files.push_back(std::move(file));
  }
  TRY(reader.end("GRANT: bytes after the files"));
  return configuration;
}

}  // namespace cloister::release
