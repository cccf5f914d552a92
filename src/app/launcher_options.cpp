#include "app/launcher_options.hpp"

#include <unistd.h>

namespace aviary::app {

host::CatalogOptions catalog_options(const EmulatorOptions& options) {
  host::CatalogOptions chosen;
  for (const std::string& pair : options.runtime_path) {
    const std::size_t equals = pair.find('=');
    if (equals != std::string::npos)
      chosen.given.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  for (const std::string& pair : options.runtime_client) {
    const std::size_t equals = pair.find('=');
    if (equals != std::string::npos)
      chosen.clients.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return chosen;
}

host::LiveFolderOptions live_folder_options(const EmulatorOptions& options) {
  host::LiveFolderOptions chosen;
  for (const std::string& root : options.hot_reload_root) chosen.roots.emplace_back(root);
  chosen.foreign_user = ::geteuid() == 0 && options.isolation != "none";
  return chosen;
}

engine::EngineOptions engine_options(const EmulatorOptions& options) {
  return {.engine = options.engine, .network = options.engine_network, .pull = options.engine_pull};
}

host::LauncherOptions launcher_options(const EmulatorOptions& options, host::HostRuntimeCatalog& catalog) {
  host::LauncherOptions chosen;
  if (options.isolation == "namespaces") chosen.isolation = host::Isolation::Namespaces;
  if (options.isolation == "none") chosen.isolation = host::Isolation::None;
  chosen.spare_processes = options.spare_runtimes;
  chosen.folders = catalog.folders();
  return chosen;
}

}  // namespace aviary::app
