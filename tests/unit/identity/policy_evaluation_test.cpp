#include "services/iam/core/policy_evaluation.hpp"

#include <gtest/gtest.h>

#include "services/iam/core/managed_policies.hpp"
#include "services/iam/core/policy_conditions.hpp"
#include "services/iam/core/policy_grammar.hpp"

namespace aviary::iam {
namespace {

Json statement(const char* effect, Json action, Json resource) {
  return {{"Effect", effect}, {"Action", std::move(action)}, {"Resource", std::move(resource)}};
}

Json document(Json statements) { return {{"Version", "2012-10-17"}, {"Statement", std::move(statements)}}; }

/// What one document says of a request.
Effect said(const Json& policy, AccessRequest request) {
  const std::vector<Json> documents(1, policy);
  return judge_documents(documents, request);
}

const Principal alice{
    .kind = CallerKind::User, .account = "123456789012", .arn = "arn:aws:iam::123456789012:user/alice"};
const Principal session{.kind = CallerKind::Session,
                        .account = "123456789012",
                        .arn = "arn:aws:sts::123456789012:assumed-role/r/s",
                        .role_arn = "arn:aws:iam::123456789012:role/r"};

TEST(PolicyStatements, ActionsInAnyCaseResourcesFieldByField) {
  struct Case {
    Json action, resource;
    const char *asked, *on;
    bool fits;
  };
  const Case cases[] = {
      {"s3:GetObject", "arn:aws:s3:::b/*", "s3:GetObject", "arn:aws:s3:::b/k", true},
      {"S3:getobject", "arn:aws:s3:::b/*", "s3:GetObject", "arn:aws:s3:::b/k/l", true},
      {"s3:Get*", "arn:aws:s3:::b/*", "s3:GetObjectAcl", "arn:aws:s3:::b/k", true},
      {"s3:Get?bject", "*", "s3:GetObject", "arn:aws:s3:::b/k", true},
      {"*", "*", "sqs:SendMessage", "*", true},
      {"s3:*", "arn:aws:s3:::B/*", "s3:GetObject", "arn:aws:s3:::b/k", false},
      {"s3:GetObject", "arn:aws:s3:::b", "s3:GetObject", "arn:aws:s3:::b/k", false},
      {"s3:Get", "*", "s3:GetObject", "arn:aws:s3:::b/k", false},
      {Json::array({"sqs:A", "sqs:B"}), Json::array({"arn:aws:sqs:*:*:q", "arn:aws:sqs:*:*:p"}), "sqs:B",
       "arn:aws:sqs:us-east-1:123456789012:p", true},
      // A wildcard stays in its field, and fields that are not there stand for any.
      {"*", "arn:aws:sqs:*:q", "sqs:B", "arn:aws:sqs:us-east-1:123456789012:p", false},
      {"*", "arn:aws:sqs", "sqs:B", "arn:aws:sqs:us-east-1:123456789012:p", true},
      {"*", "arn:aws:sqs:*", "sqs:B", "arn:aws:sns:us-east-1:123456789012:p", false},
      {"*", "arn:aws:lambda:us-east-1:123456789012:function:f:*", "lambda:InvokeFunction",
       "arn:aws:lambda:us-east-1:123456789012:function:f", false},
      {"*", "arn:aws:lambda:us-east-1:123456789012:function:f*", "lambda:InvokeFunction",
       "arn:aws:lambda:us-east-1:123456789012:function:f:live", true},
  };
  for (const Case& each : cases)
    EXPECT_EQ(said(document(Json::array({statement("Allow", each.action, each.resource)})),
                   {each.asked, each.on}) == Effect::Allows,
              each.fits)
        << each.action << ' ' << each.resource << ' ' << each.asked << ' ' << each.on;
}

TEST(PolicyStatements, WhatIsExceptedAndWhatIsDenied) {
  const Json but_iam = document({{"Effect", "Allow"}, {"NotAction", "iam:*"}, {"Resource", "*"}});
  EXPECT_EQ(said(but_iam, {"sqs:SendMessage", "*"}), Effect::Allows);
  EXPECT_EQ(said(but_iam, {"IAM:ListRoles", "*"}), Effect::Silent);
  const Json but_one = document({{"Effect", "Deny"},
                                 {"Action", "s3:*"},
                                 {"NotResource", Json::array({"arn:aws:s3:::b", "arn:aws:s3:::b/*"})}});
  EXPECT_EQ(said(but_one, {"s3:GetObject", "arn:aws:s3:::other/k"}), Effect::Denies);
  EXPECT_EQ(said(but_one, {"s3:GetObject", "arn:aws:s3:::b/k"}), Effect::Silent);
  // In whichever order.
  EXPECT_EQ(said(document(Json::array({statement("Deny", "sqs:*", "*"), statement("Allow", "*", "*")})),
                 {"sqs:SendMessage", "*"}),
            Effect::Denies);
  for (const Json& nonsense : {Json(), Json("x"), document(Json()), document({{"Effect", "Allow"}}),
                               document({{"Effect", "Allow"}, {"Action", "*"}}),
                               document({{"Effect", "allow"}, {"Action", "*"}, {"Resource", "*"}})})
    EXPECT_EQ(said(nonsense, {"sqs:SendMessage", "*"}), Effect::Silent) << nonsense;
}

TEST(PolicyVariables, StandForWhatTheRequestSays) {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
  const Json home =
      document(Json::array({statement("Allow", "s3:*", "arn:aws:s3:::mybucket/${aws:username}/*")}));
  AccessRequest asked{"s3:GetObject", "arn:aws:s3:::mybucket/alice/k", {{"aws:username", {"alice"}}}};
  EXPECT_EQ(said(home, asked), Effect::Allows);
  asked.resource = "arn:aws:s3:::mybucket/bob/k";
  EXPECT_EQ(said(home, asked), Effect::Silent);
  // What a variable stands for is no wildcard.
  asked.context["aws:username"] = {"*"};
  EXPECT_EQ(said(home, asked), Effect::Silent);
  asked.context.clear();
  asked.resource = "arn:aws:s3:::mybucket/${aws:username}/k";
  EXPECT_EQ(said(home, asked), Effect::Silent);
  Json old = home;
  old["Version"] = "2008-10-17";
  EXPECT_EQ(said(old, asked), Effect::Allows);
  const Json otherwise = document(
      Json::array({statement("Allow", "s3:*", "arn:aws:s3:::${aws:PrincipalTag/team, 'shared'}/${*}")}));
  EXPECT_EQ(said(otherwise, {"s3:GetObject", "arn:aws:s3:::shared/*"}), Effect::Allows);
  EXPECT_EQ(said(otherwise, {"s3:GetObject", "arn:aws:s3:::shared/k"}), Effect::Silent);
}

TEST(PolicyConditions, EveryOperator) {
  const ContextKeys context{{"aws:username", {"alice"}},
                            {"n", {"10"}},
                            {"aws:CurrentTime", {"2026-01-15T10:00:00Z"}},
                            {"flag", {"true"}},
                            {"aws:SourceIp", {"203.0.113.77"}},
                            {"six", {"2001:db8::1"}},
                            {"aws:SourceArn", {"arn:aws:sns:us-east-1:123456789012:t"}},
                            {"aws:TagKeys", {"env", "team"}}};
  struct Case {
    const char* conditions;
    bool holds;
  };
  const Case cases[] = {
      {R"({})", true},
      {R"({"StringEquals": {"AWS:UserName": "alice"}})", true},
      {R"({"StringEquals": {"aws:username": ["bob", "alice"]}})", true},
      {R"({"StringEquals": {"aws:username": "Alice"}})", false},
      {R"({"StringEquals": {"aws:username": "al*"}})", false},
      {R"({"StringEquals": {"absent": "x"}})", false},
      {R"({"StringEqualsIfExists": {"absent": "x"}})", true},
      {R"({"StringEqualsIfExists": {"aws:username": "x"}})", false},
      {R"({"StringNotEquals": {"aws:username": ["bob", "alice"]}})", false},
      {R"({"StringNotEquals": {"aws:username": "bob"}})", true},
      {R"({"StringNotEquals": {"absent": "bob"}})", true},
      {R"({"StringEqualsIgnoreCase": {"aws:username": "ALICE"}})", true},
      {R"({"StringNotEqualsIgnoreCase": {"aws:username": "ALICE"}})", false},
      {R"({"StringLike": {"aws:username": "a*e"}})", true},
      {R"({"StringLike": {"aws:username": "a?e"}})", false},
      {R"({"StringNotLike": {"aws:username": "b*"}})", true},
      {R"({"NumericEquals": {"n": "10.0"}})", true},
      {R"({"NumericEquals": {"n": 10}})", true},
      {R"({"NumericNotEquals": {"n": "10"}})", false},
      {R"({"NumericLessThan": {"n": "10"}})", false},
      {R"({"NumericLessThanEquals": {"n": "10"}})", true},
      {R"({"NumericGreaterThan": {"n": "9"}})", true},
      {R"({"NumericGreaterThanEquals": {"n": "11"}})", false},
      {R"({"NumericLessThan": {"aws:username": "10"}})", false},
      {R"({"DateGreaterThan": {"aws:CurrentTime": "2026-01-15T09:00:00Z"}})", true},
      {R"({"DateLessThan": {"aws:CurrentTime": "2026-01-15"}})", false},
      {R"({"DateLessThanEquals": {"aws:CurrentTime": "2026-01-15T10:00:00Z"}})", true},
      {R"({"DateEquals": {"aws:CurrentTime": "1768471200"}})", true},
      {R"({"DateNotEquals": {"aws:CurrentTime": "2026-01-15T10:00:00Z"}})", false},
      {R"({"DateGreaterThanEquals": {"aws:CurrentTime": "nonsense"}})", false},
      {R"({"Bool": {"flag": "true"}})", true},
      {R"({"Bool": {"flag": false}})", false},
      {R"({"Bool": {"absent": "true"}})", false},
      {R"({"BoolIfExists": {"absent": "true"}})", true},
      {R"({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})", true},
      {R"({"IpAddress": {"aws:SourceIp": "203.0.113.77"}})", true},
      {R"({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.64/30"]}})", false},
      {R"({"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]}})", false},
      {R"({"IpAddress": {"six": "2001:DB8:1234::/32"}})", true},
      {R"({"IpAddress": {"six": "2001:db9::/32"}})", false},
      {R"({"IpAddress": {"six": "0.0.0.0/0"}})", false},
      {R"({"IpAddress": {"aws:SourceIp": "203.0.113.0/99"}})", false},
      {R"({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:123456789012:*"}})", true},
      {R"({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:t"}})", true},
      {R"({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:t"}})", false},
      {R"({"ArnNotEquals": {"aws:SourceArn": "arn:aws:sns:*:*:t"}})", false},
      {R"({"ArnNotLike": {"aws:SourceArn": "arn:aws:sqs:*:*:t"}})", true},
      {R"({"Null": {"absent": "true"}})", true},
      {R"({"Null": {"aws:username": "true"}})", false},
      {R"({"Null": {"aws:username": false}})", true},
      {R"({"ForAllValues:StringEquals": {"aws:TagKeys": ["env", "team", "owner"]}})", true},
      {R"({"ForAllValues:StringEquals": {"aws:TagKeys": ["env"]}})", false},
      {R"({"ForAllValues:StringEquals": {"absent": ["env"]}})", true},
      {R"({"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}})", true},
      {R"({"ForAnyValue:StringEquals": {"absent": ["team"]}})", false},
      {R"({"ForAllValues:StringNotEquals": {"aws:TagKeys": ["owner"]}})", true},
      {R"({"ForAnyValue:StringNotLike": {"aws:TagKeys": ["e*"]}})", true},
      {R"({"StringEquals": {"aws:username": "alice", "n": "11"}})", false},
      {R"({"StringEquals": {"aws:username": "alice"}, "Bool": {"flag": "true"}})", true},
      {R"({"StringEquals": {"aws:username": "${aws:username}"}})", true},
      {R"({"StringMatches": {"aws:username": "alice"}})", false},
      {R"({"StringEquals": "alice"})", false},
  };
  for (const Case& each : cases)
    EXPECT_EQ(meets_conditions(Json::parse(each.conditions), context, Variables::Replaced), each.holds)
        << each.conditions;
  EXPECT_TRUE(is_condition_operator("ForAnyValue:StringLikeIfExists"));
  EXPECT_FALSE(is_condition_operator("Null2"));
}

