// SPDX-License-Identifier: Apache-2.0
// Addresses, the cache directory and which document is taken from where; tests/quotes asks a real server.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <filesystem>
#include "src/dcap/simulation/world_for_test.h"
#include "src/pccs/collect.h"

namespace cloister::pccs {
namespace {
using dcap::CollateralKind;
using dcap::simulation::must;
using dcap::simulation::World;

struct Folder {
  Folder() : path((std::filesystem::temp_directory_path() / "cloister-pccs-XXXXXX").string()) { mkdtemp(path.data()); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};
}  // namespace

TEST(Pccs, Versions) {
  EXPECT_TRUE(Service::open("https://localhost:8081", "").ok());
  EXPECT_TRUE(Service::open("https://localhost:8081/sgx/certification/v3/", "").ok());
  EXPECT_FALSE(Service::open("https://localhost:8081/sgx/certification/v9", "").ok());
}

TEST(Pccs, DirectoryKeepsWhatItWasGiven) {
  const Folder folder;
  const Directory directory(folder.path + "/cache");
  const dcap::CollateralRequest request{.tdx = true, .fmspc = {0, 0x80, 0x6f, 5, 0, 0}, .platform_ca = false};
  EXPECT_FALSE(directory.read(CollateralKind::tcb_info, request).ok());
  const dcap::OwnedBytes bytes{1, 2, 3};
  ASSERT_TRUE(directory.write(CollateralKind::tcb_info, request, bytes).ok());
  ASSERT_TRUE(directory.write(CollateralKind::tcb_info, request, bytes).ok());
  EXPECT_EQ(must(directory.read(CollateralKind::tcb_info, request)).bytes, bytes);
  EXPECT_EQ(directory.file_name(CollateralKind::tcb_info, request), folder.path + "/cache/tdx/tcb/00806f050000.json");
  EXPECT_FALSE(directory.read(CollateralKind::qe_identity, request).ok());
}

TEST(Pccs, CollectsFromTheDirectoryWhatIsNotNamed) {
  const Folder folder;
  const World world;
  const dcap::CollateralFiles published = world.files();
  const Directory directory(folder.path);
  for (std::size_t i = 0; i < dcap::kCollateralKinds; ++i)
    must(directory.write(static_cast<CollateralKind>(i), dcap::simulation::kCollateralRequest,
                         published.files[i].bytes));
  dcap::Cache parsed;
  dcap::CollateralFiles files;
  const dcap::OwnedBytes named{'x'};
  files[CollateralKind::root_crl].bytes = named;
  std::string problem;
  collect({.cache = directory, .service = std::nullopt}, dcap::simulation::kCollateralRequest, world.now, parsed, files,
          problem);
  EXPECT_EQ(problem, "");
  EXPECT_EQ(files[CollateralKind::root_crl].bytes, named);
  EXPECT_EQ(files[CollateralKind::tcb_info].bytes, published[CollateralKind::tcb_info].bytes);
  // What is out of force is still better than nothing: the verdict names it.
  dcap::CollateralFiles late;
  collect({.cache = directory, .service = std::nullopt}, dcap::simulation::kCollateralRequest, world.now + 90 * 86400,
          parsed, late, problem);
  EXPECT_EQ(late[CollateralKind::tcb_info].bytes, published[CollateralKind::tcb_info].bytes);
}
}  // namespace cloister::pccs
