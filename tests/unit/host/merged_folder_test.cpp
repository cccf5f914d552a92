#include "host/merged_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

class MergedFolders : public ::testing::Test {
 protected:
  MergedFolders() {
    std::string pattern = (fs::temp_directory_path() / "aviary-merge-XXXXXX").native();
    root_ = ::mkdtemp(pattern.data());
  }
  ~MergedFolders() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  std::string read(const std::string& name) {
    std::ifstream file(root_ / name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  std::error_code merge() { return merge_folders({root_ / "a", root_ / "b"}, root_ / "deep" / "merged"); }
  fs::path merged(const std::string& name) { return root_ / "deep" / "merged" / name; }

  fs::path root_;
};

TEST_F(MergedFolders, TheLaterOnesAreSeen) {
  write("a/python/one.py", "1");
  write("a/python/both.py", "of a");
  write("a/file-then-folder", "x");
  write("a/folder-then-file/inside", "x");
  write("b/python/both.py", "of b");
  write("b/python/two.py", "2");
  write("b/file-then-folder/inside", "y");
  write("b/folder-then-file", "y");
  fs::create_symlink("python/two.py", root_ / "b" / "link");
  fs::create_symlink("/etc", root_ / "a" / "out");
  write("b/out/mine", "z");
  ASSERT_FALSE(merge());
  EXPECT_EQ(read("deep/merged/python/one.py"), "1");
  EXPECT_EQ(read("deep/merged/python/both.py"), "of b");
  EXPECT_EQ(read("deep/merged/python/two.py"), "2");
  EXPECT_EQ(read("deep/merged/file-then-folder/inside"), "y");
  EXPECT_EQ(read("deep/merged/folder-then-file"), "y");
  EXPECT_EQ(fs::read_symlink(merged("link")), "python/two.py");
  EXPECT_FALSE(fs::is_symlink(merged("out"))) << "nothing is written through a link";
  EXPECT_EQ(read("a/python/both.py"), "of a") << "the layers stay as they are";
  struct stat one {};
  struct stat other {};
  ASSERT_EQ(::stat((root_ / "a/python/one.py").c_str(), &one), 0);
  ASSERT_EQ(::stat(merged("python/one.py").c_str(), &other), 0);
  EXPECT_EQ(one.st_ino, other.st_ino) << "linked, not copied";
}

TEST_F(MergedFolders, WhatFailsLeavesNothing) {
  write("a/file", "1");
  EXPECT_TRUE(merge()) << "b is not there";
  EXPECT_FALSE(fs::exists(merged("")));
  fs::create_directories(merged("mine"));
  fs::create_directories(root_ / "b");
  EXPECT_EQ(merge(), std::errc::file_exists);
  EXPECT_TRUE(fs::exists(merged("mine")));
}

}  // namespace
}  // namespace aviary::host