TEST(PolicyConditions, TheExampleOfManyKeysAndValues) {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
  const Json conditions = Json::parse(R"({"DateGreaterThan": {"aws:CurrentTime": "2019-07-16T12:00:00Z"},
      "DateLessThan": {"aws:CurrentTime": "2019-07-16T15:00:00Z"},
      "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]}})");
  ContextKeys context{{"aws:CurrentTime", {"2019-07-16T13:00:00Z"}}, {"aws:SourceIp", {"203.0.113.9"}}};
  EXPECT_TRUE(meets_conditions(conditions, context, Variables::Replaced));
  context["aws:CurrentTime"] = {"2019-07-16T15:00:00Z"};
  EXPECT_FALSE(meets_conditions(conditions, context, Variables::Replaced));
}

/// How a request ends where each kind of policy says something. Empty: there is no such policy.
struct Layered {
  const char *identity, *boundary, *session, *resource;
  bool allowed;
  const char* reason;
};

std::vector<Json> layer(std::string_view effect) {
  if (effect.empty()) return {};
  return std::vector<Json>(
      1, document(Json::array(
             {statement(std::string(effect).c_str(), effect == "Silent" ? "x:Y" : "s3:GetObject", "*")})));
}

TEST(PolicyEvaluation, LayersWithinOneAccount) {
  const AccessRequest asked{"s3:GetObject", "arn:aws:s3:::b/k"};
  const Layered cases[] = {
      {"Allow", "", "", "", true, ""},
      {"", "", "", "", false, "because no identity-based policy allows the s3:GetObject action"},
      {"Deny", "", "", "", false, "with an explicit deny in an identity-based policy"},
      {"Allow", "Allow", "Allow", "", true, ""},
      {"Allow", "Silent", "", "", false, "because no permissions boundary allows the s3:GetObject action"},
      {"Allow", "Deny", "", "", false, "with an explicit deny in a permissions boundary"},
      {"Allow", "", "Silent", "", false, "because no session policy allows the s3:GetObject action"},
      {"Allow", "", "Deny", "", false, "with an explicit deny in a session policy"},
      {"", "Allow", "Allow", "", false, "because no identity-based policy allows the s3:GetObject action"},
      {"Allow", "", "", "Deny *", false, "with an explicit deny in a resource-based policy"},
      // The account itself only opens the door to the account's own policies.
      {"", "", "", "Allow arn:aws:iam::123456789012:root", false,
       "because no identity-based policy allows the s3:GetObject action"},
      {"", "", "", "Allow 123456789012", false,
       "because no identity-based policy allows the s3:GetObject action"},
      {"", "", "", "Allow arn:aws:iam::123456789012:role/r", true, ""},
      {"", "Silent", "", "Allow arn:aws:iam::123456789012:role/r", false,
       "because no permissions boundary allows the s3:GetObject action"},
      {"", "", "Silent", "Allow arn:aws:iam::123456789012:role/r", false,
       "because no session policy allows the s3:GetObject action"},
      // What is said to the session itself is the last word.
      {"", "Silent", "Silent", "Allow arn:aws:sts::123456789012:assumed-role/r/s", true, ""},
      {"", "Deny", "", "Allow arn:aws:sts::123456789012:assumed-role/r/s", false,
       "with an explicit deny in a permissions boundary"},
      {"", "", "", "Allow arn:aws:iam::123456789012:role/other", false,
       "because no identity-based policy allows the s3:GetObject action"},
  };
  for (const Layered& each : cases) {
    PolicySet set;
    set.identity = layer(each.identity);
    if (*each.boundary) set.boundary = layer(each.boundary);
    if (*each.session) set.session = layer(each.session);
    const std::string_view said = each.resource;
    if (const std::size_t space = said.find(' '); space != std::string_view::npos) {
      Json own = statement(std::string(said.substr(0, space)).c_str(), "s3:*", "*");
      own["Principal"] = {{"AWS", said.substr(space + 1)}};
      set.resource = document(own);
    }
    const Verdict verdict = evaluate(set, asked, session);
    EXPECT_EQ(verdict.allowed, each.allowed) << each.resource << each.reason;
    if (!each.allowed) {
      EXPECT_EQ(reason_of(verdict, asked.action), each.reason);
    }
  }
}

