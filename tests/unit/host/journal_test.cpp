#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "host/sqlite_journal.hpp"
#include "ports/task_group.hpp"
#include "support/temporary_folder.hpp"

namespace aviary::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Contents = std::vector<std::pair<std::string, std::string>>;

/// That compressing makes no smaller.
std::string noise(std::size_t size) {
  std::mt19937_64 bits(7);
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>(bits());
  return text;
}

struct JournalTest : ::testing::Test {
  testing::TemporaryFolder folder;
  std::filesystem::path database = folder.path() / "aviary.sqlite";
  boost::asio::io_context loop{1};

  std::unique_ptr<SqliteJournal> open() {
    auto opened = SqliteJournal::open(database, loop.get_executor());
    if (!opened) throw std::runtime_error(opened.error().text);
    return std::move(*opened);
  }

  Contents contents(std::string_view collection) {
    Contents found;
    open()->load(collection,
                 [&found](std::string_view key, std::string_view value) { found.emplace_back(key, value); });
    return found;
  }

  void run() {
    loop.restart();
    loop.run();
  }

  void sql(const char* statement) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(database.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, statement, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
};

Task<> settle(SqliteJournal& journal, std::vector<int>& order, int name) {
  co_await journal.settled();
  EXPECT_TRUE(journal.is_settled());
  order.push_back(name);
}

TEST_F(JournalTest, KeepsRecordsInKeyOrderApartByCollection) {
  {
    const auto journal = open();
    EXPECT_TRUE(journal->durable());
    journal->put("functions", "b", "2");
    journal->put("functions", "a", "1");
    journal->put("aliases", "a", "live");
    journal->put("functions", "b", "3");
    journal->put("functions", "gone", "x");
    journal->erase("functions", "gone");
    journal->put("functions", std::string("nul\0inside", 10), std::string("\0\xff", 2));
  }
  EXPECT_THAT(contents("functions"),
              ElementsAre(Pair("a", "1"), Pair("b", "3"),
                          Pair(std::string("nul\0inside", 10), std::string("\0\xff", 2))));
  EXPECT_THAT(contents("aliases"), ElementsAre(Pair("a", "live")));
  EXPECT_THAT(contents("nothing"), IsEmpty());
}

TEST_F(JournalTest, ClearForgetsEverythingBeforeItAndNothingAfter) {
  {
    const auto journal = open();
    journal->put("functions", "old", "1");
    run();
    journal->put("functions", "same turn", "2");
    journal->clear();
    journal->put("functions", "new", "3");
    run();
  }
  EXPECT_THAT(contents("functions"), ElementsAre(Pair("new", "3")));
}

TEST_F(JournalTest, SettledCompletesWhenWhatWasPutIsOnDisk) {
  const auto journal = open();
  TaskGroup tasks(loop.get_executor());
  std::vector<int> order;
  EXPECT_TRUE(journal->is_settled());
  tasks.spawn("settle", settle(*journal, order, 0));
  run();
  EXPECT_THAT(order, ElementsAre(0)) << "nothing to wait for";

  journal->put("c", "k", "v");
  EXPECT_FALSE(journal->is_settled());
  tasks.spawn("settle", settle(*journal, order, 1));
  run();
  EXPECT_THAT(order, ElementsAre(0, 1));
  EXPECT_TRUE(journal->is_settled());

  // A copy taken now is what a machine that lost its power now would find.
  const auto copy = folder.path() / "copy.sqlite";
  std::filesystem::copy_file(database, copy);
  std::filesystem::copy_file(database.native() + "-wal", copy.native() + "-wal");
  database = copy;
  EXPECT_THAT(contents("c"), ElementsAre(Pair("k", "v")));
}

TEST_F(JournalTest, NobodyWaitsForWhatNobodyIsTold) {
  {
    const auto journal = open();
    TaskGroup tasks(loop.get_executor());
    std::vector<int> order;
    journal->put_unawaited("c", "a", "1");
    EXPECT_TRUE(journal->is_settled());
    EXPECT_FALSE(journal->is_written());
    // The same turn's changes are one: whoever waits for one of them waits for all.
    journal->put("c", "b", "2");
    EXPECT_FALSE(journal->is_settled());
    tasks.spawn("settle", settle(*journal, order, 1));
    run();
    EXPECT_THAT(order, ElementsAre(1));
    EXPECT_TRUE(journal->is_written());
    journal->put_unawaited("c", "c", "3");
    journal->erase_unawaited("c", "b");
    run();
    EXPECT_TRUE(journal->is_written());
  }
  EXPECT_THAT(contents("c"), ElementsAre(Pair("a", "1"), Pair("c", "3")));
}

TEST_F(JournalTest, BatchesThatWaitShareACommit) {
  const auto journal = open();
  for (int turn = 0; turn < 2000; ++turn)
    boost::asio::post(loop, [&journal, turn] { journal->put("c", std::to_string(turn), "v"); });
  run();
  EXPECT_TRUE(journal->is_settled());
  EXPECT_GE(journal->commits(), 1U);
  EXPECT_LT(journal->commits(), 1000U);
}

TEST_F(JournalTest, ReadingBackAfterTheFirstChangeIsABug) {
  const auto journal = open();
  journal->put("c", "k", "v");
  run();
  EXPECT_THROW(journal->load("c", [](std::string_view, std::string_view) {}), std::logic_error);
}

TEST_F(JournalTest, LargeValuesAreCompressedAndComeBackAsTheyWere) {
  std::string lines;
  for (int line = 0; lines.size() < 1'000'000; ++line)
    lines += "line " + std::to_string(line) + " of a log\n";
  // A value of ours that looks compressed is not taken for one.
  const std::string like_packed = "\x28\xb5\x2f\xfd" + noise(9000);
  {
    const auto journal = open();
    journal->put("c", "again", lines);
    journal->put("c", "lines", lines);
    journal->put("c", "noise", like_packed);
    journal->put("c", "small", "s");
    run();
    journal->put("c", "again", "short now");
    run();
  }
  EXPECT_LT(std::filesystem::file_size(database), 1'000'000U);
  EXPECT_THAT(contents("c"), ElementsAre(Pair("again", "short now"), Pair("lines", lines),
                                         Pair("noise", like_packed), Pair("small", "s")));
}

TEST_F(JournalTest, ACompressedValueThatIsDamagedIsSaidNotGuessed) {
  {
    const auto journal = open();
    journal->put("c", "good", std::string(5000, 'x'));
    journal->put("c", "worse", std::string(5000, 'y'));
    run();
  }
  for (const char* damage : {"UPDATE records SET value = x'28b52ffd00' WHERE key = 'worse'",
                             "UPDATE records SET unpacked = 1000000000000 WHERE key = 'worse'",
                             "UPDATE records SET unpacked = -1 WHERE key = 'worse'"}) {
    sql(damage);
    try {
      contents("c");
      ADD_FAILURE() << damage;
    } catch (const std::runtime_error& problem) {
      EXPECT_THAT(problem.what(), HasSubstr("worse of c is damaged")) << damage;
    }
  }
}

TEST_F(JournalTest, TheFirstLayoutIsTakenOver) {
  sql("CREATE TABLE records (collection TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, "
      "PRIMARY KEY (collection, key)) WITHOUT ROWID");
  sql("PRAGMA application_id = 1096176217");
  sql("PRAGMA user_version = 1");
  sql("INSERT INTO records VALUES ('c', 'old', 'kept')");
  {
    const auto journal = open();
    journal->put("c", "new", std::string(5000, 'x'));
    run();
  }
  EXPECT_THAT(contents("c"), ElementsAre(Pair("new", std::string(5000, 'x')), Pair("old", "kept")));
}

TEST_F(JournalTest, ANewerLayoutIsRefused) {
  open();
  sql("PRAGMA user_version = 3");
  const auto refused = SqliteJournal::open(database, loop.get_executor());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("was written by a newer Aviary (layout 3, this one knows 2)"));
}

