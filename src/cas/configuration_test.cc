// SPDX-License-Identifier: Apache-2.0
#include "src/cas/configuration.h"
#include <gtest/gtest.h>
#include <functional>
#include "src/cas/policy/quotes_for_test.h"
#include "src/cas/secrets/encode.h"
#include "src/release/messages.h"

namespace cloister::cas {
namespace {
using release::HostArgument;
using session::Kind;

const QuoteMaker& maker() {
  static const QuoteMaker one;
  return one;
}

std::string shown(const release::Argument& argument) {
  std::string text;
  for (const release::ArgumentPiece& piece : argument)
    if (const auto* const host = std::get_if<HostArgument>(&piece))
      text.append("<").append(std::to_string(host->position)).append(">");
    else
      text += text_of(std::get<SecretBytes>(piece));
  return text;
}

class Configurations : public testing::Test {
 protected:
  Configurations() {
    session_.name = "shop";
    session::Service service;
    service.name = "web";
    service.image_name = "image";
    session::AttestationVariant variant;
    variant.mrenclave = {{session::Hash{0xe1}, {}}};
    service.attestation = {variant};
    session_.services = {service};
    session::Image image;
    image.name = "image";
    session_.images = {image};
    session_.security.insecure_simulation_root = session::Setting<session::Hash>{maker().root_hash(), {}};
    add("password", Kind::ascii, "p\"w");
    add("nested", Kind::ascii, "$$SCONE::password$$ @@1");
    add("empty", Kind::ascii, "");
    add("blob", Kind::binary, std::string("\0\xff", 2));
  }
  void add(const char* name, Kind kind, std::string_view value) {
    session::Secret secret;
    secret.name = name;
    secret.kind = kind;
    session_.secrets.push_back(secret);
    materials_[name].kind = kind;
    materials_[name].value = secret_from(value);
  }
  session::Service& service() { return session_.services[0]; }
  void command(std::vector<std::string> arguments) {
    service().command.clear();
    for (std::string& argument : arguments) service().command.push_back({{std::move(argument), {}}});
  }
  void variable(const char* name, const char* value) { service().environment.push_back({name, {value, {}}}); }
  void file(const char* path, const char* content, std::uint32_t mode = 0700) {
    session::InjectionFile one;
    one.path = path;
    one.content = session::Template{content, {}};
    one.mode = mode;
    session_.images[0].injection_files.push_back(one);
  }

  Result<release::Configuration> try_make() {
    problem_ = {};
    const auto quote = maker().verified({});
    const Decision decision = decide(session_, "web", quote, lookup_in(materials_));
    EXPECT_EQ(text_of(decision.refusals), "");
    return make_configuration(quote, decision.match.value(), materials_, &problem_);
  }
  release::Configuration made() {
    auto made = try_make();
    EXPECT_EQ(problem_.what, "");
    EXPECT_TRUE(release::decode_grant(release::encode(made.value())).ok());
    return std::move(made).take();
  }
  // Seen when the session is created, too.
  std::string refusal() {
    const auto made = try_make();
    const std::string at_start = problem_.what;
    problem_ = {};
    EXPECT_FALSE(check_configurations(session_, materials_, &problem_).ok());
    if (!made.ok()) {
      EXPECT_EQ(problem_.what, at_start);
    }
    return problem_.what;
  }

