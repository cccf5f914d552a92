#include "services/apigateway/core/domains.hpp"

#include <algorithm>
#include <array>

#include "base/document.hpp"

namespace aviary::apigateway {
namespace {

struct Zone {
  std::string_view region;
  std::string_view id;
};
constexpr std::array zones{Zone{"ap-northeast-1", "Z1YSHQZHG15GKL"}, Zone{"ap-northeast-2", "Z20JF4UZKIW1U8"},
                           Zone{"ap-south-1", "Z3VO1THU9YC4UR"},     Zone{"ap-southeast-1", "ZL327KTPIQFUL"},
                           Zone{"ap-southeast-2", "Z2RPCDW04V8134"}, Zone{"ca-central-1", "Z19DQILCV0OWEC"},
                           Zone{"eu-central-1", "Z1U9ULNL0V5AJ3"},   Zone{"eu-north-1", "Z3UWIKFBOOGXPP"},
                           Zone{"eu-west-1", "ZLY8HYME6SFDD"},       Zone{"eu-west-2", "ZJ5UAJN8Y3Z2Q"},
                           Zone{"eu-west-3", "Z3KY65QIEKYHQQ"},      Zone{"sa-east-1", "ZCMLWB8V5SYIT"},
                           Zone{"us-east-1", "Z1UJRXOUMOOFQ8"},      Zone{"us-east-2", "ZOJJZC49E0EPZ"},
                           Zone{"us-west-1", "Z2MUQ32089INYE"},      Zone{"us-west-2", "Z2OJLYMUO9EFXC"}};

std::string joined(std::string_view before, std::string_view after) {
  std::string text(before);
  text += after;
  return text;
}

std::string small_letters(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool belongs_to(const Json& document, std::string_view account, std::string_view region) {
  return text_of(document, "_account") == account && text_of(document, "_region") == region;
}

}  // namespace

std::string_view hosted_zone(std::string_view region) {
  const auto* found = std::ranges::find(zones, region, &Zone::region);
  return found != zones.end() ? found->id : std::string_view{};
}

bool is_domain_name(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.size() > 253 || name.find('.') == std::string_view::npos) return false;
  while (true) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    const bool fits = !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                      std::ranges::all_of(label, [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                      });
    if (!fits) return false;
    // What ends in digits is an address.
    if (dot == std::string_view::npos)
      return !std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
    name.remove_prefix(dot + 1);
  }
}

const Json* Domains::find(std::string_view account, std::string_view region, std::string_view name) const {
  const Json* found = entities_.find(joined("names/", name));
  return found != nullptr && belongs_to(*found, account, region) ? found : nullptr;
}

bool Domains::is_taken(std::string_view name) const {
  return entities_.find(joined("names/", name)) != nullptr;
}

std::vector<const Json*> Domains::all(std::string_view account, std::string_view region) const {
  std::vector<const Json*> found;
  for (const auto& [key, record] : entities_.below("names/"))
    if (belongs_to(*record, account, region)) found.push_back(record);
  return found;
}

const Json* Domains::in_arn(std::string_view arn) const {
  constexpr std::string_view mark = "::/domainnames/";
  const std::size_t at = arn.find(mark);
  return at == std::string_view::npos ? nullptr
                                      : entities_.find(joined("names/", arn.substr(at + mark.size())));
}

bool Domains::retag(std::string_view arn, const Json& added, const std::vector<std::string>& removed) {
  const Json* found = in_arn(arn);
  if (found == nullptr) return false;
  Json record = *found;
  for (const auto& [key, value] : added.items()) record["tags"][key] = value;
  for (const std::string& key : removed) record["tags"].erase(key);
  const std::string name = text_of(record, "name");
  put(name, std::move(record));
  return true;
}

void Domains::erase(const std::string& name) {
  entities_.erase_below("maps/" + name + '/');
  entities_.erase_below("rules/" + name + '/');
  entities_.erase("names/" + name);
}

const Json* Domains::find_mapping(std::string_view name, std::string_view id) const {
  return entities_.find(joined(joined("maps/", name), joined("/", id)));
}

const Json* Domains::mapping_at(std::string_view name, std::string_view key) const {
  for (const Json* each : mappings(name))
    if (text_of(*each, "ApiMappingKey") == key) return each;
  return nullptr;
}

