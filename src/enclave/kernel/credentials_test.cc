// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/credentials.h"
#include <gtest/gtest.h>
#include <linux/capability.h>

namespace cloister::kernel {
namespace {
TEST(Credentials, RootGivesItselfUp) {
  Credentials c = initial_credentials(0, 0);
  EXPECT_TRUE(has_capability(c, CAP_SYS_ADMIN));
  ASSERT_TRUE(set_gid(c, 100).ok());
  ASSERT_TRUE(set_uid(c, 100).ok());
  EXPECT_TRUE(c.uid == 100 && c.euid == 100 && c.suid == 100 && c.fsuid == 100 && c.egid == 100);
  EXPECT_EQ(c.effective, 0u);
  EXPECT_EQ(c.permitted, 0u);
  EXPECT_EQ(set_uid(c, 0).error().errno_value(), EPERM);
  EXPECT_EQ(set_gid(c, 0).error().errno_value(), EPERM);
}

TEST(Credentials, EffectiveUserGoesAndComesBack) {
  Credentials c = initial_credentials(0, 0);
  ASSERT_TRUE(set_resuid(c, kUnchanged, 7, kUnchanged).ok());
  EXPECT_EQ(c.euid, 7u);
  EXPECT_EQ(c.effective, 0u);
  EXPECT_EQ(c.permitted, kAllCapabilities);
  ASSERT_TRUE(set_resuid(c, kUnchanged, 0, kUnchanged).ok());
  EXPECT_EQ(c.effective, kAllCapabilities);
}

TEST(Credentials, KeepCapabilities) {
  Credentials c = initial_credentials(0, 0);
  c.keep_capabilities = true;
  ASSERT_TRUE(set_resuid(c, 5, 5, 5).ok());
  EXPECT_EQ(c.effective, 0u);
  EXPECT_EQ(c.permitted, kAllCapabilities);
  ASSERT_TRUE(set_capabilities(c, {1 << CAP_NET_BIND_SERVICE, 1 << CAP_NET_BIND_SERVICE, 0}).ok());
  EXPECT_TRUE(has_capability(c, CAP_NET_BIND_SERVICE));
  EXPECT_FALSE(has_capability(c, CAP_SETUID));
  EXPECT_EQ(set_capabilities(c, {kAllCapabilities, kAllCapabilities, 0}).error().errno_value(), EPERM);
}

TEST(Credentials, OrdinaryUserChangesAmongItsOwn) {
  Credentials c = initial_credentials(1000, 1000);
  EXPECT_FALSE(has_capability(c, CAP_SETUID));
  EXPECT_TRUE(set_uid(c, 1000).ok());
  EXPECT_TRUE(set_reuid(c, 1000, 1000).ok());
  EXPECT_EQ(set_reuid(c, 0, kUnchanged).error().errno_value(), EPERM);
  EXPECT_EQ(set_resgid(c, kUnchanged, 5, kUnchanged).error().errno_value(), EPERM);
  EXPECT_EQ(set_fs_uid(c, 3), 1000u);
  EXPECT_EQ(c.fsuid, 1000u);
  c.suid = 3;
  EXPECT_EQ(set_fs_uid(c, 3), 1000u);
  EXPECT_EQ(c.fsuid, 3u);
}

TEST(Credentials, ReuidSetsTheSavedId) {
  Credentials c = initial_credentials(0, 0);
  ASSERT_TRUE(set_reuid(c, kUnchanged, 9).ok());
  EXPECT_EQ(c.suid, 9u);
  Credentials same = initial_credentials(4, 4);
  ASSERT_TRUE(set_reuid(same, kUnchanged, 4).ok());
  EXPECT_EQ(same.suid, 4u);
}
}  // namespace
}  // namespace cloister::kernel
