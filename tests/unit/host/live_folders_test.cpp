#include "host/live_folders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <thread>

#include "host/worker_threads.hpp"
#include "host/zip_package.hpp"
#include "support/run_task.hpp"
#include "support/temporary_folder.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct LiveFoldersTest : ::testing::Test {
  testing::TemporaryFolder folder;
  const fs::path root = fs::canonical(folder.path()) / "root";
  const fs::path code = root / "fun";
  boost::asio::io_context loop{1};
  WorkerThreads workers{loop.get_executor()};

  LiveFoldersTest() {
    fs::create_directories(code / "node_modules" / "left-pad");
    write("index.js", "one");
    write("node_modules/left-pad/index.js", "pad");
    settle_clock();
  }
  void write(const std::string& name, std::string_view text) { std::ofstream(code / name) << text; }
  /// Beyond the time within which a stamp does not trust the file system's clock.
  static void settle_clock() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }
  HostLiveFolders live(bool foreign_user = false) {
    return HostLiveFolders(workers, {.roots = {root}, .foreign_user = foreign_user});
  }
  std::uint64_t stamp() {
    HostLiveFolders folders = live();
    return testing::run_task(loop, folders.stamp(code));
  }
  std::string problem(const fs::path& path, bool foreign_user = false) {
    const auto found = live(foreign_user).find(path.native());
    return found ? "" : found.error().text;
  }
};

TEST_F(LiveFoldersTest, OnlyWhatLiesBelowARoot) {
  EXPECT_EQ(live().find(code.native()).value(), code);
  EXPECT_EQ(live().find((code / "../fun").native()).value(), code);
  EXPECT_EQ(live().find(root.native()).value(), root);
  const std::string refusal =
      "There is no folder /etc below those that --hot-reload-root names (" + root.string() + ").";
  EXPECT_EQ(problem("/etc"), refusal);
  EXPECT_THAT(problem("relative/path"), HasSubstr("absolute path"));
  EXPECT_THAT(problem(root / "missing"), HasSubstr("There is no folder"));
  EXPECT_THAT(problem(code / "index.js"), HasSubstr("is not a folder"));
  fs::create_directory(folder.path() / "root-of-another");
  EXPECT_THAT(problem(folder.path() / "root-of-another"), HasSubstr("There is no folder"));
  fs::create_directory_symlink("/etc", root / "way-out");
  EXPECT_THAT(problem(root / "way-out"), HasSubstr("There is no folder"));
}

TEST_F(LiveFoldersTest, WithoutARootItIsOff) {
  HostLiveFolders none(workers, {});
  EXPECT_THAT(none.find(code.native()).error().text, HasSubstr("--hot-reload-root"));
}

TEST_F(LiveFoldersTest, SaysWhenTheFunctionCouldNotReadIt) {
  ::chmod(code.c_str(), 0700);
  EXPECT_EQ(problem(code), "");
  EXPECT_THAT(problem(code, true), HasSubstr("chmod o+rx"));
}

TEST_F(LiveFoldersTest, AStampChangesWithWhateverChanges) {
  const std::uint64_t first = stamp();
  EXPECT_NE(first, 0U);
  EXPECT_EQ(stamp(), first);
  std::vector<std::uint64_t> seen{first};
  const auto changed = [&](const char* what) {
    settle_clock();
    seen.push_back(stamp());
    EXPECT_EQ(std::count(seen.begin(), seen.end(), seen.back()), 1) << what;
  };
  write("index.js", "two");
  changed("content of the same size");
  write("node_modules/left-pad/index.js", "dap");
  changed("deep down");
  fs::rename(code / "index.js", code / "main.js");
  changed("a name");
  fs::create_symlink("main.js", code / "link.js");
  changed("a link");
  fs::remove(code / "link.js");
  fs::create_symlink("index.js", code / "link.js");
  changed("where it leads");
  fs::permissions(code / "main.js", fs::perms::owner_all);
  changed("permissions");
  fs::remove_all(code);
  EXPECT_EQ(stamp(), 0U);
}

TEST_F(LiveFoldersTest, TwoChangesWithinATickAreTwo) {
  // The second may leave the same times behind, so the first is not trusted yet.
  write("index.js", "two");
  EXPECT_NE(stamp(), stamp());
}

TEST_F(LiveFoldersTest, ARebuiltFolderIsAnotherOne) {
  const std::uint64_t first = stamp();
  fs::remove_all(code);
  fs::create_directories(code);
  write("index.js", "one");
  settle_clock();
  EXPECT_NE(stamp(), first);
}

TEST_F(LiveFoldersTest, PacksWhatIsThere) {
  fs::permissions(code / "index.js", fs::perms(0755));
  fs::create_symlink("index.js", code / "link.js");
  write("größe.txt", "");
  HostLiveFolders folders = live();
  const std::string zip = testing::run_task(loop, folders.pack(code)).value();
  EXPECT_EQ(testing::run_task(loop, folders.pack(code)).value(), zip) << "the same content, the same bytes";
  const fs::path out = folder.path() / "out";
  fs::create_directory(out);
  ASSERT_TRUE(unpack_zip(zip, out, {}));
  std::string text;
  std::ifstream(out / "index.js") >> text;
  EXPECT_EQ(text, "one");
  EXPECT_EQ(fs::status(out / "index.js").permissions() & fs::perms::owner_all, fs::perms::owner_all);
  EXPECT_EQ(fs::read_symlink(out / "link.js"), "index.js");
  EXPECT_TRUE(fs::exists(out / "größe.txt"));
  EXPECT_TRUE(fs::exists(out / "node_modules" / "left-pad" / "index.js"));
}

}  // namespace
}  // namespace aviary::host
