#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <fstream>

#include "host/disk_body_store.hpp"
#include "host/worker_threads.hpp"
#include "support/run_task.hpp"
#include "support/temporary_folder.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

struct BodyStoreTest : ::testing::Test {
  testing::TemporaryFolder folder;
  boost::asio::io_context loop{1};
  WorkerThreads workers{loop.get_executor()};
  SeededRandom names{1, "bodies"};
  DiskBodyStore store{workers, names, folder.path() / "objects", true};

  std::size_t files() const {
    std::size_t count = 0;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(folder.path(), ignored))
      count += entry.is_regular_file() ? 1 : 0;
    return count;
  }
  BodyHandle written(std::string bytes) {
    const auto writer = store.begin({});
    return run(writer->finish(std::move(bytes)));
  }
  std::string read(const BodyHandle& body, std::uint64_t offset, std::uint64_t length) {
    const std::optional<std::string> bytes = run(store.read(body, offset, length));
    return bytes ? *bytes : "unreadable";
  }
  void finish(Task<> task) { testing::run_task(loop, std::move(task)); }
  template <class T>
  T run(Task<T> task) {
    return testing::run_task(loop, std::move(task));
  }
};

TEST_F(BodyStoreTest, PiecesBecomeOneBody) {
  std::string watched;
  const auto writer = store.begin([&watched](std::string_view piece) { watched += piece; });
  EXPECT_EQ(files(), 0U);
  EXPECT_TRUE(run(writer->append("one ")));
  EXPECT_TRUE(run(writer->append("two ")));
  BodyHandle body = run(writer->finish("three"));
  ASSERT_TRUE(body);
  EXPECT_EQ(body->size, 13U);
  EXPECT_EQ(watched, "one two three");
  EXPECT_EQ(read(body, 0, 13), "one two three");
  EXPECT_EQ(read(body, 4, 3), "two");
  EXPECT_EQ(read(body, 4, 300), "unreadable");
  finish(store.collect());
  EXPECT_EQ(files(), 1U);  // the writer has it, and so has who finished it
  EXPECT_EQ(store.open(body->id), body);
}

TEST_F(BodyStoreTest, WhatIsNotFinishedGoes) {
  auto writer = store.begin({});
  EXPECT_TRUE(run(writer->append(std::string(100'000, 'x'))));
  EXPECT_TRUE(run(writer->append("more")));
  finish(writer->settle());
  EXPECT_EQ(files(), 1U);
  EXPECT_FALSE(store.has_dropped());
  writer.reset();
  EXPECT_TRUE(store.has_dropped());
  finish(store.collect());
  EXPECT_EQ(files(), 0U);
}

TEST_F(BodyStoreTest, ABodyOfNothing) {
  const BodyHandle body = written("");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->size, 0U);
  EXPECT_EQ(files(), 1U);
}

TEST_F(BodyStoreTest, ADiskThatRefusesIsTold) {
  std::ofstream(folder.path() / "objects") << "in the way";
  const auto writer = store.begin({});
  EXPECT_TRUE(run(writer->append("a")));  // it is under way
  EXPECT_FALSE(run(writer->append("b")));
  EXPECT_FALSE(written("c"));
}

TEST_F(BodyStoreTest, WhatAKilledServerWasWritingIsSwept) {
  BodyHandle kept = written("kept");
  auto unfinished = store.begin({});
  EXPECT_TRUE(run(unfinished->append("half")));
  finish(unfinished->settle());
  ASSERT_EQ(files(), 2U);
  SeededRandom other_names{2, "bodies"};
  DiskBodyStore next{workers, other_names, folder.path() / "objects", true};
  const BodyHandle found = next.open(kept->id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size, 4U);
  next.sweep();
  finish(next.collect());
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace aviary::host
