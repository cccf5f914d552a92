#include "services/lambda/core/json_check.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "ports/random.hpp"

namespace aviary::lambda {
namespace {

constexpr const char* place =
    "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: ";

TEST(JsonCheck, WordsProblemsAsRecorded) {
  // test_lambda_invoke_payload_encoding_error: the two payloads of the recording.
  EXPECT_EQ(json_problem("n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt"),
            "Invalid UTF-8 start byte 0x87" + std::string(place) + "3]");
  EXPECT_EQ(json_problem("\x99\xeb,j\x07\xa1zYh"),
            "Unexpected character ((CTRL-CHAR, code 153)): expected a valid value (JSON String, Number, "
            "Array, Object or "
            "token 'null', 'true' or 'false')" +
                std::string(place) + "1]");
}

TEST(JsonCheck, WordsCommonSlipsAsJacksonDoes) {
  EXPECT_EQ(json_problem("hello"),
            "Unrecognized token 'hello': was expecting (JSON String, Number, Array, Object or token 'null', "
            "'true' or "
            "'false')" +
                std::string(place) + "6]");
  EXPECT_EQ(json_problem("{'a': 1}"),
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name" +
                std::string(place) + "2]");
  EXPECT_EQ(json_problem("{\"a\" 1}"),
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value" +
                std::string(place) + "6]");
  EXPECT_EQ(json_problem("[1 2]"),
            "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries" +
                std::string(place) + "4]");
  EXPECT_EQ(json_problem("{\"a\":1"),
            "Unexpected end-of-input: expected close marker for Object (start marker at [Source: REDACTED "
            "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1])" +
                std::string(place) + "7]");
}

TEST(JsonCheck, AcceptsDocuments) {
  for (const char* text : {"{}", "[]", "null", " \n\t true ", "-0", "1.5e+10", "\"\"",
                           R"({"a":[1,{"b":"\u00e9\n"}],"c":null})", "\"ü€𝄞\"", "[[[[]]]]", R"({"":{}})"}) {
    EXPECT_EQ(json_problem(text), std::nullopt) << text;
  }
  EXPECT_EQ(json_problem(std::string(1000, '[') + std::string(1000, ']')), std::nullopt);
  EXPECT_NE(json_problem(std::string(1001, '[') + std::string(1001, ']')), std::nullopt);
}

/// The same verdict as a parser that many others trust, on documents with random damage.
TEST(JsonCheck, AgreesWithAParser) {
  SeededRandom random(3, "json");
  const std::string documents[] = {
      R"({"orders":[{"id":17,"total":-1.25e3,"paid":true},{"id":18,"note":"caf\u00e9 \"x\"","tags":[]}]})",
      R"([null,false,[0,1,2.5],{"a":{"b":{"c":"d"}}},"Grüße"])"};
  const std::string alphabet = "{}[]\",:.-+eE0123456789 tfnu\\\n\"\x80\xc3\xa9";
  int refused = 0;
  for (int i = 0; i < 40'000; ++i) {
    std::string text = documents[random.next() % 2];
    for (std::uint64_t damage = random.next() % 3; damage > 0; --damage) {
      const std::size_t at = random.next() % text.size();
      switch (random.next() % 3) {
        case 0:
          text[at] = alphabet[random.next() % alphabet.size()];
          break;
        case 1:
          text.erase(at, 1 + random.next() % 3);
          break;
        default:
          text.insert(at, 1, alphabet[random.next() % alphabet.size()]);
          break;
      }
      if (text.empty()) text = "1";
    }
    const bool good = Json::accept(text);
    refused += !good;
    ASSERT_EQ(!json_problem(text), good) << text << "\n" << json_problem(text).value_or("accepted");
  }
  EXPECT_GT(refused, 5'000);
}

}  // namespace
}  // namespace aviary::lambda
