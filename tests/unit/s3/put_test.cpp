#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "base/encoding.hpp"
#include "models/s3.hpp"
#include "services/s3/api/s3_service.hpp"
#include "support/manual_clock.hpp"
#include "support/run_task.hpp"

/// Puts and gets whose bytes come and go in pieces.
namespace aviary::s3 {
namespace {

/// Bodies in memory; counts those that somebody still holds, and what was read at once.
class MemoryBodies final : public BodyStore {
 public:
  std::map<std::string, std::string> kept;
  std::uint64_t most_read = 0;
  std::size_t dropped = 0;
  bool refuses = false;

  class Writer final : public BodyWriter {
   public:
    Writer(MemoryBodies& owner, Watch watch) : owner_(owner), watch_(std::move(watch)) {}
    Task<bool> append(std::string piece) override {
      if (watch_ && !piece.empty()) watch_(piece);
      bytes_ += piece;
      co_return !owner_.refuses;
    }
    Task<BodyHandle> finish(std::string last) override {
      auto appending = append(std::move(last));
      if (!co_await std::move(appending)) co_return nullptr;
      const std::string id = std::to_string(++owner_.last_);
      owner_.kept[id] = bytes_;
      co_return BodyHandle(new StoredBody{id, bytes_.size()}, [&owner = owner_](const StoredBody* gone) {
        owner.kept.erase(gone->id);
        ++owner.dropped;
        delete gone;
      });
    }
    Task<> settle() override { co_return; }

   private:
    MemoryBodies& owner_;
    Watch watch_;
    std::string bytes_;
  };
  std::unique_ptr<BodyWriter> begin(Watch watch) override {
    return std::make_unique<Writer>(*this, std::move(watch));
  }
  Task<std::optional<std::string>> read(BodyHandle body, std::uint64_t offset,
                                        std::uint64_t length) override {
    most_read = std::max(most_read, length);
    const auto found = kept.find(body->id);
    if (refuses || found == kept.end()) co_return std::nullopt;
    co_return found->second.substr(offset, length);
  }
  BodyHandle open(std::string_view) override { return nullptr; }
  Task<> collect() override { co_return; }
  bool has_dropped() const override { return false; }
  void sweep() override {}

 private:
  int last_ = 0;
};

struct Pieces final : BodySource {
  std::vector<std::string> pieces;
  BodyEnd end = BodyEnd::Complete;
  Trailers behind;
  std::size_t asked = 0;
  Task<BodyPiece> next() override {
    ++asked;
    BodyPiece piece{.bytes = {}, .end = end};
    if (!pieces.empty()) {
      piece.bytes = pieces.front();
      pieces.erase(pieces.begin());
    }
    co_return piece;
  }
  Trailers trailers() const override { return behind; }
};

class Puts : public ::testing::Test {
 protected:
  Puts() { EXPECT_TRUE(call("CreateBucket", {{"Bucket", "photos"}})); }

  Result<Reply> call(std::string_view operation, Json input) {
    Call call{};
    call.operation = service.model().find_operation(operation);
    call.account = "123456789012";
    call.region = "us-east-1";
    call.now = clock.now();
    call.input = std::move(input);
    call.http = &http;
    call.incoming = incoming;
    call.payload_sha256 = sha;
    return testing::run_task(loop, service.call(std::move(call)));
  }
  Result<Reply> put(std::vector<std::string> pieces, Json more = Json::object()) {
    source = Pieces{};
    source.pieces = std::move(pieces);
    source.end = end;
    source.behind = behind;
    incoming = http.incoming = &source;
    more.update({{"Bucket", "photos"}, {"Key", "k"}});
    const std::string_view operation = more.contains("UploadId") ? "UploadPart" : "PutObject";
    Result<Reply> reply = call(operation, std::move(more));
    incoming = http.incoming = nullptr;
    return reply;
  }
  std::string refused(std::vector<std::string> pieces, Json more = Json::object()) {
    const Result<Reply> reply = put(std::move(pieces), std::move(more));
    return reply ? "accepted" : std::string(reply.error().shape->code);
  }
  std::string read_all(const Reply& reply) {
    std::string bytes = reply.payload;
    while (reply.source) {
      const BodyPiece piece = testing::run_task(loop, reply.source->next());
      if (piece.bytes.empty()) break;
      bytes += piece.bytes;
    }
    return bytes;
  }
  std::string got(Json more = Json::object(), std::string key = "k") {
    more.update({{"Bucket", "photos"}, {"Key", std::move(key)}});
    const Result<Reply> reply = call("GetObject", std::move(more));
    return reply ? read_all(*reply) : std::string(reply.error().shape->code);
  }