TEST_F(JournalTest, AForeignDatabaseIsRefusedAndLeftAlone) {
  sql("CREATE TABLE precious (x)");
  const auto refused = SqliteJournal::open(database, loop.get_executor());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("not one of Aviary's"));
  sql("SELECT x FROM precious");
}

TEST_F(JournalTest, AFileThatIsNoDatabaseIsRefused) {
  std::ofstream(database) << std::string(5000, 'x');
  const auto refused = SqliteJournal::open(database, loop.get_executor());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("file is not a database"));
}

TEST_F(JournalTest, AFolderThatIsNotThereIsRefused) {
  const auto refused = SqliteJournal::open(folder.path() / "no" / "such.sqlite", loop.get_executor());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("unable to open database file"));
}

/// Makes every write beyond `bytes` of a file fail, as a full disk does, until it goes.
struct FullDisk {
  explicit FullDisk(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit{bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before); }
  rlimit before{};
};

TEST_F(JournalTest, AFullDiskIsNeverAcknowledgedAndRetriedUntilItTakesTheChanges) {
  const auto journal = open();
  TaskGroup tasks(loop.get_executor());
  std::vector<int> order;
  {
    const FullDisk full(16384);
    journal->put("c", "big", noise(100000));
    tasks.spawn("settle", settle(*journal, order, 1));
    loop.run_for(std::chrono::milliseconds(60));
    journal->put("c", "small", "y");
    tasks.spawn("settle", settle(*journal, order, 2));
    loop.run_for(std::chrono::milliseconds(150));
    EXPECT_THAT(order, IsEmpty());
    EXPECT_FALSE(journal->is_settled());
    EXPECT_THAT(journal->trouble(), HasSubstr("I/O error"));
  }
  loop.run_for(std::chrono::seconds(5));
  EXPECT_THAT(order, ElementsAre(1, 2));
  EXPECT_EQ(journal->trouble(), "");
}

