#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "wire/cbor_codec.hpp"
#include "wire/cbor_reader.hpp"
#include "wire/cbor_writer.hpp"

namespace aviary::wire {
namespace {

using models::Member;
using models::Shape;
using models::ShapeType;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr Shape text{.name = "String", .type = ShapeType::String};
constexpr Shape whole{.name = "Long", .type = ShapeType::Long};
constexpr Shape single{.name = "Float", .type = ShapeType::Float};
constexpr Shape real{.name = "Double", .type = ShapeType::Double};
constexpr Shape truth{.name = "Boolean", .type = ShapeType::Boolean};
constexpr Shape bytes{.name = "Blob", .type = ShapeType::Blob};
constexpr Shape moment{.name = "Timestamp", .type = ShapeType::Timestamp};
constexpr Shape texts{.name = "Texts", .type = ShapeType::List, .element = &text};
constexpr Shape sparse{.name = "Sparse", .type = ShapeType::List, .element = &text, .sparse = true};
constexpr Shape numbers{.name = "Numbers", .type = ShapeType::Map, .element = &whole, .key = &text};
constexpr Shape anything{.name = "Document", .type = ShapeType::Structure, .document = true};
constexpr Member members[] = {
    {.name = "t", .location_name = {}, .shape = &text},
    {.name = "w", .location_name = {}, .shape = &whole},
    {.name = "f", .location_name = {}, .shape = &single},
    {.name = "d", .location_name = {}, .shape = &real},
    {.name = "b", .location_name = {}, .shape = &truth},
    {.name = "x", .location_name = {}, .shape = &bytes},
    {.name = "m", .location_name = {}, .shape = &moment},
    {.name = "l", .location_name = {}, .shape = &texts},
    {.name = "s", .location_name = {}, .shape = &sparse},
    {.name = "n", .location_name = {}, .shape = &numbers},
    {.name = "a", .location_name = {}, .shape = &anything},
};
constexpr Shape all{.name = "All", .type = ShapeType::Structure, .members = members};

/// Hexadecimal digits, blanks between them.
std::string hex(std::string_view digits) {
  std::string out;
  unsigned value = 0;
  bool half = false;
  for (const char c : digits) {
    if (c == ' ') continue;
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (half) out += static_cast<char>(value & 0xFF);
    half = !half;
  }
  return out;
}

/// One member and its value, read; the error's text if there is one.
Json read(std::string_view name, std::string_view digits) {
  const Result<Json> document = read_cbor(hex("a1 61") + std::string(name) + hex(digits), all, true);
  if (!document) return document.error().message;
  const auto found = document->find(name);
  return found == document->end() ? Json(nullptr) : *found;
}

// The encodings are those of RFC 8949, appendix A.
TEST(CborReader, Numbers) {
  EXPECT_EQ(read("w", "00"), 0);
  EXPECT_EQ(read("w", "17"), 23);
  EXPECT_EQ(read("w", "18 18"), 24);
  EXPECT_EQ(read("w", "19 03e8"), 1000);
  EXPECT_EQ(read("w", "1a 000f4240"), 1000000);
  EXPECT_EQ(read("w", "1b 000000e8d4a51000"), 1000000000000);
  EXPECT_EQ(read("w", "1b 7fffffffffffffff"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(read("w", "20"), -1);
  EXPECT_EQ(read("w", "39 03e7"), -1000);
  EXPECT_EQ(read("w", "3b 7fffffffffffffff"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read("w", "1b ffffffffffffffff"), "NUMBER_VALUE can not be converted to a Long");
  EXPECT_EQ(read("d", "05"), 5.0);
  EXPECT_TRUE(read("d", "05").is_number_float());
  EXPECT_EQ(read("d", "1b ffffffffffffffff"), 18446744073709551616.0);
  EXPECT_EQ(read("d", "3b ffffffffffffffff"), -18446744073709551616.0);
  EXPECT_EQ(read("d", "f9 0000"), 0.0);
  EXPECT_EQ(read("d", "f9 3e00"), 1.5);
  EXPECT_EQ(read("d", "f9 7bff"), 65504.0);
  EXPECT_EQ(read("d", "f9 0001"), 5.960464477539063e-8);
  EXPECT_EQ(read("d", "f9 0400"), 0.00006103515625);
  EXPECT_EQ(read("d", "f9 c400"), -4.0);
  EXPECT_EQ(read("d", "fa 47c35000"), 100000.0);
  EXPECT_EQ(read("d", "fb 3ff199999999999a"), 1.1);
  EXPECT_EQ(read("d", "f9 7c00"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(read("d", "fa ff800000"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(read("d", "fb 7ff8000000000000").get<double>()));
  EXPECT_EQ(read("w", "f9 3e00"), 1);
}

TEST(CborReader, TextsBytesAndTimes) {
  EXPECT_EQ(read("t", "60"), "");
  EXPECT_EQ(read("t", "62 c3bc"), "ü");
  EXPECT_EQ(read("t", "7f 65 7374726561 64 6d696e67 ff"), "streaming");
  EXPECT_EQ(read("x", "44 01020304"), "\1\2\3\4");
  EXPECT_EQ(read("x", "5f 42 0102 43 030405 ff"), "\1\2\3\4\5");
  EXPECT_EQ(read("b", "f5"), true);
  EXPECT_EQ(read("b", "f4"), false);
  EXPECT_EQ(read("m", "c1 1a 514b67b0"), 1363896240.0);
  EXPECT_EQ(read("m", "c1 fb 41d452d9ec200000"), 1363896240.5);
  EXPECT_EQ(read("m", "1a 514b67b0"), 1363896240.0);
  // Other tags say how to understand what the shape says already.
  EXPECT_EQ(read("t", "d8 20 61 61"), "a");
  EXPECT_EQ(read("t", "d9 d9f7 61 61"), "a");
}

TEST(CborReader, ListsMapsAndNothing) {
  EXPECT_EQ(read("l", "82 61 61 61 62"), Json({"a", "b"}));
  EXPECT_EQ(read("l", "9f 61 61 61 62 ff"), Json({"a", "b"}));
  EXPECT_EQ(read("l", "80"), Json::array());
  EXPECT_EQ(read("s", "82 61 61 f6"), Json({"a", nullptr}));
  EXPECT_EQ(read("n", "a2 61 61 01 61 62 02"), Json({{"a", 1}, {"b", 2}}));
  EXPECT_EQ(read("n", "bf 61 61 01 ff"), Json({{"a", 1}}));
  EXPECT_EQ(read("t", "f6"), nullptr);
  EXPECT_EQ(read("t", "f7"), nullptr);
  EXPECT_EQ(read("a", "a1 61 6b 82 01 f5"), Json({{"k", {1, true}}}));
  EXPECT_EQ(read("?", "a1 61 6b 82 01 f5"), nullptr);
  EXPECT_EQ(*read_cbor(hex("bf 61 3f 9f 9f ff ff 61 74 61 61 ff"), all, true), Json({{"t", "a"}}));
  EXPECT_EQ(*read_cbor({}, all, true), Json::object());
  EXPECT_EQ(*read_cbor(hex("f6"), all, true), Json::object());
}

TEST(CborReader, BoundsWhatABodyMayCost) {
  EXPECT_EQ(read("l", "9b 00ffffffffffffff"), "Could not parse request body into cbor: at byte 12");
  EXPECT_EQ(read("t", "7b ffffffffffffffff"), "Could not parse request body into cbor: at byte 12");
  // Neither what the model knows nor what it does not may nest without end.
  std::string deep = hex("a1 61 61");
  for (int i = 0; i < 1'000'000; ++i) deep += hex("a1 61 61");
  EXPECT_EQ(read_cbor(deep, all, true).error().message, "The request body is nested too deeply.");
  EXPECT_FALSE(read_cbor(hex("a1 61 3f") + std::string(1'000'000, '\x81'), all, true));
  EXPECT_FALSE(read_cbor(hex("a1 61 74") + std::string(1'000'000, '\x7f'), all, true));
  EXPECT_FALSE(read_cbor(hex("a1 61 74") + std::string(1'000'000, '\xc1'), all, true));
  EXPECT_EQ(
      read_cbor(hex("a1 61 6c 9f") + std::string(2'000'000, '\x60') + '\xff', all, true).error().message,
      "The request body has too many values.");
}

std::string written(const Json& document) {
  std::string out;
  write_cbor(out, document, all, true);
  return out;
}

TEST(CborWriter, ByTheShape) {
  EXPECT_EQ(written(Json::object()), hex("a0"));
  EXPECT_EQ(written({{"t", "ü"}, {"unknown", 1}, {"w", nullptr}}), hex("a1 61 74 62 c3bc"));
  EXPECT_EQ(written({{"t", "\xff"}}), hex("a1 61 74 63 efbfbd"));
  EXPECT_EQ(written({{"x", "\x01\xff"}}), hex("a1 61 78 42 01ff"));
  EXPECT_EQ(written({{"d", 1.1}}), hex("a1 61 64 fb 3ff199999999999a"));
  EXPECT_EQ(written({{"d", 2}}), hex("a1 61 64 fb 4000000000000000"));
  EXPECT_EQ(written({{"f", 100000.0}}), hex("a1 61 66 fa 47c35000"));
  EXPECT_EQ(written({{"m", 1363896240.5}}), hex("a1 61 6d c1 fb 41d452d9ec200000"));
  EXPECT_EQ(written({{"b", true}}), hex("a1 61 62 f5"));
  EXPECT_EQ(written({{"l", {"a", nullptr}}, {"s", {"a", nullptr}}}),
            hex("a2 61 6c 81 61 61 61 73 82 61 61 f6"));
  EXPECT_EQ(written({{"n", {{"a", -1}, {"b", 1000}}}}), hex("a1 61 6e a2 61 61 20 61 62 19 03e8"));
  EXPECT_EQ(written({{"w", 1000000000000}}), hex("a1 61 77 1b 000000e8d4a51000"));
  EXPECT_EQ(written({{"w", std::numeric_limits<std::int64_t>::min()}}), hex("a1 61 77 3b 7fffffffffffffff"));
  EXPECT_EQ(written({{"a", {{"k", {1, 1.5, false}}}}}),
            hex("a1 61 61 a1 61 6b 83 01 fb 3ff8000000000000 f4"));
  EXPECT_EQ(written({{"t", std::string(300, 'a')}}), hex("a1 61 74 79 012c") + std::string(300, 'a'));
}

TEST(CborCodec, AnswersWithItsHeader) {
  const models::Operation speaking{.name = "A", .method = "POST", .uri = "/", .output = &all};
  const models::Operation silent{.name = "B", .method = "POST", .uri = "/"};
  const Codec& codec = *codec_for(models::Protocol::RpcV2Cbor);
  const Response answer = codec.encode(speaking, Json::object(), {}, 0);
  EXPECT_EQ(answer.body, hex("a0"));
  EXPECT_THAT(answer.headers,
              ElementsAre(Pair("Content-Type", "application/cbor"), Pair("smithy-protocol", "rpc-v2-cbor")));
  // Smithy's specification: no output, no body, no type of one.
  const Response silence = codec.encode(silent, Json::object(), {}, 0);
  EXPECT_EQ(silence.body, "");
  EXPECT_THAT(silence.headers, ElementsAre(Pair("smithy-protocol", "rpc-v2-cbor")));
}

TEST(CborCodec, PathsOfSmithy) {
  const auto named = [](std::string_view path) {
    const SmithyPath found = smithy_path(path);
    return std::string(found.service) + "|" + std::string(found.operation);
  };
  EXPECT_EQ(named("/service/Granite/operation/ListMetrics"), "Granite|ListMetrics");
  EXPECT_EQ(named("/v1/service/Granite/operation/ListMetrics"), "Granite|ListMetrics");
  for (const char* path :
       {"/", "", "/service/Granite", "/service//operation/X", "/service/A/operation/",
        "/service/A/b/operation/X", "/service/A/operation/X/", "/operation/X", "/services/A/operation/X"})
    EXPECT_EQ(named(path), "|") << path;
}

}  // namespace
}  // namespace aviary::wire