  boost::asio::io_context loop{1};
  testing::ManualClock clock;
  SeededRandom ids{1, "s3"};
  NoJournal journal;
  MemoryBodies bodies;
  wire::Request http;
  Pieces source;
  BodySource* incoming = nullptr;
  BodyEnd end = BodyEnd::Complete;
  Trailers behind;
  std::string_view sha;
  S3Service service{S3Dependencies{
      .clock = clock, .ids = ids, .journal = journal, .bodies = bodies, .executor = loop.get_executor()}};
};

TEST_F(Puts, PiecesBecomeAnObject) {
  const Result<Reply> reply = put({"hello", ", ", "world"});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->output.at("ETag"), "\"e4d7f1b4ed2e42d15898f4b27b019da4\"");
  EXPECT_TRUE(reply->output.contains("ChecksumCRC64NVME"));
  EXPECT_EQ(got(), "hello, world");
  EXPECT_EQ(got({{"Range", "bytes=3-7"}}), "lo, w");
  ASSERT_TRUE(put({}));
  EXPECT_EQ(got(), "");
  EXPECT_EQ(bodies.kept.size(), 0U);
}

TEST_F(Puts, LargeObjectsAreReadInPieces) {
  const std::string piece(200'000, 'a');
  ASSERT_TRUE(put({piece, piece, piece, "end"}));
  EXPECT_EQ(got(), piece + piece + piece + "end");
  EXPECT_EQ(got({{"Range", "bytes=599990-"}}), "aaaaaaaaaaend");
  EXPECT_LE(bodies.most_read, body_piece_bytes);
  // Who reads an object reads it to its end.
  const Result<Reply> reply = call("GetObject", {{"Bucket", "photos"}, {"Key", "k"}});
  ASSERT_TRUE(reply && reply->source);
  EXPECT_EQ(reply->source_size, 600'003U);
  EXPECT_EQ(reply->output.at("ContentLength"), 600'003);
  ASSERT_TRUE(call("DeleteObject", {{"Bucket", "photos"}, {"Key", "k"}}));
  EXPECT_EQ(read_all(*reply).size(), 600'003U);
}

TEST_F(Puts, WhatIsWrongLeavesNoObjectAndNoBytes) {
  EXPECT_EQ(refused({"hello"}, {{"ContentMD5", "1B2M2Y8AsgTpgAmY7PhCfg=="}}), "BadDigest");
  EXPECT_EQ(refused({"hello"}, {{"ContentMD5", "1B2M"}}), "InvalidDigest");
  EXPECT_EQ(refused({"hello"}, {{"ChecksumSHA256", "AAAA"}}), "BadDigest");
  sha = "00";
  EXPECT_EQ(refused({"hello"}), "XAmzContentSHA256Mismatch");
  const std::string right = hex_encode(sha256("hello"));
  sha = right;
  EXPECT_EQ(refused({"hello"}), "accepted");
  sha = {};
  ASSERT_TRUE(call("DeleteObject", {{"Bucket", "photos"}, {"Key", "k"}}));
  end = BodyEnd::Short;
  EXPECT_EQ(refused({"hel"}), "IncompleteBody");
  end = BodyEnd::Late;
  EXPECT_EQ(refused({"hel"}), "RequestTimeout");
  end = BodyEnd::Malformed;
  EXPECT_EQ(refused({}), "IncompleteBody");
  end = BodyEnd::Complete;
  http.headers = {{"x-amz-decoded-content-length", "6"}};
  EXPECT_EQ(refused({"hello"}), "IncompleteBody");
  bodies.refuses = true;
  http.headers.clear();
  EXPECT_EQ(refused({"hello"}), "ServiceUnavailable");
  EXPECT_EQ(got(), "NoSuchKey");
  EXPECT_EQ(bodies.kept.size(), 0U);
}

TEST_F(Puts, ChecksumsThatComeBehindTheBody) {
  http.headers = {{"x-amz-trailer", "x-amz-checksum-crc32"}};
  behind = {{"x-amz-checksum-crc32", "NhCmhg=="}};
  const Result<Reply> reply = put({"he", "llo"});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->output.at("ChecksumCRC32"), "NhCmhg==");
  EXPECT_FALSE(reply->output.contains("ChecksumCRC64NVME"));
  EXPECT_EQ(refused({"hellO"}), "BadDigest");
  behind = {{"x-amz-checksum-sha1", "AAAA"}};
  EXPECT_EQ(refused({"hello"}), "MalformedTrailerError");
  EXPECT_EQ(got(), "hello");
}

TEST_F(Puts, RefusedBeforeTheBodyIsAskedFor) {
  http.headers = {{"content-length", "5368709121"}};
  EXPECT_EQ(refused({"x"}), "EntityTooLarge");
  EXPECT_EQ(source.asked, 0U);
  http.headers.clear();
  source = {};
  incoming = &source;
  const Result<Reply> reply = call("PutObject", {{"Bucket", "nowhere"}, {"Key", "k"}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().shape->code, "NoSuchBucket");
  EXPECT_EQ(source.asked, 0U);
}

TEST_F(Puts, PartsAreCopiedInPieces) {
  const std::string large(6 * 1024 * 1024, 'p');
  ASSERT_TRUE(put({large}));
  const Result<Reply> begun = call("CreateMultipartUpload", {{"Bucket", "photos"}, {"Key", "k"}});
  ASSERT_TRUE(begun);
  const std::string id = begun->output.at("UploadId").get<std::string>();
  const Result<Reply> copied = call(
      "UploadPartCopy",
      {{"Bucket", "photos"}, {"Key", "k"}, {"UploadId", id}, {"PartNumber", 1}, {"CopySource", "photos/k"}});
  ASSERT_TRUE(copied);
  const Result<Reply> sent = put({"la", "st"}, {{"UploadId", id}, {"PartNumber", 2}});
  ASSERT_TRUE(sent);
  EXPECT_LE(bodies.most_read, body_piece_bytes);
  Json parts = Json::array();
  parts.push_back({{"PartNumber", 1}, {"ETag", copied->output.at("CopyPartResult").at("ETag")}});
  parts.push_back({{"PartNumber", 2}, {"ETag", sent->output.at("ETag")}});
  Json complete{{"Bucket", "photos"}, {"Key", "k"}, {"UploadId", id}};
  complete["MultipartUpload"]["Parts"] = std::move(parts);
  ASSERT_TRUE(call("CompleteMultipartUpload", std::move(complete)));
  EXPECT_EQ(got({{"Range", "bytes=6291454-"}}), "pplast");
  EXPECT_EQ(bodies.kept.size(), 2U);
  // One that is given up leaves nothing.
  const Result<Reply> again = call("CreateMultipartUpload", {{"Bucket", "photos"}, {"Key", "k"}});
  const std::string other = again->output.at("UploadId").get<std::string>();
  ASSERT_TRUE(put({"part"}, {{"UploadId", other}, {"PartNumber", 1}}));
  EXPECT_EQ(bodies.kept.size(), 3U);
  ASSERT_TRUE(call("AbortMultipartUpload", {{"Bucket", "photos"}, {"Key", "k"}, {"UploadId", other}}));
  EXPECT_EQ(bodies.kept.size(), 2U);
}

}  // namespace
}  // namespace aviary::s3
