#include <gtest/gtest.h>

#include "services/ssm/core/collection.hpp"
#include "services/ssm/core/document_content.hpp"
#include "services/ssm/core/document_text.hpp"
#include "support/memory_journal.hpp"

namespace aviary::ssm {
namespace {

std::string problem(const std::string& text, std::string_view format, std::string_view type) {
  const Result<DocumentContent> read = read_document(text, format, type);
  return read ? "" : read.error().message;
}

TEST(DocumentTexts, SayWhereTheyAreBroken) {
  EXPECT_EQ(problem("{\n  \"a\": }", "JSON", "Command"), "JSON not well-formed. at Line: 2, Column: 8");
  EXPECT_EQ(problem("[]", "JSON", "Command"), "JSON not well-formed. at Line: 1, Column: 1");
  EXPECT_TRUE(problem("a: [", "YAML", "Command").starts_with("YAML not well-formed. at Line: "));
  EXPECT_FALSE(problem(std::string(1000, '['), "JSON", "Command").empty());
  EXPECT_FALSE(problem(std::string(1000, '['), "YAML", "Command").empty());
}

TEST(DocumentTexts, AreTheSameInTheOtherFormat) {
  const Json document = Json::parse(R"({"a": ["1", 1, true, null, "x\ny"], "b": {"c": "true"}})");
  const Result<Json> again = parse_document(document_text(document, "YAML"), "YAML");
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, document);
}

TEST(DocumentContents, AreWhatTheirTypeAsksFor) {
  EXPECT_EQ(problem(R"({"schemaVersion": "0.3", "mainSteps": [{"name": "a", "action": "aws:sleep"}]})",
                    "JSON", "Automation"),
            "");
  EXPECT_EQ(
      problem("schemaVersion: 2.2\nmainSteps: [{name: a, action: 'aws:runShellScript'}]", "YAML", "Command"),
      "");
  EXPECT_EQ(
      problem(R"({"schemaVersion": "1.2", "runtimeConfig": {"aws:runShellScript": {}}})", "JSON", "Command"),
      "");
  EXPECT_EQ(problem(R"({"schemaVersion": "1.0", "sessionType": "Standard_Stream"})", "JSON", "Session"), "");
  EXPECT_EQ(problem("BEGIN:VCALENDAR\nEND:VCALENDAR", "TEXT", "ChangeCalendar"), "");
  EXPECT_EQ(problem(R"({"anything": 1})", "JSON", "ApplicationConfiguration"), "");
  for (
      const char* bad :
      {R"({"schemaVersion": "2.2"})", R"({"schemaVersion": "2.2", "mainSteps": [{"name": "a"}]})",
       R"({"schemaVersion": "2.2", "mainSteps": [{"action": "aws:sleep"}]})", R"({"schemaVersion": "0.3"})",
       R"({"schemaVersion": "2.2", "parameters": {"p": {}}, "mainSteps": [{"name": "a", "action": "aws:sleep"}]})",
       R"({"schemaVersion": "2.2", "mainSteps": [{"name": "a", "action": "x"}, {"name": "a", "action": "x"}]})"})
    EXPECT_NE(problem(bad, "JSON", "Command"), "") << bad;
}

TEST(Collections, Last) {
  testing::MemoryJournal journal;
  const Scope here{"123456789012", "us-east-1"};
  Collection made(journal, "things");
  made.put(here, "a/b", {{"x", 1}});
  made.put(here, "c", {{"x", 2}});
  made.erase(here, "c");
  Collection again(journal, "things");
  again.restore();
  EXPECT_EQ(again.size(), 1U);
  ASSERT_NE(again.find(here, "a/b"), nullptr);
  EXPECT_EQ(again.find(here, "a/b")->at("x"), 1);
  EXPECT_EQ(again.find({"123456789012", "eu-west-1"}, "a/b"), nullptr);
}

}  // namespace
}  // namespace aviary::ssm
