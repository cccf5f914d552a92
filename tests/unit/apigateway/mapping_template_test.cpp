#include "services/apigateway/core/mapping_template.hpp"

#include <gtest/gtest.h>

namespace aviary::apigateway {
namespace {

TemplateInput pet() {
  TemplateInput input;
  input.body = R"({"name": "Rex", "tags": ["a", "b"], "owner": {"age": 7, "say": "it's \"me\""}})";
  input.params = {{"path", {{"id", "7"}}}, {"querystring", {{"q", "x y"}}}, {"header", {{"X-A", "1"}}}};
  input.context = {{"stage", "prod"}, {"identity", {{"sourceIp", "127.0.0.1"}}}};
  input.stage_variables = {{"color", "blue"}};
  return input;
}

std::string rendered(std::string_view source) {
  const Rendered made = render_template(source, pet());
  return made.problem.empty() ? made.text : "problem: " + made.problem;
}

TEST(MappingTemplates, InputIsReadByPathAndAsJson) {
  EXPECT_EQ(rendered("$input.path('$.name') $input.json('$.tags') $input.json('$.owner.age')"),
            R"(Rex ["a","b"] 7)");
  EXPECT_EQ(rendered("$input.params('id') $input.params('q') $input.params().header.get('X-A')"), "7 x y 1");
  EXPECT_EQ(rendered("$input.params('none')|$input.json('$.none')"), "|\"\"");
  EXPECT_EQ(rendered("$util.escapeJavaScript($input.path('$.owner.say'))"), R"(it\'s \"me\")");
  EXPECT_EQ(rendered("$input.path('$').owner.age $input.path('$.tags')[1] $input.path('$.tags').size()"),
            "7 b 2");
}

TEST(MappingTemplates, ContextVariablesAndUtilities) {
  EXPECT_EQ(rendered("$context.stage ${context.identity.sourceIp} $stageVariables.color"),
            "prod 127.0.0.1 blue");
  EXPECT_EQ(rendered("$util.base64Encode('hi') $util.base64Decode('aGk=') $util.urlEncode('a b/')"),
            "aGk= hi a%20b%2F");
  EXPECT_EQ(rendered("$util.parseJson('{\"a\": [1, 2]}').a[1]"), "2");
  EXPECT_EQ(rendered("$util.escapeIt('x')"), "problem: $util.escapeIt is not part of Aviary");
}

TEST(MappingTemplates, DirectivesAsInVelocity) {
  EXPECT_EQ(rendered("#set($a = 3)\n#if($a > 2 && !$none)big#elseif($a == 1)one#{else}small#end"), "big");
  EXPECT_EQ(rendered("[#foreach($t in $input.path('$.tags'))\"$t\"#if($foreach.hasNext),#end#end]"),
            R"(["a","b"])");
  EXPECT_EQ(rendered("#foreach($i in [1..5])$i#if($i == 3)#break#end#end"), "123");
  EXPECT_EQ(rendered("#set($m = {'a': 1})$m.put('b', 2)#foreach($k in $m.keySet())$k=$m.get($k);#end"),
            "a=1;b=2;");
  EXPECT_EQ(rendered("#set($s = \"${context.stage}-#if(true)yes#end\")$s.toUpperCase()"), "PROD-YES");
}

TEST(MappingTemplates, WhatIsNotThereStaysAsItIsWritten) {
  EXPECT_EQ(rendered("$none $!none ${none.a.b} $5 #5 \\$context"), "$none  ${none.a.b} $5 #5 $context");
  EXPECT_EQ(rendered("a ## gone\n#* and\nthis *#b"), "a b");
}

TEST(MappingTemplates, BrokenOnesAreTold) {
  EXPECT_EQ(template_problem("x\n#if($a"), "line 2: ')' is missing");
  EXPECT_EQ(template_problem("#foreach($a in $b)"), "line 1: #end is missing");
  EXPECT_EQ(template_problem("#macro(x)#end"), "line 1: #macro is not part of Aviary yet");
  EXPECT_NE(template_problem("#end"), "");
  EXPECT_NE(template_problem(std::string(5000, '(').insert(0, "#if(")), "");
  EXPECT_EQ(rendered("#foreach($i in [1..900000])#foreach($k in [1..900000])#end#end"),
            "problem: too many steps");
}

TEST(MappingTemplates, NothingGrowsWithoutEnd) {
  EXPECT_EQ(rendered("#set($s = 'abcdefgh')#foreach($i in [1..60])#set($s = $s + $s)#end$s.length()"),
            "problem: the result is too long");
  EXPECT_EQ(rendered("#set($s = 'ab')#foreach($i in [1..60])#set($s = \"$s$s\")#end"),
            "problem: the result is too long");
  EXPECT_EQ(rendered("#set($l = [1])#foreach($i in [1..60])$!l.addAll($l)#end").substr(0, 4), "true");
  TemplateInput deep;
  deep.body = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_LT(render_template("$input.json('$')", deep).text.size(), 3'000'000U);
}

TEST(MappingTemplates, OverridesComeBack) {
  const Rendered made = render_template("#set($context.responseOverride.status = 418)x", pet());
  EXPECT_EQ(made.text, "x");
  EXPECT_EQ(made.context_after["responseOverride"]["status"], 418);
}

}  // namespace
}  // namespace aviary::apigateway
