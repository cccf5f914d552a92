#include <fmt/format.h>

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/tenancy.hpp"

/// Function URLs as they are configured; `url_invoke.cpp` answers what is sent to them.
namespace aviary::lambda {
namespace {

AwsError no_function_for_url() { return not_found("Function does not exist"); }

/// A name that resolves to this machine wherever `localhost` has subdomains: browsers, curl, most resolvers.
std::string url_text(std::string_view id, std::string_view region, std::string_view base_url) {
  const std::size_t port = base_url.rfind(':');
  const bool has_port = port != std::string_view::npos && port > base_url.find("//");
  return fmt::format("http://{}.lambda-url.{}.localhost{}/", id, region,
                     has_port ? base_url.substr(port) : std::string_view{});
}

enum class UrlView { Created, Whole };

Json render_url(const Function& function, const std::string& qualifier, const Json& config,
                std::string_view base_url, UrlView view) {
  Json out{{"FunctionUrl",
            url_text(config.at("id").get_ref<const std::string&>(), function.scope.region, base_url)},
           {"FunctionArn", function_arn(function.scope, function.name, qualifier)},
           {"AuthType", config.at("AuthType")},
           {"CreationTime", config.at("created")}};
  if (const Json* cors = find_member(config, "Cors")) out["Cors"] = *cors;
  const Json* mode = find_member(config, "InvokeMode");
  if (mode) out["InvokeMode"] = *mode;
  if (view == UrlView::Created) return out;
  if (!mode) out["InvokeMode"] = "BUFFERED";
  out["LastModifiedTime"] = config.at("modified");
  return out;
}

}  // namespace

Result<Reply> LambdaService::create_function_url_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function || !store_.revision_of(*function, target->qualifier)) return no_function_for_url();
  if (isolates_tenants(*function->latest.version->configuration)) return not_with_tenancy("A function URL");
  if (store_.attached(*function, attachment::url, target->qualifier)) {
    return conflict(
        fmt::format("Failed to create function url config for [functionArn = {}]. Error message:  "
                    "FunctionUrlConfig exists for this Lambda function",
                    function_arn(target->scope, target->name, target->qualifier)));
  }
  const std::string now = iso8601(call.now, 6);
  Json config{{"id", ids_.hex(32)}, {"created", now}, {"modified", now}};
  for (const char* name : {"AuthType", "Cors", "InvokeMode"})
    if (const Json* given = find_member(call.input, name)) config[name] = *given;
  urls_[config.at("id").get<std::string>()] = {
      .scope = target->scope, .function = target->name, .qualifier = target->qualifier};
  store_.attach(*function, attachment::url, target->qualifier, config);
  return Reply{.output = render_url(*function, target->qualifier, config, call.base_url, UrlView::Created)};
}

Result<Reply> LambdaService::update_function_url_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function || !store_.revision_of(*function, target->qualifier)) return no_function_for_url();
  const Json* before = store_.attached(*function, attachment::url, target->qualifier);
  if (!before) return resource_does_not_exist();
  Json config = *before;
  for (const char* name : {"AuthType", "Cors", "InvokeMode"})
    if (const Json* given = find_member(call.input, name)) config[name] = *given;
  config["modified"] = iso8601(call.now, 6);
  store_.attach(*function, attachment::url, target->qualifier, config);
  return Reply{.output = render_url(*function, target->qualifier, config, call.base_url, UrlView::Whole)};
}

Result<Reply> LambdaService::get_function_url_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  const Json* config = function ? store_.attached(*function, attachment::url, target->qualifier) : nullptr;
  if (!config) return resource_does_not_exist();
  return Reply{.output = render_url(*function, target->qualifier, *config, call.base_url, UrlView::Whole)};
}

Result<Reply> LambdaService::delete_function_url_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  const Json* config = function ? store_.attached(*function, attachment::url, target->qualifier) : nullptr;
  if (!config) return resource_does_not_exist();
  urls_.erase(config->at("id").get<std::string>());
  store_.detach(*function, attachment::url, target->qualifier);
  return Reply{};
}

Result<Reply> LambdaService::list_function_url_configs(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return no_function_for_url();
  Reply reply;
  Json& list = reply.output["FunctionUrlConfigs"] = Json::array();
  const auto configs = function->attached.find(attachment::url);
  if (configs == function->attached.end()) return reply;
  std::string last;
  // The function's own URL has an empty qualifier, so the marker carries a mark before it.
  auto next =
      page->after.empty() ? configs->second.begin() : configs->second.upper_bound(page->after.substr(1));
  for (; next != configs->second.end() && list.size() < page->size; ++next) {
    list.push_back(render_url(*function, next->first, next->second, call.base_url, UrlView::Whole));
    last = "=" + next->first;
  }
  if (next != configs->second.end()) reply.output["NextMarker"] = marker_after(last);
  return reply;
}

/// After a restart: which function answers which URL.
void LambdaService::index_urls(const Function& function) {
  const auto configs = function.attached.find(attachment::url);
  if (configs == function.attached.end()) return;
  for (const auto& [qualifier, config] : configs->second)
    urls_[config.at("id").get<std::string>()] = {
        .scope = function.scope, .function = function.name, .qualifier = qualifier};
}

}  // namespace aviary::lambda