TEST_F(JournalTest, ClosingOnAFullDiskEnds) {
  {
    auto journal = open();
    journal->put("c", "before", "1");
    run();
    const FullDisk full(16384);
    journal->put("c", "big", noise(100000));
    loop.run_for(std::chrono::milliseconds(50));
    journal.reset();
  }
  EXPECT_THAT(contents("c"), ElementsAre(Pair("before", "1")));
}

/// The process that is killed: writes pairs that belong together, and tells each acknowledged number.
Task<> write_pairs(SqliteJournal& journal, int from, int acknowledged) {
  for (int number = from;; ++number) {
    const std::string text = std::to_string(number);
    journal.put("pairs", "left", text);
    journal.put("pairs", "right", text);
    journal.put("log", text, text);
    co_await journal.settled();
    if (::write(acknowledged, &number, sizeof number) != sizeof number) ::_exit(1);
  }
}

TEST_F(JournalTest, NothingAcknowledgedIsLostAndNothingHalfDoneIsSeenAfterKillNine) {
  int newest = 0;
  for (int life = 0; life < 25; ++life) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
      boost::asio::io_context own_loop{1};
      auto journal = SqliteJournal::open(database, own_loop.get_executor());
      if (!journal) ::_exit(2);
      TaskGroup tasks(own_loop.get_executor());
      tasks.spawn("write", write_pairs(**journal, newest + 1, pipe_ends[1]));
      own_loop.run();
      ::_exit(3);
    }
    ::close(pipe_ends[1]);
    // Killed after a different number of acknowledgements in each life, somewhere within the next write.
    int number = 0;
    for (int heard = 0; heard < 1 + life * 3 % 17; ++heard) {
      ASSERT_EQ(::read(pipe_ends[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
      newest = number;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(life * 37 % 400));
    ::kill(writer, SIGKILL);
    int status = 0;
    ::waitpid(writer, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) newest = number;
    ::close(pipe_ends[0]);

    std::map<std::string, std::string> pairs;
    for (auto& [key, value] : contents("pairs")) pairs[key] = value;
    ASSERT_EQ(pairs["left"], pairs["right"]);
    ASSERT_GE(std::stoi(pairs["left"]), newest);
    ASSERT_LE(std::stoi(pairs["left"]), newest + 1) << "at most the one that was under way";
    newest = std::stoi(pairs["left"]);
    ASSERT_EQ(contents("log").size(), static_cast<std::size_t>(newest));
  }
}

}  // namespace
}  // namespace aviary::host
