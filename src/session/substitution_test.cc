// SPDX-License-Identifier: Apache-2.0
#include "src/session/substitution.h"
#include <gtest/gtest.h>
#include "src/session/command_line.h"
#include "src/session/template.h"

namespace cloister::session {
namespace {
Secret make(std::string name, Kind kind) {
  Secret secret;
  secret.name = std::move(name);
  secret.kind = kind;
  return secret;
}

class Substitution : public testing::Test {
 protected:
  Substitution() {
    session.name = "s";
    session.secrets = {make("password", Kind::ascii), make("blob", Kind::binary), make("key", Kind::private_key),
                       make("cert", Kind::x509),      make("a.crt", Kind::ascii), make("nested", Kind::ascii)};
  }
  std::optional<SecretText> look(const Secret& secret, Encoding encoding) {
    if (secret.name == "nested") return SecretText("$$SCONE::password$$ @@1 'x y'");
    if (secret.name == "cert" && encoding == Encoding::private_key_pem) return std::nullopt;
    if (secret.name == "blob" && encoding == Encoding::bytes) return SecretText(std::string("\xff\0", 2));
    if (secret.name == "password") return SecretText("p\"\\\n\x01é");
    return SecretText(secret.name + "/" + std::to_string(static_cast<int>(encoding)));
  }
  std::string filled(const std::string& text) {
    problem = {};
    const auto result = fill(
        {text, {7, 3}}, session, [&](auto& s, auto e) { return look(s, e); }, &problem);
    return result.ok() ? result.value().reveal() : "refused: " + problem.what;
  }
  std::vector<std::string> command(const std::string& text, const std::vector<std::string>& host) {
    Service service;
    std::size_t open = 0;
    const auto words = split_command(text, &open);
    for (const CommandWord& word : *words) service.command.push_back({{word.text, {2, 1}}});
    problem = {};
    const auto result = fill_command(
        service, session, [&](auto& s, auto e) { return look(s, e); }, host, &problem);
    if (!result.ok()) return {"refused: " + problem.what};
    std::vector<std::string> arguments;
    for (const SecretText& argument : result.value()) arguments.push_back(argument.reveal());
    return arguments;
  }
  static std::string encoded(const char* name, Encoding encoding) {
    return std::string(name) + "/" + std::to_string(static_cast<int>(encoding));
  }

