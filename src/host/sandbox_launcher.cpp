#include "host/sandbox_launcher.hpp"

#include "host/host_sandbox.hpp"
#include "host/launcher_core.hpp"

namespace aviary::host {

HostLauncher::HostLauncher(boost::asio::any_io_executor executor, LauncherOptions options)
    : core_(std::make_shared<Core>(std::move(executor), std::move(options))) {}

HostLauncher::~HostLauncher() { core_->close(); }

Task<boost::system::result<std::unique_ptr<Sandbox>, LaunchProblem>> HostLauncher::create(SandboxSpec spec) {
  auto core = core_;
  const auto ready = co_await core->ready();
  if (!ready) co_return ready.error();
  auto sandbox = std::make_unique<HostSandbox>(core, std::move(spec));
  const auto made = co_await sandbox->create();
  if (!made) co_return made.error();
  std::unique_ptr<Sandbox> result = std::move(sandbox);
  co_return result;
}

Task<boost::system::result<LauncherFacts, LaunchProblem>> HostLauncher::prepare() {
  auto core = core_;
  const auto ready = co_await core->ready();
  if (!ready) co_return ready.error();
  co_return core->facts();
}

LauncherFacts HostLauncher::facts() const { return core_->facts(); }
std::filesystem::path HostLauncher::runtime_folder() const { return core_->runtime_folder(); }
std::size_t HostLauncher::sandboxes() const noexcept { return core_->sandboxes(); }

std::unique_ptr<HostLauncher> make_launcher(boost::asio::any_io_executor executor, LauncherOptions options) {
  return std::make_unique<HostLauncher>(std::move(executor), std::move(options));
}

}  // namespace aviary::host
