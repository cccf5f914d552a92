#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.hpp"
#include "ports/sandbox.hpp"
#include "ports/worker_pool.hpp"

namespace aviary::engine {

/// A folder that goes with the last container that has it. The engine clears it away.
class MergedFolder {
 public:
  MergedFolder(std::shared_ptr<Engine> engine, WorkerPool& workers, std::filesystem::path path)
      : engine_(std::move(engine)), workers_(workers), path_(std::move(path)) {}
  ~MergedFolder();
  MergedFolder(const MergedFolder&) = delete;
  MergedFolder& operator=(const MergedFolder&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::shared_ptr<Engine> engine_;
  WorkerPool& workers_;
  std::filesystem::path path_;
};
using HeldFolder = std::shared_ptr<const MergedFolder>;

/// A function's layers as the one folder that a container can be given at /opt. Containers that have the same
/// layers share it. On the loop's thread; the work is done by the workers, which outlive the engine.
class MergedLayers {
 public:
  MergedLayers(std::shared_ptr<Engine> engine, WorkerPool& workers, std::filesystem::path place)
      : engine_(std::move(engine)), workers_(workers), place_(std::move(place)) {}

  Task<boost::system::result<HeldFolder, LaunchProblem>> find(std::vector<std::filesystem::path> layers);

 private:
  std::shared_ptr<Engine> engine_;
  WorkerPool& workers_;
  std::filesystem::path place_;
  std::uint64_t made_ = 0;
  std::map<std::string, std::weak_ptr<const MergedFolder>> held_;  ///< by the layers' paths
};

}  // namespace aviary::engine