  Session session;
  yaml::Problem problem;
};
}  // namespace

TEST_F(Substitution, FormatsAndOlderSuffixes) {
  EXPECT_EQ(filled("plain $$ $NAME $$SCON::x$$ @@1"), "plain $$ $NAME $$SCON::x$$ @@1");
  EXPECT_EQ(filled("$$SCONE::blob:hex$$"), encoded("blob", Encoding::hex));
  EXPECT_EQ(filled("$$SCONE::blob.hex$$"), encoded("blob", Encoding::hex));
  EXPECT_EQ(filled("$$SCONE::key$$"), encoded("key", Encoding::private_key_pem));
  EXPECT_EQ(filled("$$SCONE::key:pkcs8:der$$"), encoded("key", Encoding::private_key_der));
  EXPECT_EQ(filled("<$$SCONE::cert$$$$SCONE::cert:chain$$>"),
            "<" + encoded("cert", Encoding::certificate_pem) + encoded("cert", Encoding::chain_pem) + ">");
  EXPECT_EQ(filled("$$SCONE::cert.chain$$"), encoded("cert", Encoding::chain_root_first_pem));
  // A secret that has the whole of it as its name comes first.
  EXPECT_EQ(filled("$$SCONE::a.crt$$"), encoded("a.crt", Encoding::text));
}
TEST_F(Substitution, RefusalsNameThePlaceAndNoValue) {
  EXPECT_EQ(filled("$$SCONE::nothing$$"), "refused: no secret nothing in s");
  EXPECT_EQ(problem.place.line, 7);
  EXPECT_EQ(filled("$$SCONE::key:crt$$"), "refused: secret key has no such format");
  EXPECT_EQ(filled("$$SCONE::key:$$"), "refused: secret key has no such format");
  EXPECT_EQ(filled("$$SCONE::password.hex$$"), "refused: secret password has no such format");
  EXPECT_EQ(filled("$$SCONE::key"), "refused: a placeholder without its end");
  EXPECT_EQ(filled("$$SCONE::key\n$$"), "refused: a placeholder without its end");
  EXPECT_EQ(filled("$$SCONE::$$"), "refused: a placeholder that names no secret");
  EXPECT_EQ(filled("$$SCONE::key|escape(xml)$$"), "refused: unknown filter escape(xml)");
  EXPECT_EQ(filled("$$SCONE::cert:privatekey$$"), "refused: secret cert cannot be given as $$SCONE::cert:privatekey$$");
}
TEST_F(Substitution, EscapesForJson) {
  EXPECT_EQ(filled("{\"p\": \"$$SCONE::password|escape(json)$$\"}"), "{\"p\": \"p\\\"\\\\\\n\\u0001é\"}");
  EXPECT_EQ(filled("$$SCONE::blob:bin|escape(json)$$"), "refused: secret blob is not UTF-8, which JSON needs");
}
TEST_F(Substitution, ResultsAreNeverScannedAgain) {
  EXPECT_EQ(filled("$$SCONE::nested$$"), "$$SCONE::password$$ @@1 'x y'");
  EXPECT_EQ(command("prog $$SCONE::nested$$ @@1", {"$$SCONE::password$$ @@2"}),
            (std::vector<std::string>{"prog", "$$SCONE::password$$ @@1 'x y'", "$$SCONE::password$$ @@2"}));
}
TEST_F(Substitution, TheNumberOfArgumentsIsThePolicys) {
  EXPECT_EQ(command("prog -x @@2 --y=@@1 'a @@ b' @1", {"one two", ""}),
            (std::vector<std::string>{"prog", "-x", "", "--y=one two", "a @@ b", "@1"}));
  EXPECT_EQ(command("prog @@2", {"one"}), (std::vector<std::string>{"refused: the host gives no argument 2"}));
  EXPECT_EQ(command("prog @@0", {"one"}), (std::vector<std::string>{"refused: @@0 is no argument of the host"}));
  EXPECT_EQ(command("prog $$SCONE::blob$$", {}),
            (std::vector<std::string>{"refused: an argument of  would contain a NUL byte"}));
}
TEST_F(Substitution, TheEnvironmentIsThePolicysAndWhatItLeavesToTheHost) {
  Service service;
  service.environment = {
      {"A", {"x$$SCONE::blob:hex$$", {}}, false}, {"B", {"ignored", {}}, true}, {"C", {"", {}}, true}};
  const auto result = fill_environment(
      service, session, [&](auto& s, auto e) { return look(s, e); },
      [](const std::string& name) { return name == "B" ? std::optional<std::string>("$$SCONE::key$$") : std::nullopt; },
      &problem);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result.value().size(), 3u);
  EXPECT_EQ(result.value()[0].second.reveal(), "x" + encoded("blob", Encoding::hex));
  EXPECT_EQ(result.value()[1].second.reveal(), "$$SCONE::key$$");
  EXPECT_EQ(result.value()[2].first, "C");
  EXPECT_EQ(result.value()[2].second.reveal(), "");
}

TEST(CommandLine, SplitsAtBlanksAndKeepsQuotes) {
  std::size_t open = 0;
  const auto words = [&](std::string_view text) {
    std::vector<std::string> list;
    const auto split = split_command(text, &open);
    if (!split) return std::vector<std::string>{"open at " + std::to_string(open)};
    for (const CommandWord& word : *split) list.push_back(word.text);
    return list;
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(words("  a\tb\n c "), (List{"a", "b", "c"}));
  EXPECT_EQ(words("x 'a b' \"c 'd' \\\"\\\\ \\n\" e\\ f ''"), (List{"x", "a b", "c 'd' \"\\ \\n", "e f", ""}));
  EXPECT_EQ(words("a'b'\"c\"d"), (List{"abcd"}));
  EXPECT_EQ(words(""), List{});
  EXPECT_EQ(words("a 'b"), (List{"open at 2"}));
  EXPECT_EQ(words("a \"b\\"), (List{"open at 2"}));
  EXPECT_EQ(words("ab\\"), (List{"open at 2"}));
  EXPECT_EQ(split_command("a  bc", &open)->at(1).offset, 3u);
}

TEST(Template, PiecesGiveTheTextAgain) {
  const std::string text = "a$$SCONE::b:c|escape(json)$$$$SCONE::d$$e@@12f@@x";
  TemplateProblem problem;
  const auto pieces = parse_template(text, HostArguments::allowed, &problem);
  ASSERT_TRUE(pieces);
  std::string whole;
  for (const Piece& piece : *pieces) {
    EXPECT_EQ(piece.offset, whole.size());
    whole += piece.text;
  }
  EXPECT_EQ(whole, text);
  EXPECT_EQ(pieces->at(1).format, "c");
  EXPECT_TRUE(pieces->at(1).escape_json);
  EXPECT_EQ(pieces->at(4).number, 12u);
  EXPECT_TRUE(is_placeholder("$$SCONE::a:b$$"));
  EXPECT_FALSE(is_placeholder("$$SCONE::a$$ "));
  EXPECT_FALSE(is_placeholder("$$SCONE::a$$$$SCONE::b$$"));
  EXPECT_FALSE(is_placeholder("$$SCONE::$$"));
}
}  // namespace cloister::session
