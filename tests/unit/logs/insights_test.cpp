// CloudWatch Logs Insights: what its documentation shows, on small logs.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
#include "service_fixture.hpp"

namespace aviary::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Insights : public ServiceFixture {
 protected:
  void SetUp() override { make("app", "one"); }

  std::string start(const std::string& query, Json more = Json::object()) {
    Json input{{"logGroupName", "app"},
               {"queryString", query},
               {"startTime", now() / 1000 - 3600},
               {"endTime", now() / 1000 + 60}};
    input.update(more);
    return answer("StartQuery", std::move(input)).value("queryId", "");
  }
  Json results(const std::string& query, Json more = Json::object()) {
    const std::string id = start(query, std::move(more));
    Json answered;
    for (int i = 0; i < 1000; ++i) {
      settle();
      answered = answer("GetQueryResults", {{"queryId", id}});
      if (answered["status"] != "Running") break;
    }
    EXPECT_EQ(answered["status"], "Complete");
    return answered;
  }
  /// A row as `name=value name=value`, without its pointer.
  std::vector<std::string> rows(const std::string& query, Json more = Json::object()) {
    std::vector<std::string> lines;
    const Json answered = results(query, std::move(more));
    for (const Json& row : answered["results"]) {
      std::string line;
      for (const Json& cell : row) {
        if (cell["field"] == "@ptr") continue;
        if (!line.empty()) line += ' ';
        line += cell["field"].get<std::string>() + '=' + cell["value"].get<std::string>();
      }
      lines.push_back(line);
    }
    return lines;
  }
  void requests() {
    put("app", "one",
        {R"({"path": "/cart", "status": 200, "ms": 10, "user": {"id": "a"}})",
         R"({"path": "/cart", "status": 500, "ms": 30, "user": {"id": "b"}})",
         R"({"path": "/pay", "status": 200, "ms": 20, "tags": ["x", "y"]})", "plain text"});
  }
};

TEST_F(Insights, ShowsTimeAndMessageUnlessToldOtherwise) {
  put("app", "one", {"first", "second"});
  const Json found = results("")["results"];
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0][1]["value"], "second");  // the newest first
  EXPECT_EQ(found[0][0]["field"], "@timestamp");
  EXPECT_THAT(found[0][0]["value"].get<std::string>(),
              ::testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}[.][0-9]{3}"));
  EXPECT_EQ(found[0][2]["field"], "@ptr");
}

TEST_F(Insights, TakesTheSampleQueriesOfItsDocumentation) {
  requests();
  EXPECT_THAT(rows("filter ispresent(ms) | fields ms | sort by ms desc | limit 1"), ElementsAre("ms=30"));
  EXPECT_THAT(rows("filterIndex path = '/pay' | fields ms"), ElementsAre("ms=20"));
}

