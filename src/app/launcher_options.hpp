#pragma once

#include "aviary/emulator.hpp"
#include "engine/engine.hpp"
#include "host/live_folders.hpp"
#include "host/runtime_catalog.hpp"
#include "host/sandbox_launcher.hpp"

namespace aviary::app {

/// From the emulator's options, which have been checked.
host::CatalogOptions catalog_options(const EmulatorOptions& options);
host::LiveFolderOptions live_folder_options(const EmulatorOptions& options);
engine::EngineOptions engine_options(const EmulatorOptions& options);
host::LauncherOptions launcher_options(const EmulatorOptions& options, host::HostRuntimeCatalog& catalog);

}  // namespace aviary::app
