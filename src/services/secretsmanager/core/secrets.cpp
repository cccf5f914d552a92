#include "services/secretsmanager/core/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/secretsmanager.hpp"

namespace aviary::secretsmanager {

void Secrets::drop_deleted(ByName& secrets, Instant now) {
  for (auto each = secrets.begin(); each != secrets.end();) {
    if (each->second.deletion && *each->second.deletion <= now) {
      records_.erase(key_of(each->second));
      each = secrets.erase(each);
    } else {
      ++each;
    }
  }
}

const Secrets::ByName& Secrets::in(const Scope& scope, Instant now) {
  ByName& secrets = secrets_[scope];
  drop_deleted(secrets, now);
  return secrets;
}

Secret* Secrets::find(const Scope& scope, std::string_view id, Instant now) {
  ByName& secrets = secrets_[scope];
  std::string name(id);
  if (id.starts_with("arn:")) {
    const std::string ours = fmt::format("arn:aws:secretsmanager:{}:{}:secret:", scope.region, scope.account);
    if (!id.starts_with(ours)) return nullptr;
    name = id.substr(ours.size());
    constexpr std::size_t suffix = 7;  // a hyphen and six characters
    if (name.size() > suffix && name[name.size() - suffix] == '-' && !secrets.contains(name)) {
      name.resize(name.size() - suffix);
      const auto whole = secrets.find(name);
      if (whole == secrets.end() || whole->second.arn != id) return nullptr;
    }
  }
  const auto found = secrets.find(name);
  if (found == secrets.end()) return nullptr;
  if (found->second.deletion && *found->second.deletion <= now) {
    erase(found->second);
    return nullptr;
  }
  return &found->second;
}

Secret& Secrets::add(Secret secret) {
  std::string name = secret.name;
  return secrets_[secret.scope].insert_or_assign(std::move(name), std::move(secret)).first->second;
}

void Secrets::erase(const Secret& secret) {
  records_.erase(key_of(secret));
  ByName& secrets = secrets_[secret.scope];
  secrets.erase(secrets.find(secret.name));
}

std::string Secrets::new_arn(const Scope& scope, std::string_view name) {
  static constexpr std::string_view characters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string arn = fmt::format("arn:aws:secretsmanager:{}:{}:secret:{}-", scope.region, scope.account, name);
  for (int i = 0; i < 6; ++i) arn += characters[ids_.next() % characters.size()];
  return arn;
}

void Secrets::restore() {
  records_.load([this](std::string_view, Json record) { add(secret_from(record)); });
}

std::size_t Secrets::size() const {
  std::size_t count = 0;
  for (const auto& [scope, secrets] : secrets_) count += secrets.size();
  return count;
}

Result<std::string> random_password(const PasswordRules& rules, Random& chance) {
  const auto without = [&](std::string_view all) {
    std::string kept(all);
    std::erase_if(kept, [&](char c) { return rules.excluded.find(c) != std::string::npos; });
    return kept;
  };
  std::vector<std::string> kinds;
  if (!rules.no_lowercase) kinds.push_back(without("abcdefghijklmnopqrstuvwxyz"));
  if (!rules.no_uppercase) kinds.push_back(without("ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
  if (!rules.no_numbers) kinds.push_back(without("0123456789"));
  if (!rules.no_punctuation) kinds.push_back(without("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"));
  std::erase_if(kinds, [](const std::string& kind) { return kind.empty(); });
  std::string all;
  for (const std::string& kind : kinds) all += kind;
  if (rules.with_space && rules.excluded.find(' ') == std::string::npos) all += ' ';
  namespace errors = models::secretsmanager::errors;
  if (all.empty())
    return AwsError(errors::InvalidParameterException,
                    "You can't exclude all characters: there is nothing left to make a password of.");
  if (rules.each_type && rules.length < kinds.size())
    return AwsError(errors::InvalidParameterException,
                    "Password length is too short based on the required types.");
  const auto drawn = [&](std::string_view from) { return from[chance.next() % from.size()]; };
  std::string password;
  if (rules.each_type)
    for (const std::string& kind : kinds) password += drawn(kind);
  while (password.size() < rules.length) password += drawn(all);
  for (std::size_t i = password.size(); i > 1; --i) std::swap(password[i - 1], password[chance.next() % i]);
  return password;
}

}  // namespace aviary::secretsmanager
