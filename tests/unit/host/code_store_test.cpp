#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <sstream>

#include "base/encoding.hpp"
#include "host/disk_code_store.hpp"
#include "host/worker_threads.hpp"
#include "ports/task_group.hpp"
#include "support/temporary_folder.hpp"
#include "support/zip_writer.hpp"

namespace aviary::host {
namespace {

using testing::ZipWriter;
using Stored = CodeStore::Result<CodeHandle>;
using Unpacked = CodeStore::Result<std::filesystem::path>;

Task<> store(DiskCodeStore& packages, std::string zip, std::vector<Stored>& results) {
  Stored result = co_await packages.store(std::move(zip));
  results.push_back(std::move(result));
}
/// A zip in pieces; one that ends as it is said.
class Pieces final : public BodySource {
 public:
  Pieces(std::string bytes, std::size_t each, BodyEnd end = BodyEnd::Complete)
      : bytes_(std::move(bytes)), each_(each), end_(end) {}
  Task<BodyPiece> next() override {
    BodyPiece piece{bytes_.substr(at_, each_), end_};
    at_ += piece.bytes.size();
    co_return piece;
  }

 private:
  std::string bytes_;
  std::size_t each_;
  std::size_t at_ = 0;
  BodyEnd end_;
};

Task<> take(DiskCodeStore& packages, std::shared_ptr<BodySource> zip, std::vector<Stored>& results) {
  Stored result = co_await packages.take(std::move(zip));
  results.push_back(std::move(result));
}
Task<> unpack(DiskCodeStore& packages, CodeHandle code, std::vector<Unpacked>& results) {
  Unpacked result = co_await packages.unpacked(code);
  results.push_back(std::move(result));
}
Task<> read(DiskCodeStore& packages, CodeHandle code, std::vector<CodeStore::Result<std::string>>& results) {
  CodeStore::Result<std::string> result = co_await packages.bytes(code);
  results.push_back(std::move(result));
}

struct CodeStoreTest : ::testing::Test {
  testing::TemporaryFolder folder;
  boost::asio::io_context loop{1};
  WorkerThreads workers{loop.get_executor()};
  TaskGroup tasks{loop.get_executor()};
  CodePlaces places{folder.path() / "code", folder.path() / "unpacked", true};
  std::unique_ptr<DiskCodeStore> packages;

  CodeStoreTest() {
    std::filesystem::create_directory(places.packages);
    std::filesystem::create_directory(places.unpacked);
    restart();
  }
  void restart() { packages = std::make_unique<DiskCodeStore>(workers, places); }
  void run() {
    loop.restart();
    loop.run();
    ASSERT_EQ(tasks.size(), 0U) << "a coroutine is stuck";
  }
  std::vector<Stored> store_all(const std::vector<std::string>& zips) {
    std::vector<Stored> results;
    for (const auto& zip : zips) tasks.spawn("store", store(*packages, zip, results));
    run();
    return results;
  }
  CodeHandle stored(const std::string& zip) {
    const auto results = store_all({zip});
    return results.at(0) ? *results[0] : nullptr;
  }
  std::vector<Unpacked> unpack_all(const std::vector<CodeHandle>& codes) {
    std::vector<Unpacked> results;
    for (const auto& code : codes) tasks.spawn("unpack", unpack(*packages, code, results));
    run();
    return results;
  }
  void collect() {
    tasks.spawn("collect", packages->collect());
    run();
  }
  std::vector<std::filesystem::path> files(const std::filesystem::path& below) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(below))
      if (!entry.is_directory()) found.push_back(entry.path());
    return found;
  }
  static std::string text(const std::filesystem::path& path) {
    std::ostringstream content;
    content << std::ifstream(path).rdbuf();
    return content.str();
  }
};

const std::string one = ZipWriter{}.file("index.py", "one").bytes();
const std::string two = ZipWriter{}.file("index.py", "two").bytes();

TEST_F(CodeStoreTest, SaysDigestAndSizes) {
  const auto code = stored(one);
  ASSERT_TRUE(code);
  EXPECT_EQ(code->digest, base64_encode(sha256(one)));
  EXPECT_EQ(code->size, one.size());
  EXPECT_EQ(code->unzipped_size, 3U);
  const std::string hex = hex_encode(sha256(one));
  EXPECT_EQ(files(places.packages), std::vector{places.packages / hex.substr(0, 2) / (hex + ".zip")});
}

TEST_F(CodeStoreTest, AThousandStoresOfOneZipCostOneFileAndOneFolder) {
  const auto results = store_all(std::vector(1000, one));
  ASSERT_EQ(results.size(), 1000U);
  for (const auto& result : results) {
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, *results[0]) << "the very same handle";
  }
  EXPECT_EQ(files(places.packages).size(), 1U);

  const auto folders = unpack_all(std::vector(1000, *results[0]));
  ASSERT_EQ(folders.size(), 1000U);
  for (const auto& path : folders) EXPECT_EQ(*path, *folders[0]);
  EXPECT_EQ(files(places.unpacked).size(), 1U);
  EXPECT_EQ(text(*folders[0] / "index.py"), "one");
}