std::vector<const Json*> Domains::mappings(std::string_view name) const {
  std::vector<const Json*> found;
  for (const auto& [key, mapping] : entities_.below(joined(joined("maps/", name), "/")))
    found.push_back(mapping);
  return found;
}

void Domains::put_mapping(const std::string& name, Json mapping) {
  const std::string key = "maps/" + name + '/' + text_of(mapping, "ApiMappingId");
  entities_.put(key, std::move(mapping));
}

std::vector<const Json*> Domains::rules(std::string_view name) const {
  std::vector<const Json*> found;
  for (const auto& [key, rule] : entities_.below(joined(joined("rules/", name), "/"))) found.push_back(rule);
  std::ranges::sort(found, {}, [](const Json* rule) { return rule->value("Priority", std::int64_t{0}); });
  return found;
}

const Json* Domains::find_rule(std::string_view name, std::string_view id) const {
  return entities_.find(joined(joined("rules/", name), joined("/", id)));
}

void Domains::put_rule(const std::string& name, Json rule) {
  const std::string key = "rules/" + name + '/' + text_of(rule, "RoutingRuleId");
  entities_.put(key, std::move(rule));
}

bool Domains::ruled(std::string_view name, std::string_view path, const HeaderOf& header,
                    Place& place) const {
  for (const Json* rule : rules(name)) {
    std::string base;
    if (!rule_matches(*rule, path, header, base)) continue;
    const Json& action = rule->at("Actions").at(0).at("InvokeApi");
    const bool strips = flag_of(action, "StripBasePath") && !base.empty();
    place.mapped = true;
    place.api = text_of(action, "ApiId");
    place.stage = text_of(action, "Stage");
    place.rest = std::string(strips ? path.substr(std::min(path.size(), base.size() + 1)) : path);
    return true;
  }
  return false;
}

bool Domains::is_mapped(std::string_view api) const {
  return std::ranges::any_of(entities_.below("maps/"),
                             [&](const auto& each) { return text_of(*each.second, "ApiId") == api; });
}

Domains::Kind Domains::kind_of(std::string_view account, std::string_view region,
                               std::string_view api) const {
  for (const auto& [kind, entities] : {std::pair{Kind::Rest, rest_apis_}, std::pair{Kind::Http, http_apis_}})
    if (entities != nullptr)
      if (const Json* found = entities->find(api_key(api)); found && belongs_to(*found, account, region))
        return kind;
  return Kind::None;
}

bool Domains::has_stage(std::string_view api, std::string_view stage) const {
  for (const Entities* entities : {rest_apis_, http_apis_})
    if (entities != nullptr && entities->find(member_key(api, "stages", stage)) != nullptr) return true;
  return false;
}

std::optional<Domains::Place> Domains::place_of(std::string_view host, std::string_view path,
                                                const HeaderOf& header) const {
  if (entities_.below("names/").empty()) return std::nullopt;
  std::string name = small_letters(host.substr(0, host.rfind(':')));
  const std::string prefix = name.substr(0, name.find('.'));
  if (!is_taken(name)) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return std::nullopt;
    name = "*" + name.substr(dot);
    if (!is_taken(name)) return std::nullopt;
  }
  Place place{.api = {}, .stage = {}, .rest = {}, .prefix = prefix, .mapped = false};
  const std::string& mode = text_of(*entities_.find("names/" + name), "routing");
  const bool by_rule = mode.starts_with("ROUTING_RULE") && ruled(name, path, header, place);
  std::size_t longest = 0;
  for (const Json* each : mappings(name)) {
    if (by_rule || mode == "ROUTING_RULE_ONLY") break;
    const std::string& key = text_of(*each, "ApiMappingKey");
    if (!is_below_key(path, key) || (place.mapped && key.size() < longest)) continue;
    longest = key.size();
    place.mapped = true;
    place.api = text_of(*each, "ApiId");
    place.stage = text_of(*each, "Stage");
    place.rest = std::string(key.empty() ? path : path.substr(std::min(path.size(), key.size() + 1)));
  }
  if (!place.rest.starts_with('/')) place.rest.insert(0, 1, '/');
  return place;
}

}  // namespace aviary::apigateway