  session::Session session_;
  Materials materials_;
  yaml::Problem problem_;
};

TEST_F(Configurations, ArgumentsKeepTheHostsPlaces) {
  command({"/usr/bin/web", "--auth=$$SCONE::password$$:@@2!", "@@1", "", "$$SCONE::empty$$", "a b @@ @@x"});
  const auto arguments = made().arguments;
  ASSERT_EQ(arguments.size(), 6u);
  EXPECT_EQ(shown(arguments[0]), "/usr/bin/web");
  EXPECT_EQ(shown(arguments[1]), "--auth=p\"w:<2>!");
  EXPECT_EQ(arguments[1].size(), 3u);
  EXPECT_EQ(shown(arguments[2]), "<1>");
  EXPECT_TRUE(arguments[3].empty());
  EXPECT_TRUE(arguments[4].empty());
  EXPECT_EQ(shown(arguments[5]), "a b @@ @@x");
}

TEST_F(Configurations, WhatWasFilledInIsNotReadAgain) {
  command({"x", "$$SCONE::nested$$", "$$SCONE::nested$$@@1"});
  variable("A", "$$SCONE::nested$$");
  file("/f", "$$SCONE::nested$$");
  const auto configuration = made();
  EXPECT_EQ(shown(configuration.arguments[1]), "$$SCONE::password$$ @@1");
  EXPECT_EQ(configuration.arguments[1].size(), 1u);
  EXPECT_EQ(shown(configuration.arguments[2]), "$$SCONE::password$$ @@1<1>");
  EXPECT_EQ(text_of(configuration.environment[0].value), "$$SCONE::password$$ @@1");
  EXPECT_EQ(text_of(configuration.files[0].contents), "$$SCONE::password$$ @@1");
}

TEST_F(Configurations, EnvironmentDirectoryFiles) {
  variable("Z", "z$$SCONE::blob:hex$$");
  variable("A", "");
  service().environment.push_back({"TZ", {}, true});
  service().working_directory.text = "/srv/www";
  file("/etc/b.json", "{\"p\": \"$$SCONE::password|escape(json)$$\"}", 0400);
  file("/etc/a", "$$SCONE::blob$$");
  const auto configuration = made();
  ASSERT_EQ(configuration.environment.size(), 3u);
  EXPECT_EQ(configuration.environment[0].name, "A");
  EXPECT_EQ(configuration.environment[1].name, "TZ");
  EXPECT_EQ(configuration.environment[1].source, release::Variable::Source::host);
  EXPECT_EQ(text_of(configuration.environment[2].value), "z00ff");
  EXPECT_EQ(configuration.working_directory, "/srv/www");
  ASSERT_EQ(configuration.files.size(), 2u);
  EXPECT_TRUE(check_configurations(session_, materials_, &problem_).ok()) << problem_.what;
  EXPECT_EQ(configuration.files[0].path, "/etc/a");
  EXPECT_EQ(configuration.files[0].mode, 0700u);
  EXPECT_EQ(configuration.files[0].contents, (SecretBytes{0, 0xff}));
  EXPECT_EQ(configuration.files[1].mode, 0400u);
  EXPECT_EQ(text_of(configuration.files[1].contents), "{\"p\": \"p\\\"w\"}");
  EXPECT_EQ(configuration.files[1].owner, 0u);
}

TEST_F(Configurations, ExtraSlashesMeanNothing) {
  service().working_directory.text = "//srv///www/";
  file("//etc//a/", "x");
  EXPECT_EQ(made().working_directory, "/srv/www");
  EXPECT_EQ(made().files[0].path, "/etc/a");
  file("/etc/a", "y");
  EXPECT_EQ(refusal(), "injection file /etc/a is there twice");
}

TEST_F(Configurations, WhatIsLeftOut) {
  const auto configuration = made();
  ASSERT_EQ(configuration.arguments.size(), 1u);
  EXPECT_EQ(shown(configuration.arguments[0]), "web");
  EXPECT_EQ(configuration.working_directory, "/");
  EXPECT_TRUE(configuration.files.empty());
  service().image_name = "registry.example.com/web:1";
  file("/f", "x");
  EXPECT_TRUE(made().files.empty());
}

TEST_F(Configurations, RefusedByName) {
  const session::Session good = session_;
  const auto refused = [&](const std::function<void()>& change) {
    session_ = good;
    change();
    return refusal();
  };
  EXPECT_EQ(refused([&] { command({"x", "$$SCONE::blob$$"}); }), "an argument of the command would contain a NUL byte");
  EXPECT_EQ(refused([&] { variable("V", "$$SCONE::blob$$"); }), "variable V would contain a NUL byte");
  EXPECT_EQ(refused([&] { variable("V", "$$SCONE::nothing$$"); }), "no secret nothing in shop");
  EXPECT_EQ(refused([&] { service().working_directory.text = "srv"; }),
            "pwd of service web: not an absolute path without . and ..");
  EXPECT_EQ(refused([&] { file("/a/../b", "x"); }), "injection file /a/../b: not an absolute path without . and ..");
  EXPECT_EQ(refused([&] { file("/", "x"); }), "injection file /: not an absolute path without . and ..");
  EXPECT_EQ(refused([&] {
              file("/etc/nginx.conf", "");
              session_.images[0].injection_files[0].content.reset();
            }),
            "injection file /etc/nginx.conf has no content");
  EXPECT_EQ(refused([&] {
              file("/a", "x");
              file("/a", "y");
            }),
            "injection file /a is there twice");
  EXPECT_EQ(refused([&] {
              file("/a", "x");
              file("/a/b", "y");
            }),
            "service web cannot be given its configuration: GRANT: a file lies below another file");
  EXPECT_EQ(refused([&] {
              command({"x", "@@1", "@@1"});
            }),
            "service web cannot be given its configuration: GRANT: an argument of the host is used twice");
  const std::string much(9 << 20, 'x');
  EXPECT_EQ(refused([&] {
              file("/a", much.c_str());
              file("/b", much.c_str());
            }),
            "the files of image image are larger than 16 MiB");
  EXPECT_EQ(refused([&] {
              file("/a", much.c_str());
              variable("V", much.c_str());
            }),
            "service web cannot be given its configuration: GRANT: more than 16 MiB");
}

TEST_F(Configurations, OnlyForTheQuoteThatWasDecidedOn) {
  const auto quote = maker().verified({});
  QuoteUnderTest wanted;
  wanted.report.reportdata[63] = 1;
  const Decision decision = decide(session_, "web", maker().verified(wanted), lookup_in(materials_));
  const auto made = make_configuration(quote, decision.match.value(), materials_, &problem_);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code(), Errc::mismatch);
}

}  // namespace
}  // namespace cloister::cas