TEST_F(CodeStoreTest, TakesAZipInPieces) {
  std::vector<Stored> results;
  for (int i = 0; i < 3; ++i) tasks.spawn("take", take(*packages, std::make_shared<Pieces>(one, 7), results));
  tasks.spawn("store", store(*packages, one, results));
  run();
  ASSERT_EQ(results.size(), 4U);
  for (const auto& result : results) {
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, *results[0]) << "the very same handle";
  }
  EXPECT_EQ((*results[0])->digest, base64_encode(sha256(one)));
  EXPECT_EQ((*results[0])->size, one.size());
  EXPECT_EQ(files(places.packages).size(), 1U);
  EXPECT_EQ(text(*unpack_all({*results[0]}).at(0) / "index.py"), "one");
  // What does not come whole, is none or is empty leaves nothing.
  results.clear();
  tasks.spawn("take", take(*packages, std::make_shared<Pieces>(two, 7, BodyEnd::Lost), results));
  tasks.spawn("take", take(*packages, std::make_shared<Pieces>("no zip", 7), results));
  tasks.spawn("take", take(*packages, std::make_shared<Pieces>("", 7), results));
  run();
  ASSERT_EQ(results.size(), 3U);
  for (const auto& result : results) EXPECT_FALSE(result);
  EXPECT_EQ(files(places.packages).size(), 1U);
}

TEST_F(CodeStoreTest, GivesTheBytesBack) {
  std::vector<CodeStore::Result<std::string>> results;
  tasks.spawn("read", read(*packages, stored(one), results));
  run();
  ASSERT_TRUE(results.at(0));
  EXPECT_EQ(*results[0], one);
}

TEST_F(CodeStoreTest, WhatIsRefusedLeavesNothing) {
  const auto results = store_all({"no zip", "", ZipWriter{}.file("../x", "1").bytes()});
  for (const auto& result : results) EXPECT_FALSE(result);
  EXPECT_TRUE(files(places.packages).empty());
}

TEST_F(CodeStoreTest, FindsAfterARestartWhatWasStored) {
  const std::string digest = stored(one)->digest;
  restart();
  const auto code = packages->open(digest);
  ASSERT_TRUE(code);
  EXPECT_EQ(code->digest, digest);
  EXPECT_EQ(code->size, one.size());
  EXPECT_EQ(code->unzipped_size, 3U);
  EXPECT_EQ(packages->open(digest), code);
  EXPECT_EQ(stored(one), code);
  EXPECT_EQ(text(*unpack_all({code})[0] / "index.py"), "one");
  EXPECT_FALSE(packages->open(base64_encode(sha256(two))));
  EXPECT_FALSE(packages->open("no digest"));
  EXPECT_FALSE(packages->open(""));
}

TEST_F(CodeStoreTest, CollectsWhatNobodyHolds) {
  auto held = stored(one);
  auto dropped = stored(two);
  unpack_all({held, dropped});
  const std::string digest = dropped->digest;
  collect();
  EXPECT_EQ(files(places.packages).size(), 2U);
  dropped.reset();
  collect();
  EXPECT_EQ(files(places.packages).size(), 1U);
  EXPECT_EQ(files(places.unpacked).size(), 1U);
  EXPECT_FALSE(packages->open(digest));
  EXPECT_EQ(text(*unpack_all({held})[0] / "index.py"), "one");
  // And it can come back.
  dropped = stored(two);
  ASSERT_TRUE(dropped);
  EXPECT_EQ(text(*unpack_all({dropped})[0] / "index.py"), "two");
}

TEST_F(CodeStoreTest, CollectsWhatAnEarlierRunLeftUnused) {
  const auto first = stored(one);
  stored(two);
  std::ofstream(places.packages / ".half-written.zip.new") << "x";
  restart();
  const auto kept = packages->open(first->digest);
  collect();
  EXPECT_EQ(files(places.packages).size(), 1U);
  EXPECT_EQ(text(*unpack_all({kept})[0] / "index.py"), "one");
}

TEST_F(CodeStoreTest, StoringWhileItIsCollectedKeepsIt) {
  for (int round = 0; round < 50; ++round) {
    stored(one);
    std::vector<Stored> results;
    tasks.spawn("collect", packages->collect());
    tasks.spawn("store", store(*packages, one, results));
    tasks.spawn("collect", packages->collect());
    run();
    ASSERT_TRUE(results.at(0));
    ASSERT_EQ(files(places.packages).size(), 1U);
    ASSERT_TRUE(unpack_all({*results[0]})[0]);
    results.clear();
    collect();
    ASSERT_TRUE(files(places.packages).empty());
  }
}

TEST_F(CodeStoreTest, TheFirstCollectionAfterAStartLeavesAloneWhatIsJustBeingWritten) {
  std::vector<std::string> zips;
  for (int i = 0; i < 8; ++i) zips.push_back(ZipWriter{}.file("index.py", std::to_string(i)).bytes());
  for (int round = 0; round < 50; ++round) {
    std::vector<Stored> results;
    for (const auto& zip : zips) tasks.spawn("store", store(*packages, zip, results));
    tasks.spawn("collect", packages->collect());
    run();
    for (const Stored& result : results) ASSERT_TRUE(result) << "in round " << round;
    ASSERT_EQ(files(places.packages).size(), zips.size());
    results.clear();
    collect();
    ASSERT_TRUE(files(places.packages).empty());
    restart();
  }
}

TEST_F(CodeStoreTest, APackageWhoseFileIsGoneSaysSo) {
  const auto code = stored(one);
  std::filesystem::remove(files(places.packages)[0]);
  const auto result = unpack_all({code})[0];
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), CodeProblem::Gone);
}

TEST_F(CodeStoreTest, AFolderThatCannotBeWrittenIsAProblemOfTheDisk) {
  places.packages = folder.path() / "a file";
  std::ofstream(places.packages) << "x";
  restart();
  const auto results = store_all({one});
  ASSERT_FALSE(results[0]);
  EXPECT_EQ(results[0].error(), CodeProblem::Disk);
}

}  // namespace
}  // namespace aviary::host