TEST(PolicyEvaluation, OtherAccountsNeedBothSides) {
  const AccessRequest asked{"sqs:SendMessage", "arn:aws:sqs:us-east-1:999999999999:q"};
  Json own = statement("Allow", "sqs:*", "*");
  own["Principal"] = {{"AWS", "123456789012"}};
  PolicySet set;
  set.other_account = true;
  set.identity.push_back(document(Json::array({statement("Allow", "sqs:*", "*")})));
  EXPECT_EQ(reason_of(evaluate(set, asked, alice), asked.action),
            "because no resource-based policy allows the sqs:SendMessage action");
  set.resource = document(own);
  EXPECT_TRUE(evaluate(set, asked, alice).allowed);
  set.identity.clear();
  EXPECT_EQ(reason_of(evaluate(set, asked, alice), asked.action),
            "because no identity-based policy allows the sqs:SendMessage action");
}

TEST(PolicyEvaluation, NobodyAssumesARoleThatDoesNotTrustThem) {
  const AccessRequest asked{"sts:AssumeRole", "arn:aws:iam::123456789012:role/r"};
  const auto trusting = [](const char* principal) {
    return document({{"Effect", "Allow"}, {"Principal", {{"AWS", principal}}}, {"Action", "sts:AssumeRole"}});
  };
  PolicySet set;
  set.resource_decides = true;
  set.identity.push_back(document(Json::array({statement("Allow", "*", "*")})));
  EXPECT_EQ(reason_of(evaluate(set, asked, alice), asked.action),
            "because no role trust policy allows the sts:AssumeRole action");
  set.resource = trusting("arn:aws:iam::123456789012:user/bob");
  EXPECT_FALSE(evaluate(set, asked, alice).allowed);
  set.resource = trusting("123456789012");
  EXPECT_TRUE(evaluate(set, asked, alice).allowed);
  set.identity.clear();
  EXPECT_FALSE(evaluate(set, asked, alice).allowed);
  set.resource = trusting("arn:aws:iam::123456789012:user/alice");
  EXPECT_TRUE(evaluate(set, asked, alice).allowed);
}