TEST_F(Insights, LooksIntoStructures) {
  put("app", "one",
      {R"(outer {"inner": "{\"list\": [{\"n\": 7}, {\"n\": 8}], \"a.b\": 1}", "list": [5, 6]})", "none"});
  EXPECT_THAT(
      rows("filter ispresent(inner) | fields jsonParse(inner) as j | display j.list[1].n, j.list.0.n, j.a.b"),
      ElementsAre("j.list[1].n=8 j.list.0.n=7 j.a.b=1"));
  EXPECT_THAT(rows("filter ispresent(list) | fields list[1] as second"), ElementsAre("second=6"));
  EXPECT_THAT(
      rows("filter @message = 'none' | fields isempty(jsonParse(@message)) as no, jsonStringify(5) as t"),
      ElementsAre("no=1 t=5"));
  EXPECT_THAT(rows("filter @message in ['none'] | fields @message"), ElementsAre("@message=none"));
}

TEST_F(Insights, KnowsAddresses) {
  put("app", "one", {R"({"ip": "192.0.2.7"})", R"({"ip": "2001:db8::1"})", R"({"ip": "300.1.1.1"})"});
  EXPECT_THAT(rows("filter isValidIpV4(ip) | fields ip"), ElementsAre("ip=192.0.2.7"));
  EXPECT_THAT(rows("filter isValidIpV6(ip) | fields ip"), ElementsAre("ip=2001:db8::1"));
  EXPECT_THAT(rows("filter not isValidIp(ip) | fields ip"), ElementsAre("ip=300.1.1.1"));
  EXPECT_THAT(rows("filter isIpv4InSubnet(ip, \"192.0.2.0/24\") | fields ip"), ElementsAre("ip=192.0.2.7"));
  EXPECT_THAT(rows("filter isIpv6InSubnet(ip, \"2001:db8::/32\") | fields ip"),
              ElementsAre("ip=2001:db8::1"));
  EXPECT_THAT(rows("filter isIpInSubnet(ip, \"10.0.0.0/8\") | fields ip"), IsEmpty());
}

TEST_F(Insights, FiltersAndFields) {
  requests();
  EXPECT_THAT(rows("fields path, status | filter status >= 500"), ElementsAre("path=/cart status=500"));
  EXPECT_THAT(rows("filter @message like /pl[a-z]+ text/ | display @message"),
              ElementsAre("@message=plain text"));
  EXPECT_THAT(rows("filter @message not like \"path\" | display @message"),
              ElementsAre("@message=plain text"));
  EXPECT_THAT(rows("fields user.id as who | filter ispresent(user.id) and user.id in [\"b\", \"c\"]"),
              ElementsAre("who=b"));
  EXPECT_THAT(rows("fields tags.1 | filter path = '/pay'"), ElementsAre("tags.1=y"));
  EXPECT_THAT(rows("filter status != 200 and ispresent(path) | fields ms * 2 + 1 as twice"),
              ElementsAre("twice=61"));
  EXPECT_THAT(rows("fields toupper(concat(path, '!')) as loud | filter ms = 20 # and no more"),
              ElementsAre("loud=/PAY!"));
}

TEST_F(Insights, SortsAndLimits) {
  requests();
  EXPECT_THAT(rows("filter ispresent(ms) | fields ms | sort ms desc | limit 2"),
              ElementsAre("ms=30", "ms=20"));
  EXPECT_THAT(rows("filter ispresent(ms) | fields ms | sort ms", {{"limit", 1}}), ElementsAre("ms=10"));
}

TEST_F(Insights, Statistics) {
  requests();
  EXPECT_THAT(rows("stats count(*) by path | sort path"),
              ElementsAre("count(*)=1", "path=/cart count(*)=2", "path=/pay count(*)=1"));
  EXPECT_THAT(
      rows("filter ispresent(ms) | stats sum(ms) as s, avg(ms) as a, min(ms), max(ms), pct(ms, 50) as p, "
           "count_distinct(path) as d, max(ms) - min(ms) as spread"),
      ElementsAre("s=60 a=20 min(ms)=10 max(ms)=30 p=20 d=2 spread=20"));
  EXPECT_THAT(rows("stats count(*) as n by status | filter n > 1 | sort n desc"),
              ElementsAre("status=200 n=2"));
  EXPECT_THAT(rows("filter path = '/nowhere' | stats count(*)"), IsEmpty());
  EXPECT_THAT(rows("stats count(*) by bin(1h)"), SizeIs(1));
}

TEST_F(Insights, Parses) {
  put("app", "one", {"user=ada, method:put, latency := 17 ms", "nothing of it"});
  EXPECT_THAT(rows(R"(parse @message "user=*, method:*, latency := * ms" as @user, @method, latency
                      | filter ispresent(latency) | display @user, @method, latency)"),
              ElementsAre("@user=ada @method=put latency=17"));
  EXPECT_THAT(rows("parse /user=(?<who>[a-z]+)/ | stats count(*) by who | sort who desc | limit 1"),
              ElementsAre("who=ada count(*)=1"));
}

TEST_F(Insights, DropsDuplicates) {
  requests();
  EXPECT_THAT(rows("filter ispresent(path) | sort ms desc | dedup path | display path, ms"),
              ElementsAre("path=/cart ms=30", "path=/pay ms=20"));
  EXPECT_THAT(rows("dedup user.id"), SizeIs(4)) << "what is not there is no duplicate";
}

TEST_F(Insights, KnowsLambdasLines) {
  put("app", "one",
      {"START RequestId: 8d7c Version: 3\n",
       "REPORT RequestId: 8d7c\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory "
       "Used: 40 MB\tInit Duration: 100.00 ms\t\n"});
  EXPECT_THAT(
      rows("filter @type = \"REPORT\" | display @requestId, @duration, @billedDuration, @initDuration, "
           "@memorySize, @maxMemoryUsed"),
      ElementsAre("@requestId=8d7c @duration=12.50 @billedDuration=13 @initDuration=100.00 "
                  "@memorySize=128000000 @maxMemoryUsed=40000000"));
}

TEST_F(Insights, RefusesWhatIsNoQuery) {
  const auto refused = [&](const std::string& query) {
    return refusal("StartQuery",
                   {{"logGroupName", "app"}, {"queryString", query}, {"startTime", 0}, {"endTime", 10}});
  };
  EXPECT_EQ(refused("fieldss @message"),
            (Refusal{"MalformedQueryException", "unexpected symbol found fieldss at line 1 and position 0"}));
  for (const char* query :
       {"filter", "fields a,", "limit x", "stats path", "sort", "fields (a", "fields nofunc(a)",
        "parse @message \"* *\" as one", "parse @message /(/ ", "filter a like b", "fields \"open",
        "fields a | | limit 1", "stats avg(count(*))", "pattern @message"})
    EXPECT_EQ(refused(query).code, "MalformedQueryException") << query;
  const std::string deep = "fields " + std::string(5000, '(') + "a";
  EXPECT_THAT(refused(deep).message, HasSubstr("nested too deeply"));
}

TEST_F(Insights, QueriesHaveALife) {
  requests();
  EXPECT_EQ(refusal("GetQueryResults", {{"queryId", "none"}}).code, "ResourceNotFoundException");
  const std::string id = start("fields @message | limit 1");
  settle();
  EXPECT_EQ(answer("GetQueryResults", {{"queryId", id}})["status"], "Complete");
  EXPECT_EQ(refusal("StopQuery", {{"queryId", id}}).code, "InvalidParameterException");
  results("stats count(*)");
  const Json listed = answer("DescribeQueries", {{"logGroupName", "app"}});
  EXPECT_THAT(column(listed["queries"], "status"), ElementsAre("Complete", "Complete"));
  EXPECT_THAT(column(listed["queries"], "queryString"),
              ElementsAre("stats count(*)", "fields @message | limit 1"));
  EXPECT_THAT(answer("DescribeQueries", {{"status", "Cancelled"}})["queries"], IsEmpty());
}

TEST(InsightsQueries, CanBeStopped) {
  boost::asio::io_context loop{1};
  testing::MemoryJournal journal;
  LogStore store(journal, {});
  SeededRandom ids{1, "ids"};
  const Scope scope{"123456789012", "us-east-1"};
  InsightsQueries queries(loop.get_executor(), store, ids);
  const std::string id = queries.start(scope, {{"app"}, 0, 10}, "", {}, 10, 0);
  EXPECT_TRUE(queries.cancel(scope, id));
  loop.poll();
  ASSERT_TRUE(queries.find(scope, id));
  EXPECT_EQ(queries.find(scope, id)->status, InsightsQuery::Status::Cancelled);
  EXPECT_FALSE(queries.cancel(scope, id));
  EXPECT_FALSE(queries.find({"210987654321", "us-east-1"}, id));
  testing::run_task(loop, queries.stop());
}

TEST_F(Insights, ReadsTheGroupsAndTheTimeItWasTold) {
  put("app", "one", {"old"});
  make("other", "one");
  advance(std::chrono::hours(2));
  put("app", "one", {"new"});
  put("other", "one", {"elsewhere"});
  EXPECT_THAT(rows("display @message"), ElementsAre("@message=new"));
  EXPECT_THAT(rows("display @message | sort @message",
                   {{"logGroupName", nullptr}, {"logGroupNames", {"app", "other"}}}),
              ElementsAre("@message=elsewhere", "@message=new"));
  EXPECT_EQ(
      refusal("StartQuery",
              {{"logGroupNames", {"app", "none"}}, {"queryString", ""}, {"startTime", 0}, {"endTime", 10}})
          .code,
      "ResourceNotFoundException");
  const Json statistics = results("filter @message like 'n'")["statistics"];
  EXPECT_EQ(statistics["recordsMatched"], 1.0);
  EXPECT_EQ(statistics["recordsScanned"], 1.0);
}

TEST_F(Insights, KeepsNoMoreThanItShows) {
  std::vector<std::string> lines;
  for (int i = 0; i < 9000; ++i) lines.push_back(std::to_string(i));
  put("app", "one", lines);
  EXPECT_THAT(rows("display @message | sort @message asc | limit 3"),
              ElementsAre("@message=0", "@message=1", "@message=2"));
  EXPECT_THAT(rows("display @message | limit 2"), ElementsAre("@message=8999", "@message=8998"));
  EXPECT_THAT(rows("stats count(*) as n, max(@message) as m"), ElementsAre("n=9000 m=8999"));
}

}  // namespace
}  // namespace aviary::logs
