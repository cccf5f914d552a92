#include <gtest/gtest.h>

#include "services/s3/api/ranges.hpp"
#include "services/s3/core/bucket_store.hpp"
#include "services/s3/core/listing.hpp"
#include "services/s3/core/notification.hpp"
#include "support/memory_journal.hpp"

namespace aviary::s3 {
namespace {

/// Objects here have no bytes.
class NoBodies final : public BodyStore {
 public:
  std::unique_ptr<BodyWriter> begin(Watch) override { return nullptr; }
  Task<std::optional<std::string>> read(BodyHandle, std::uint64_t, std::uint64_t) override {
    co_return std::nullopt;
  }
  BodyHandle open(std::string_view) override { return nullptr; }
  Task<> collect() override { co_return; }
  bool has_dropped() const override { return false; }
  void sweep() override {}
};

class Objects : public ::testing::Test {
 protected:
  Bucket& bucket(std::string versioning = "") {
    Bucket made;
    made.name = "photos";
    made.versioning = std::move(versioning);
    return store.add(std::move(made));
  }
  void put(Bucket& into, std::string_view key, std::string etag = "e") {
    ObjectVersion version;
    version.etag = std::move(etag);
    store.put_object(into, key, std::move(version));
  }
  std::string listed(const Bucket& from, const Wanted& wanted) {
    const Page page = list_page(from, wanted);
    std::string text;
    for (const Page::Entry& entry : page.entries) text += std::string(entry.key) + " ";
    for (const std::string& prefix : page.prefixes) text += "[" + prefix + "] ";
    return text + (page.truncated ? "..." : "");
  }

  testing::MemoryJournal journal;
  NoBodies bodies;
  SeededRandom ids{1, "s3"};
  BucketStore store{journal, bodies, ids};
};

TEST_F(Objects, VersionsAsTheBucketWantsThem) {
  Bucket& plain = bucket();
  put(plain, "k", "1");
  put(plain, "k", "2");
  EXPECT_EQ(plain.objects.at("k").size(), 1U);
  plain.versioning = "Enabled";
  put(plain, "k", "3");
  put(plain, "k", "4");
  ASSERT_EQ(plain.objects.at("k").size(), 3U);
  EXPECT_EQ(BucketStore::find_object(plain, "k", {})->etag, "4");
  EXPECT_EQ(BucketStore::find_object(plain, "k", null_version)->etag, "2");
  const BucketStore::Deleted marked = store.delete_object(plain, "k", {}, {});
  EXPECT_TRUE(marked.delete_marker);
  EXPECT_TRUE(BucketStore::find_object(plain, "k", {})->delete_marker);
  store.delete_object(plain, "k", marked.version_id, {});
  EXPECT_EQ(BucketStore::find_object(plain, "k", {})->etag, "4");
  // Suspended: what is put replaces the null version, and no other.
  plain.versioning = "Suspended";
  put(plain, "k", "5");
  EXPECT_EQ(plain.objects.at("k").size(), 3U);
  EXPECT_EQ(BucketStore::find_object(plain, "k", null_version)->etag, "5");
}

TEST_F(Objects, ListingsByPrefixDelimiterAndPage) {
  Bucket& all = bucket();
  for (const char* key : {"a/1", "a/2", "a/b/3", "b", "c/4"}) put(all, key);
  EXPECT_EQ(listed(all, {}), "a/1 a/2 a/b/3 b c/4 ");
  EXPECT_EQ(listed(all, {.prefix = "", .delimiter = "/", .after = ""}), "b [a/] [c/] ");
  EXPECT_EQ(listed(all, {.prefix = "a/", .delimiter = "/", .after = ""}), "a/1 a/2 [a/b/] ");
  EXPECT_EQ(listed(all, {.prefix = "", .delimiter = "", .after = "a/2", .limit = 2}), "a/b/3 b ...");
  // A page that ends with a common prefix does not begin with it again.
  const Page first = list_page(all, {.prefix = "", .delimiter = "/", .after = "", .limit = 1});
  EXPECT_TRUE(first.truncated);
  EXPECT_EQ(listed(all, {.prefix = "", .delimiter = "/", .after = first.last}), "b [c/] ");
  store.delete_object(all, "b", {}, {});
  EXPECT_EQ(listed(all, {.prefix = "b", .delimiter = "", .after = ""}), "");
}

TEST(Ranges, AsS3HeedsThem) {
  const auto range = [](std::string_view text) {
    const Result<std::optional<Range>> found = range_in(text, 10);
    if (!found) return std::string(found.error().shape->code);
    return *found ? std::to_string((*found)->offset) + "+" + std::to_string((*found)->length) : "whole";
  };
  EXPECT_EQ(range("bytes=0-3"), "0+4");
  EXPECT_EQ(range("bytes=5-"), "5+5");
  EXPECT_EQ(range("bytes=-4"), "6+4");
  EXPECT_EQ(range("bytes=8-99"), "8+2");
  EXPECT_EQ(range("bytes=10-"), "InvalidRange");
  EXPECT_EQ(range("bytes=0-1,3-4"), "whole");
  EXPECT_EQ(range("lines=0-3"), "whole");
  EXPECT_EQ(range("bytes=4-2"), "whole");
}

TEST(Buckets, Names) {
  for (const char* good : {"abc", "my.bucket-1", "0123456789"}) EXPECT_TRUE(is_bucket_name(good)) << good;
  for (const char* bad : {"ab", "Abc", "a_b", "-abc", "abc-", "a..b", "192.168.1.1"})
    EXPECT_FALSE(is_bucket_name(bad)) << bad;
  EXPECT_FALSE(is_bucket_name(std::string(64, 'a')));
}

TEST(Notifications, GoToWhomTheEventAndTheKeyFit) {
  const Json configuration = Json::parse(R"({"LambdaFunctionConfigurations": [
      {"Id": "one", "LambdaFunctionArn": "arn:f", "Events": ["s3:ObjectCreated:*"],
       "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".png"}]}}},
      {"Id": "two", "LambdaFunctionArn": "arn:g", "Events": ["s3:ObjectRemoved:Delete"]}]})");
  const auto wants = [&](const char* event, const char* key) {
    std::string names;
    for (const Interested& each : interested_in(configuration, event, key)) names += each.id;
    return names;
  };
  EXPECT_EQ(wants("ObjectCreated:Put", "in/a.png"), "one");
  EXPECT_EQ(wants("ObjectCreated:Put", "in/a.jpg"), "");
  EXPECT_EQ(wants("ObjectRemoved:Delete", "x"), "two");
  EXPECT_EQ(wants("ObjectRemoved:DeleteMarkerCreated", "x"), "");
  EXPECT_EQ(targets_of(configuration), (std::vector<std::string>{"arn:f", "arn:g"}));
}

}  // namespace
}  // namespace aviary::s3
