#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "ports/journal.hpp"
#include "ports/records.hpp"

namespace aviary::sts {

/// Whose temporary credentials are, and what they may be used for at most.
struct Session {
  std::string account;
  std::string arn;                         ///< of the assumed role, or of the user who asked for a session
  std::string id;                          ///< `AROA…:name`
  std::string role_arn{};                  ///< empty: not a role's
  std::vector<std::string> policies{};     ///< session policies, as they were passed
  std::vector<std::string> policy_arns{};  ///< managed ones
  std::map<std::string, std::string> tags{};
  std::string secret{};
  std::string token{};
  double expires = 0;  ///< seconds since the epoch

  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Session, account, arn, id, role_arn, policies, policy_arns, tags, secret,
                                 token, expires)
};

/// The temporary credentials that are in use, by access key id. Expired ones go when others come.
class Sessions {
 public:
  explicit Sessions(Journal& journal) : records_(journal, "sts") {}

  void keep(const std::string& access_key_id, Session session, Instant now) {
    const double seconds = epoch_seconds(now);
    // Long enough for whoever still uses them to be told that they have expired.
    constexpr double told = 24 * 3600;
    std::erase_if(sessions_, [&](const auto& entry) {
      const bool gone = entry.second.expires + told < seconds;
      if (gone) records_.erase(entry.first);
      return gone;
    });
    records_.save(access_key_id, session);
    sessions_[access_key_id] = std::move(session);
  }
  /// Null if nobody was given it.
  const Session* find(std::string_view access_key_id) const {
    const auto found = sessions_.find(access_key_id);
    return found == sessions_.end() ? nullptr : &found->second;
  }
  void restore() {
    records_.load(
        [this](std::string_view id, Session session) { sessions_[std::string(id)] = std::move(session); });
  }
  void clear() { sessions_.clear(); }

 private:
  Records<Session> records_;
  std::map<std::string, Session, std::less<>> sessions_;
};

}  // namespace aviary::sts