TEST(PolicyEvaluation, AnonymousAndExcepted) {
  const AccessRequest asked{"s3:GetObject", "arn:aws:s3:::b/k"};
  Json open = statement("Allow", "s3:GetObject", "arn:aws:s3:::b/*");
  open["Principal"] = "*";
  PolicySet set;
  set.resource = document(open);
  EXPECT_TRUE(evaluate(set, asked, {}).allowed);
  EXPECT_FALSE(evaluate(set, {"s3:PutObject", "arn:aws:s3:::b/k"}, {}).allowed);
  Json others = statement("Deny", "s3:*", "*");
  others["NotPrincipal"] = {{"AWS", Json::array({"arn:aws:iam::123456789012:user/alice"})}};
  set.resource = document(others);
  set.identity.push_back(document(Json::array({statement("Allow", "*", "*")})));
  EXPECT_TRUE(evaluate(set, asked, alice).allowed);
  EXPECT_FALSE(evaluate(set, asked, session).allowed);
}

TEST(PolicyGrammar, WhatCannotBeEvaluatedIsRefused) {
  const auto problem = [](const char* statement) {
    return policy_problem({{"Version", "2012-10-17"}, {"Statement", Json::parse(statement)}});
  };
  EXPECT_EQ(problem("[]"), "");
  EXPECT_EQ(problem(R"({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})"), "");
  EXPECT_EQ(problem(R"({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"})"), "");
  EXPECT_EQ(problem(R"([{"Effect": "Deny", "NotAction": ["*"], "NotResource": ["a"]}])"), "");
  for (const char* wrong : {"5", "[5]", "{}", R"({"Effect": "allow", "Action": "*", "Resource": "*"})",
                            R"({"Effect": "Allow", "Action": {"a": 1}, "Resource": "*"})",
                            R"({"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"})",
                            R"({"Effect": "Allow", "Action": "*", "Resource": [5]})",
                            R"({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": []})"})
    EXPECT_EQ(problem(wrong), "Syntax errors in policy.") << wrong;
  EXPECT_EQ(problem(R"({"Effect": "Allow", "Resource": "*"})"), "Policy statement must contain actions.");
  EXPECT_EQ(problem(R"({"Effect": "Allow", "Action": "*"})"), "Policy statement must contain resources.");
  EXPECT_EQ(problem(R"({"Effect": "Allow", "Action": ["GetObject"], "Resource": "*"})"),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  EXPECT_EQ(problem(R"({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Equals": {}}})"),
            "Invalid Condition type : Equals.");
  EXPECT_EQ(policy_problem(Json::object()), "Missing required field Statement");
}

TEST(ManagedPolicies, ThoseThatFunctionsHave) {
  const Json* basic = managed_policy("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
  ASSERT_NE(basic, nullptr);
  EXPECT_EQ(said(*basic, {"logs:PutLogEvents", "*"}), Effect::Allows);
  EXPECT_EQ(said(*basic, {"s3:PutObject", "*"}), Effect::Silent);
  const Json* all = managed_policy("arn:aws:iam::aws:policy/AdministratorAccess");
  ASSERT_NE(all, nullptr);
  EXPECT_EQ(said(*all, {"s3:PutObject", "arn:aws:s3:::b/k"}), Effect::Allows);
  EXPECT_EQ(managed_policy("arn:aws:iam::aws:policy/NoSuch"), nullptr);
  EXPECT_EQ(managed_policy("arn:aws:iam::123456789012:policy/AdministratorAccess"), nullptr);
}

}  // namespace
}  // namespace aviary::iam
