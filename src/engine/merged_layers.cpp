#include "engine/merged_layers.hpp"

#include <utility>

#include "host/merged_folder.hpp"

namespace aviary::engine {
namespace {

namespace fs = std::filesystem;

using Merged = boost::system::result<HeldFolder, LaunchProblem>;

Task<> remove_folder(WorkerPool& workers, fs::path folder) {
  auto work = [folder = std::move(folder)] {
    std::error_code ignored;
    return fs::remove_all(folder, ignored);
  };
  auto removing = workers.run(std::move(work));
  co_await std::move(removing);
}

}  // namespace

MergedFolder::~MergedFolder() {
  engine_->spawn_removal("removal of merged layers", remove_folder(workers_, path_));
}

Task<Merged> MergedLayers::find(std::vector<fs::path> layers) {
  std::string key;
  for (const fs::path& layer : layers) key += layer.native() + '\n';
  if (HeldFolder there = held_[key].lock()) co_return there;
  fs::path folder = place_ / std::to_string(++made_);
  auto work = [layers = std::move(layers), folder] { return host::merge_folders(layers, folder); };
  auto merging = workers_.run(std::move(work));
  const std::error_code problem = co_await std::move(merging);
  if (problem) {
    held_.erase(key);
    co_return LaunchProblem{problem.value(), "merge the layers"};
  }
  HeldFolder made = std::make_shared<const MergedFolder>(engine_, workers_, std::move(folder));
  held_[key] = made;
  std::erase_if(held_, [](const auto& each) { return each.second.expired(); });
  co_return made;
}

}  // namespace aviary::engine
