#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/apigateway/core/entities.hpp"
#include "services/apigateway/core/routing_rules.hpp"

namespace aviary::apigateway {

/// Names of one's own, `api.example.com`, and which API's stage is at which path below each. Both kinds of
/// API have one store of them: what one operation makes, the other's operations see, as at AWS.
///
/// A name is at `names/<name>`, what is mapped below it at `maps/<name>/<id>`, its routing rules at
/// `rules/<name>/<id>`. A mapping has `ApiMappingId`,
/// `ApiId`, `ApiMappingKey` (the path, without a slash at its beginning; empty: everything) and `Stage`
/// (empty: the path's next segment says which).
class Domains {
 public:
  explicit Domains(Journal& journal) : entities_(journal, "api-domains") {}

  /// Whose APIs can be mapped. Both outlive this.
  void serve(const Entities& rest_apis, const Entities& http_apis) {
    rest_apis_ = &rest_apis;
    http_apis_ = &http_apis;
  }

  /// In the words of `domain_record` below; null if the account has none of the name in the region.
  const Json* find(std::string_view account, std::string_view region, std::string_view name) const;
  /// Whether anybody has it.
  bool is_taken(std::string_view name) const;
  std::vector<const Json*> all(std::string_view account, std::string_view region) const;
  void put(const std::string& name, Json record) { entities_.put("names/" + name, std::move(record)); }
  /// What `arn:aws:apigateway:REGION::/domainnames/NAME` names; null if there is none.
  const Json* in_arn(std::string_view arn) const;
  /// False: the ARN names none.
  bool retag(std::string_view arn, const Json& added, const std::vector<std::string>& removed);
  /// With its mappings and rules.
  void erase(const std::string& name);

  const Json* find_mapping(std::string_view name, std::string_view id) const;
  /// By its path; null if there is none.
  const Json* mapping_at(std::string_view name, std::string_view key) const;
  std::vector<const Json*> mappings(std::string_view name) const;
  void put_mapping(const std::string& name, Json mapping);
  void erase_mapping(const std::string& name, const std::string& id) {
    entities_.erase("maps/" + name + '/' + id);
  }
  bool is_mapped(std::string_view api) const;

  /// By their priority, the first to be asked first.
  std::vector<const Json*> rules(std::string_view name) const;
  const Json* find_rule(std::string_view name, std::string_view id) const;
  void put_rule(const std::string& name, Json rule);
  void erase_rule(const std::string& name, const std::string& id) {
    entities_.erase("rules/" + name + '/' + id);
  }

  enum class Kind { None, Rest, Http };
  /// What kind of API this is; None if the account has none in the region.
  Kind kind_of(std::string_view account, std::string_view region, std::string_view api) const;
  bool has_stage(std::string_view api, std::string_view stage) const;

  struct Place {
    std::string api;
    std::string stage;   ///< empty: the rest begins with it
    std::string rest;    ///< of the path, what the mapping leaves
    std::string prefix;  ///< the host's first label
    bool mapped = false;
  };
  /// Where a request goes by its Host (with or without port) and its path, without query. Nothing: the host
  /// is no name of anybody's. The longest path that fits counts; `*.example.com` stands for one label. By the
  /// name's routing mode its rules are asked first, or alone, and they may ask for headers.
  std::optional<Place> place_of(std::string_view host, std::string_view path,
                                const HeaderOf& header = {}) const;

  void restore() { entities_.restore(); }
  void clear() { entities_.clear(); }

 private:
  /// By the first rule that fits; false: none does.
  bool ruled(std::string_view name, std::string_view path, const HeaderOf& header, Place& place) const;

  Entities entities_;
  const Entities* rest_apis_ = nullptr;
  const Entities* http_apis_ = nullptr;
};

/// The zone of the names that API Gateway gives regional domain names, for alias records; empty for regions
/// that are not in the table. https://docs.aws.amazon.com/general/latest/gr/apigateway.html
std::string_view hosted_zone(std::string_view region);
/// `api.example.com`, `*.example.com`: small letters, digits, hyphens, at least two labels.
bool is_domain_name(std::string_view name);

}  // namespace aviary::apigateway
