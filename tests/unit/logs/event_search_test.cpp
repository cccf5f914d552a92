#include "services/logs/core/event_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "ports/journal.hpp"
#include "ports/random.hpp"

namespace aviary::logs {
namespace {

const Scope here{"123456789012", "us-east-1"};

struct Written {
  EventKey key;
  std::string stream;
  std::string text;
};

class EventSearchTest : public ::testing::Test {
 protected:
  void write(const std::string& stream, Millis at, const std::string& text) {
    const EventKey key = store_.append(store_.open_stream(here, "g", stream, 0), at, at + 1, text);
    written_.push_back({key, stream, text});
  }
  std::vector<std::uint64_t> streams() {
    std::vector<std::uint64_t> ids;
    for (const auto& [name, stream] : store_.find_group(here, "g")->streams) ids.push_back(stream->id);
    return ids;
  }
  /// All pages, each read in slices of `slice` bytes.
  std::vector<FoundEvent> search(std::string_view pattern, EventSearch::Range range, EventSearch::Page page,
                                 std::size_t slice) {
    std::vector<FoundEvent> all;
    for (int pages = 0; pages < 10'000; ++pages) {
      EventSearch search(streams(), *FilterPattern::parse(pattern), range, page);
      int slices = 0;
      while (!search.run(store_, slice)) {
        if (++slices > 1'000'000) {
          ADD_FAILURE() << "never ends";
          return all;
        }
      }
      EXPECT_LE(search.found().size(), page.events);
      const auto next = search.next();
      for (FoundEvent& event : search.take_found()) all.push_back(std::move(event));
      if (!next) return all;
      range.from = *next;
    }
    ADD_FAILURE() << "pages without end";
    return all;
  }

  NoJournal journal_;
  LogStore store_{journal_, {}};
  std::vector<Written> written_;
};

TEST_F(EventSearchTest, FindsWhatASlowSearchFinds) {
  SeededRandom random(11, "search");
  const std::vector<std::string> words{"ERROR", "WARN", "time out", "ok", "x", "{\"a\":1}", "ERR", "OR"};
  for (int i = 0; i < 4000; ++i) {
    std::string text;
    for (std::uint64_t n = random.next() % 4; n > 0; --n) text += words[random.next() % words.size()] + " ";
    if (text.empty()) text = "E";
    write("s" + std::to_string(random.next() % 7), static_cast<Millis>(random.next() % 3000), text);
  }
  std::ranges::sort(written_, {}, &Written::key);
  for (const char* pattern :
       {"", "ERROR", "ERROR -WARN", "?ERROR ?WARN", "\"time out\"", "%E.*R%", "OR x", "nowhere"}) {
    const FilterPattern parsed = *FilterPattern::parse(pattern);
    for (const auto& [from, until] : {std::pair<Millis, Millis>{0, 5000}, {500, 1200}, {2999, 3000}}) {
      std::vector<Written> expected;
      for (const Written& event : written_) {
        if (event.key.timestamp >= from && event.key.timestamp < until && parsed.matches(event.text))
          expected.push_back(event);
      }
      for (const EventSearch::Page page :
           {EventSearch::Page{}, {.events = 7}, {.events = 100, .bytes = 200}}) {
        for (const std::size_t slice : {std::size_t{1} << 30, std::size_t{500}, std::size_t{1}}) {
          if (slice == 1 && page.events == 7) continue;  // slow, and seen already
          const auto found = search(pattern, {{from, 0}, {until, 0}}, page, slice);
          ASSERT_EQ(found.size(), expected.size()) << pattern << ' ' << page.events << ' ' << slice;
          for (std::size_t i = 0; i < found.size(); ++i) {
            ASSERT_EQ(found[i].key, expected[i].key);
            ASSERT_EQ(found[i].text, expected[i].text);
            ASSERT_EQ(found[i].stream_name, expected[i].stream);
          }
        }
      }
    }
  }
}

TEST_F(EventSearchTest, AMatchDoesNotReachIntoTheNextEvent) {
  write("s", 1, "a FOO");
  write("s", 2, "BAR b");
  EXPECT_TRUE(search("FOOBAR", {}, {}, 1 << 20).empty());
  EXPECT_EQ(search("BAR", {}, {}, 1 << 20).size(), 1U);
}

TEST_F(EventSearchTest, OneEventMayBeLargerThanAPage) {
  write("s", 1, std::string(2 << 20, 'x'));
  write("s", 2, "y");
  EXPECT_EQ(search("", {}, {}, 1 << 20).size(), 2U);
}

TEST_F(EventSearchTest, StreamsMayGoAndComeBetweenSlices) {
  for (int i = 0; i < 3000; ++i) write("s" + std::to_string(i % 3), i, "ERROR " + std::string(300, 'x'));
  EventSearch search(streams(), *FilterPattern::parse("ERROR"), {}, {.events = 100'000, .bytes = 100 << 20});
  int slices = 0;
  while (!search.run(store_, 2000)) {
    ++slices;
    if (slices == 10) store_.erase_stream(*store_.find_stream(*store_.find_group(here, "g"), "s1"));
    if (slices == 20) write("s2", 100'000, "ERROR late");
    ASSERT_LT(slices, 100'000);
  }
  EXPECT_GT(search.found().size(), 2000U);
  EXPECT_EQ(search.found().back().text, "ERROR late");
  EXPECT_TRUE(std::ranges::is_sorted(search.found(), {}, &FoundEvent::key));
}

}  // namespace
}  // namespace aviary::logs
