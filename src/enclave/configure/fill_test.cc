// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/fill.h"
#include <gtest/gtest.h>
#include <cerrno>

namespace cloister::configure {
namespace {
release::Argument argument(std::initializer_list<release::ArgumentPiece> pieces) { return {pieces}; }
release::ArgumentPiece literal(const char* text) { return secret_from(text); }
}  // namespace

TEST(Fill, HostArgumentsComeVerbatimIntoTheirOneArgument) {
  release::Configuration configuration;
  configuration.arguments = {argument({literal("prog")}),
                             argument({literal("--x="), release::HostArgument{2}, literal(";")}), argument({}),
                             argument({release::HostArgument{1}})};
  std::uint32_t missing = 0;
  const auto filled = fill_arguments(configuration, {{"typed", "$$SCONE::key$$ @@2", "a b\" --y"}, {}}, &missing);
  ASSERT_TRUE(filled.ok());
  EXPECT_EQ(filled.value(), (std::vector<std::string>{"prog", "--x=a b\" --y;", "", "$$SCONE::key$$ @@2"}));
}

TEST(Fill, AMissingArgumentIsNamed) {
  release::Configuration configuration;
  configuration.arguments = {argument({literal("prog")}), argument({release::HostArgument{1}}),
                             argument({release::HostArgument{3}})};
  std::uint32_t missing = 0;
  const auto filled = fill_arguments(configuration, {{"typed", "one", "two"}, {}}, &missing);
  EXPECT_EQ(filled.error().errno_value(), EINVAL);
  EXPECT_EQ(missing, 3U);
  EXPECT_FALSE(fill_arguments(configuration, {{}, {}}, &missing).ok());
}

TEST(Fill, VariablesOfTheHostOnlyWhereTheyAreNamed) {
  release::Configuration configuration;
  configuration.environment.push_back({"A", release::Variable::Source::policy, secret_from("1=2")});
  configuration.environment.push_back({"HOME", release::Variable::Source::host, {}});
  configuration.environment.push_back({"NONE", release::Variable::Source::host, {}});
  EXPECT_EQ(fill_environment(configuration, {{}, {"LD_PRELOAD=x", "A=host", "HOMEX=no", "HOME=/h=1"}}),
            (std::vector<std::string>{"A=1=2", "HOME=/h=1", "NONE="}));
}
}  // namespace cloister::configure
