#include <boost/asio/post.hpp>
#include <utility>

#include "execution/runner.hpp"
#include "models/lambda.hpp"

/// Processes that developers attach to functions.
namespace aviary::execution {
namespace {

AwsError detached() {
  return {models::lambda::errors::ServiceException,
          "The invocation was interrupted: the process that ran it was detached."};
}

}  // namespace

Runner::AttachmentKey Runner::attachment_key(const lambda::Version& version) {
  return {version.scope, version.function_name};
}

Result<std::string> Runner::attach(const lambda::VersionHandle& version) {
  std::shared_ptr<Attachment>& there = attachments_[attachment_key(*version)];
  if (there) return there->address();
  Attachment::Owner owner;
  owner.settle = [this](JobPtr job, Result<lambda::Outcome> result) {
    settle(std::move(job), std::move(result));
  };
  owner.give_back = [this](JobPtr job) { submit(std::move(job)); };
  auto made = std::make_shared<Attachment>(around_, std::move(owner), new_identity(version, {}, "on-demand"));
  if (std::string problem = made->open_address(); !problem.empty()) {
    attachments_.erase(attachment_key(*version));
    return AwsError{models::lambda::errors::ServiceException, "No Runtime API address: " + problem};
  }
  there = std::move(made);
  return there->address();
}

std::optional<AttachmentInfo> Runner::attachment(const lambda::Version& version) {
  const auto found = attachments_.find(attachment_key(version));
  if (found == attachments_.end()) return std::nullopt;
  const bool attached = found->second->attached();
  return AttachmentInfo{found->second->address(), found->second->identity(), attached};
}

bool Runner::detach(const lambda::Scope& scope, const std::string& function) {
  const auto found = attachments_.find({scope, function});
  if (found == attachments_.end()) return false;
  const std::shared_ptr<Attachment> gone = std::move(found->second);
  attachments_.erase(found);
  gone->close(detached());
  // Its listener may be what is calling.
  boost::asio::post(around_.executor, [gone] {});
  return true;
}

Attachment* Runner::attached_to(const lambda::Version& version) {
  if (attachments_.empty()) return nullptr;
  const auto found = attachments_.find(attachment_key(version));
  return found != attachments_.end() && found->second->attached() ? found->second.get() : nullptr;
}

void Runner::detach_all(const AwsError& reason) {
  for (auto& [key, gone] : std::exchange(attachments_, {})) {
    gone->close(reason);
    boost::asio::post(around_.executor, [last = gone] {});
  }
}

}  // namespace aviary::execution
