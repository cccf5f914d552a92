#include "host/data_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace aviary::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct DataFolderTest : ::testing::Test {
  testing::TemporaryFolder folder;
  std::filesystem::path data = folder.path() / "state" / "here";
  std::filesystem::path temporary = folder.path() / "tmp";

  DataFolderTest() {
    std::filesystem::create_directory(temporary);
    ::setenv("TMPDIR", temporary.c_str(), 1);
  }
  ~DataFolderTest() override { ::unsetenv("TMPDIR"); }

  static unsigned mode(const std::filesystem::path& path) {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777U : 0;
  }
  std::vector<std::filesystem::path> in_temporary() {
    return {std::filesystem::directory_iterator(temporary), std::filesystem::directory_iterator{}};
  }
  /// A process that has made its folder and is then killed.
  template <class Make>
  static void killed(Make make) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto made = make();
      ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
  }
};

TEST_F(DataFolderTest, LaysOutWhatLastsAndWhatDoesNot) {
  {
    const auto opened = DataFolder::open(data);
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_TRUE(opened->durable());
    EXPECT_EQ(opened->database(), std::filesystem::canonical(data) / "aviary.sqlite");
    EXPECT_TRUE(std::filesystem::is_directory(opened->code()));
    EXPECT_TRUE(std::filesystem::is_directory(opened->unpacked()));
    EXPECT_EQ(opened->scratch().parent_path(), temporary);
    EXPECT_EQ(mode(data), 0700U) << "environment variables of functions are in there";
    EXPECT_EQ(mode(opened->scratch()), 0711U);
    EXPECT_EQ(mode(opened->unpacked()), 0711U);
  }
  EXPECT_TRUE(std::filesystem::is_directory(data / "code"));
  EXPECT_THAT(in_temporary(), IsEmpty());
}

TEST_F(DataFolderTest, ASecondServerIsRefusedAndToldWhoHasIt) {
  const auto first = DataFolder::open(data);
  ASSERT_TRUE(first);
  const auto second = DataFolder::open(data);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("another Aviary (process " + std::to_string(::getpid()) + ")"));
  EXPECT_THAT(second.error().text, HasSubstr(data.native()));
}

TEST_F(DataFolderTest, TheFolderIsFreeAgainWhenItsServerIsGone) {
  { const auto ended = DataFolder::open(data); }
  EXPECT_TRUE(DataFolder::open(data));
  killed([this] { return DataFolder::open(data); });
  EXPECT_TRUE(DataFolder::open(data));
}

TEST_F(DataFolderTest, WhatCannotBeAFolderIsRefused) {
  std::ofstream(folder.path() / "file") << "x";
  const auto refused = DataFolder::open(folder.path() / "file");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("cannot use the data folder"));
}

TEST_F(DataFolderTest, WithoutAFolderEverythingIsTemporary) {
  {
    const auto made = DataFolder::temporary();
    ASSERT_TRUE(made);
    EXPECT_FALSE(made->durable());
    EXPECT_EQ(made->code().parent_path(), made->scratch());
    EXPECT_EQ(in_temporary().size(), 1U);
  }
  EXPECT_THAT(in_temporary(), IsEmpty());
}

TEST_F(DataFolderTest, WhatAKilledServerLeftIsSweptAndWhatLivesIsNot) {
  const auto living = DataFolder::temporary();
  killed([] { return DataFolder::temporary(); });
  std::filesystem::create_directory(temporary / "aviary-of-somebody-else");
  ASSERT_EQ(in_temporary().size(), 3U);
  const auto leftovers = ScratchFolder::leftovers();
  ASSERT_EQ(leftovers.size(), 1U);
  ScratchFolder::remove_leftovers({leftovers[0], living->scratch()});
  EXPECT_FALSE(std::filesystem::exists(leftovers[0]));
  EXPECT_TRUE(std::filesystem::exists(living->code()));
  EXPECT_THAT(ScratchFolder::leftovers(), IsEmpty());
  EXPECT_EQ(in_temporary().size(), 2U);
}

TEST_F(DataFolderTest, ADataFolderIsNeverSweptWhateverItIsCalled) {
  for (const char* name : {"aviary-data", "aviary-scratch-data", "aviary-scratch-abcdef"}) {
    const auto kept = temporary / name;
    { ASSERT_TRUE(DataFolder::open(kept)); }
    EXPECT_THAT(ScratchFolder::leftovers(), IsEmpty()) << name;
    ScratchFolder::remove_leftovers({kept});
    EXPECT_TRUE(std::filesystem::exists(kept / "code")) << name;
  }
}

TEST_F(DataFolderTest, ASweepThatWasCutShortIsFinishedByTheNext) {
  killed([] { return DataFolder::temporary(); });
  const auto left = ScratchFolder::leftovers();
  ASSERT_EQ(left.size(), 1U);
  std::filesystem::remove_all(left[0]);
  std::filesystem::create_directory(left[0]);
  ASSERT_THAT(ScratchFolder::leftovers(), ElementsAre(left[0]));
  ScratchFolder::remove_leftovers(left);
  EXPECT_THAT(in_temporary(), IsEmpty());
}

TEST_F(DataFolderTest, NoPlaceForTemporaryFilesIsExplained) {
  ::setenv("TMPDIR", "/does/not/exist", 1);
  const auto refused = DataFolder::temporary();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("TMPDIR"));
}

}  // namespace
}  // namespace aviary::host
