#include "runtimes/files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace aviary::runtimes {
namespace {

TEST(RuntimeFiles, AreTheSourceTreesByteForByte) {
  ASSERT_FALSE(files().empty());
  for (const File& file : files()) {
    std::ifstream stream(std::string(AVIARY_SOURCE_DIR "/src/runtimes/").append(file.path), std::ios::binary);
    ASSERT_TRUE(stream) << file.path;
    const std::string expected{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_EQ(file.content, expected) << file.path;
  }
}

TEST(RuntimeFiles, AreSortedRelativeAndUnique) {
  EXPECT_EQ(std::ranges::adjacent_find(files(), std::ranges::greater_equal{}, &File::path), files().end());
  for (const File& file : files()) {
    EXPECT_FALSE(file.path.starts_with('/')) << file.path;
    EXPECT_EQ(file.path.find(".."), std::string_view::npos) << file.path;
    EXPECT_EQ(file.path.find("__pycache__"), std::string_view::npos) << file.path;
  }
}

TEST(RuntimeFiles, HaveAnEntryForEveryFamily) {
  for (std::string_view entry : {"nodejs/bootstrap.cjs", "python/bootstrap.py", "ruby/bootstrap.rb"}) {
    EXPECT_NE(std::ranges::find(files(), entry, &File::path), files().end()) << entry;
  }
}

}  // namespace
}  // namespace aviary::runtimes
