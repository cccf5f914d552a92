#include "services/logs/core/grok.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "services/logs/core/errors.hpp"

namespace aviary::logs {
namespace {

struct NamedPattern {
  std::string_view name;
  std::string_view expression;
};

/// Those of Logstash that AWS lists; others are made of others.
constexpr NamedPattern patterns[] = {
    {"USERNAME", "[a-zA-Z0-9._-]+"},
    {"USER", "%{USERNAME}"},
    {"EMAILLOCALPART", "[a-zA-Z0-9!#$%&'*+\\-/=?^_`{|}~.]+"},
    {"EMAILADDRESS", "%{EMAILLOCALPART}@%{HOSTNAME}"},
    {"INT", "(?:[+-]?(?:[0-9]+))"},
    {"BASE10NUM", "(?<![0-9.+-])(?>[+-]?(?:(?:[0-9]+(?:\\.[0-9]+)?)|(?:\\.[0-9]+)))"},
    {"NUMBER", "%{BASE10NUM}"},
    {"BASE16NUM", "(?<![0-9A-Fa-f])(?:[+-]?(?:0x)?(?:[0-9A-Fa-f]+))"},
    {"POSINT", "\\b(?:[1-9][0-9]*)\\b"},
    {"NONNEGINT", "\\b(?:[0-9]+)\\b"},
    {"BOOLEAN", "(?:true|false)"},
    {"BOOL", "(?:true|false)"},
    {"WORD", "\\b\\w+\\b"},
    {"NOTSPACE", "\\S+"},
    {"SPACE", "\\s*"},
    {"DATA", ".*?"},
    {"GREEDYDATA", ".*"},
    {"GREEDYDATA_MULTILINE", "(?s:.*)"},
    {"QUOTEDSTRING", "(?:\"(?:\\\\.|[^\\\\\"])*\"|'(?:\\\\.|[^\\\\'])*')"},
    {"QS", "%{QUOTEDSTRING}"},
    {"UUID", "[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}"},
    {"URN", "urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:(?:%[0-9a-fA-F]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+"},
    {"ARN", "arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:\\S+"},
    {"MAC", "(?:[A-Fa-f0-9]{2}[:-]){5}[A-Fa-f0-9]{2}"},
    {"IPV6",
     "(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,7}:|"
     "(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}|:(?::[0-9A-Fa-f]{1,4}){1,7}|::)"},
    {"IPV4",
     "(?<![0-9])(?:(?:[0-1]?[0-9]{1,2}|2[0-4][0-9]|25[0-5])\\.){3}"
     "(?:[0-1]?[0-9]{1,2}|2[0-4][0-9]|25[0-5])(?![0-9])"},
    {"IP", "(?:%{IPV6}|%{IPV4})"},
    {"HOSTNAME", "\\b(?:[0-9A-Za-z][0-9A-Za-z-]{0,62})(?:\\.(?:[0-9A-Za-z][0-9A-Za-z-]{0,62}))*\\.?"},
    {"IPORHOST", "(?:%{IP}|%{HOSTNAME})"},
    {"HOSTPORT", "%{IPORHOST}:%{POSINT}"},
    {"UNIXPATH", "(?:/[\\w_%!$@:.,+~-]*)+"},
    {"WINPATH", "(?:[A-Za-z]+:|\\\\)(?:\\\\[^\\\\?*]*)+"},
    {"PATH", "(?:%{UNIXPATH}|%{WINPATH})"},
    {"URIPROTO", "[A-Za-z][A-Za-z0-9+.-]+"},
    {"URIHOST", "%{IPORHOST}(?::%{POSINT})?"},
    {"URIPATH", "(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+"},
    {"URIPARAM", "\\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\\[\\]<>-]*"},
    {"URIPATHPARAM", "%{URIPATH}(?:%{URIPARAM})?"},
    {"URI", "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?"},
    {"MONTH",
     "\\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
     "Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\b"},
    {"MONTHNUM", "(?:0?[1-9]|1[0-2])"},
    {"MONTHDAY", "(?:(?:0[1-9])|(?:[12][0-9])|(?:3[01])|[1-9])"},
    {"DAY",
     "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|"
     "Sun(?:day)?)"},
    {"YEAR", "(?>\\d\\d){1,2}"},
    {"HOUR", "(?:2[0123]|[01]?[0-9])"},
    {"MINUTE", "(?:[0-5][0-9])"},
    {"SECOND", "(?:(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?)"},
    {"TIME", "(?<![0-9])%{HOUR}:%{MINUTE}(?::%{SECOND})(?![0-9])"},
    {"DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"},
    {"DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"},
    {"DATE", "(?:%{DATE_US}|%{DATE_EU})"},
    {"ISO8601_TIMEZONE", "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))"},
    {"ISO8601_SECOND", "%{SECOND}"},
    {"TIMESTAMP_ISO8601",
     "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?"
     "(?:%{ISO8601_TIMEZONE})?"},
    {"DATESTAMP", "%{DATE}[- ]%{TIME}"},
    {"TZ", "(?:[PMCE][SD]T|UTC|GMT)"},
    {"HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"},
    {"SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}"},
    {"LOGLEVEL",
     "(?i:alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|"
     "severe|emerg(?:ency)?)"},
};

/// One expression of an expression with `%{NAME}` and `%{NAME:field}` in it.
class Translation {
 public:
  Result<std::string> translate(std::string_view expression, int depth = 0) {
    std::string out;
    for (std::size_t at = 0; at < expression.size();) {
      const std::size_t end = expression.find('}', at);
      if (!expression.substr(at).starts_with("%{") || end == std::string_view::npos) {
        out.push_back(expression[at++]);
        continue;
      }
      const std::string_view inside = expression.substr(at + 2, end - at - 2);
      at = end + 1;
      const std::size_t colon = inside.find(':');
      const std::string_view name = inside.substr(0, colon);
      const auto* found = std::ranges::find(patterns, name, &NamedPattern::name);
      if (found == std::end(patterns) || depth > 8)
        return invalid_parameter(fmt::format("The grok pattern {} is not supported.", name));
      const bool named = colon != std::string_view::npos;
      const std::size_t group = fields.size();
      if (named) fields.emplace_back(inside.substr(colon + 1));
      Result<std::string> expanded = translate(found->expression, depth + 1);
      if (!expanded) return expanded.error();
      out += named ? fmt::format("(?<g{}>{})", group, *expanded) : fmt::format("(?:{})", *expanded);
    }
    return out;
  }

  std::vector<std::string> fields;
};

}  // namespace

Result<Grok> Grok::compile(std::string_view expression) {
  Translation translation;
  const Result<std::string> translated = translation.translate(expression);
  if (!translated) return translated.error();
  std::optional<Regex> regex = Regex::compile(*translated);
  if (!regex) return invalid_parameter("The grok expression is not valid.");
  return Grok(std::move(*regex), std::move(translation.fields));
}

std::optional<std::vector<std::pair<std::string, std::string>>> Grok::match(std::string_view text) const {
  const auto captured = regex_.captures(text);
  if (!captured) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [group, value] : *captured) {
    std::size_t index = fields_.size();
    std::from_chars(group.data() + 1, group.data() + group.size(), index);
    if (index < fields_.size()) found.emplace_back(fields_[index], value);
  }
  return found;
}

}  // namespace aviary::logs
