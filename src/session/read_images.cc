// SPDX-License-Identifier: Apache-2.0
// images[] and volumes[].
#include <algorithm>
#include "src/session/reader.h"
#include "src/yaml/scalars.h"

namespace cloister::session {
namespace {
void read_injection_file(Reader& reader, const Value& value, Image* image) {
  InjectionFile file;
  file.place = value.place;
  if (value.kind == Value::Kind::scalar) {
    file.path = reader.absolute_path(value, "an injection file");
    reader.use(Section::injection_file, "path alone", value.place);
  } else {
    const bool is_mapping = reader.mapping(
        value, Section::injection_file,
        {{"path", [&](const Value& v) { file.path = reader.absolute_path(v, "path"); }},
         {"content", [&](const Value& v) { file.content = reader.text_template(v, "content"); }},
         {"permission", [&](const Value& v) {
            const auto mode = yaml::permission_of(v);
            if (!mode)
              reader.refuse(v.place, "permission must be an octal number from 0o000 to 0o777", "for example 0o400");
            file.mode = mode.value_or(0);
          }}});
    if (!is_mapping) return;
    require_key(reader, value, "path", "an injection file");
    if (!file.content) reader.use(Section::injection_file, "path alone", value.place);
  }
  if (std::any_of(image->injection_files.begin(), image->injection_files.end(),
                  [&](const auto& other) { return other.path == file.path; }))
    reader.refuse(value.place, "a second injection file " + file.path, "keep one of them");
  image->injection_files.push_back(std::move(file));
}

void read_image_volume(Reader& reader, const Value& value, Image* image) {
  ImageVolume volume;
  volume.place = value.place;
  reader.mapping(value, Section::image_volume,
                 {{"name", [&](const Value& v) { volume.name = reader.name(v, "a volume's name"); }},
                  {"path", [&](const Value& v) { volume.path = reader.absolute_path(v, "path"); }},
                  {"update_policy", [&](const Value& v) { volume.update_policy = read_update_policy(reader, v); }}});
  for (const char* key : {"name", "path"}) require_key(reader, value, key, "a volume of an image");
  image->volumes.push_back(std::move(volume));
}

void read_image(Reader& reader, const Value& value) {
  Image image;
  image.place = value.place;
  reader.mapping(
      value, Section::image,
      {{"name", [&](const Value& v) { image.name = reader.plain_text(v, "an image's name"); }},
       {"injection_files",
        [&](const Value& v) {
          reader.sequence(v, "injection_files", [&](const Value& item) { read_injection_file(reader, item, &image); });
        }},
       {"volumes",
        [&](const Value& v) {
          reader.sequence(v, "volumes of an image",
                          [&](const Value& item) { read_image_volume(reader, item, &image); });
        }},
       {"provide_secrets",
        [&](const Value& v) {
          image.provide_secrets.emplace();
          reader.sequence(v, "provide_secrets", [&](const Value& item) {
            image.provide_secrets->push_back({reader.name(item, "a secret's name"), item.place});
          });
        }},
       {"mrenclaves",
        [&](const Value& v) {
          reader.sequence(v, "mrenclaves", [&](const Value& item) {
            image.mrenclaves.push_back(reader.hash_setting(item, "an MRENCLAVE"));
          });
        }},
       {"tags",
        [&](const Value& v) {
          reader.sequence(v, "tags", [&](const Value& item) { image.tags.push_back(reader.text(item, "a tag")); });
        }},
       {"import", [&](const Value& v) { image.imported_from = reader.text(v, "import"); }}});
  require_key(reader, value, "name", "an image");
  reader.session().images.push_back(std::move(image));
}

VolumeExport read_volume_export(Reader& reader, const Value& value) {
  VolumeExport result;
  if (value.kind != Value::Kind::mapping || find_key(value, "to") == nullptr) {
    result.to = read_peer(reader, value, Shared::volume_export);
    return result;
  }
  reader.mapping(value, Section::volume_export,
                 {{"to", [&](const Value& v) { result.to = read_peer(reader, v, Shared::volume_export); }},
                  {"update_policy", [&](const Value& v) { result.update_policy = read_update_policy(reader, v); }},
                  {"volume_alias", [&](const Value& v) { result.alias = reader.name(v, "volume_alias"); }}});
  return result;
}

void read_volume(Reader& reader, const Value& value) {
  Volume volume;
  volume.place = value.place;
  // An import needs the volume's own name, which may stand behind it.
  if (const Value* const name = find_key(value, "name"); name != nullptr)
    volume.name = reader.name(*name, "a volume's name");
  reader.mapping(
      value, Section::volume,
      {{"name", [](const Value&) {}},
       {"fspf_key", [&](const Value& v) { volume.key = reader.hexadecimal(v, "fspf_key", 32, "a key from a secret"); }},
       {"fspf_tag", [&](const Value& v) { volume.tag = reader.hexadecimal(v, "fspf_tag", 16, "a key from a secret"); }},
       {"update_policy", [&](const Value& v) { volume.update_policy = read_update_policy(reader, v); }},
       {"files",
        [&](const Value& v) {
          volume.files = reader.text(v, "files");
          if (v.kind == Value::Kind::scalar && volume.files != "encrypted" && volume.files != "authenticated-only")
            reader.refuse(v.place, "files must be encrypted or authenticated-only");
        }},
       {"export",
        [&](const Value& v) {
          reader.one_or_more(v, "export",
                             [&](const Value& item) { volume.exports.push_back(read_volume_export(reader, item)); });
        }},
       {"import",
        [&](const Value& v) { volume.import = read_import(reader, v, Shared::volume_import, volume.name); }}});
  require_key(reader, value, "name", "a volume");
  if (volume.tag.has_value() != volume.key.has_value())
    reader.refuse(value.place, "fspf_key and fspf_tag of a volume belong together", "give both or none");
  if (volume.import && (volume.key || volume.tag))
    reader.refuse(value.place, "an imported volume with a key", "the exporting session has it");
  reader.session().volumes.push_back(std::move(volume));
}
}  // namespace

std::string read_update_policy(Reader& reader, const Value& value) {
  const Feature* const policy = reader.choice(value, Section::update_policy);
  return policy == nullptr ? std::string() : policy->name;
}

void read_images(Reader& reader, const Value& value) {
  reader.sequence(value, "images", [&](const Value& item) { read_image(reader, item); });
  check_unique(reader, reader.session().images, "image");
}
void read_volumes(Reader& reader, const Value& value) {
  reader.sequence(value, "volumes", [&](const Value& item) { read_volume(reader, item); });
  check_unique(reader, reader.session().volumes, "volume");
}
}  // namespace cloister::session
