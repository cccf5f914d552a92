#include "host/disk_code_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/running_digest.hpp"
#include "host/file_io.hpp"
#include "host/zip_package.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

struct Package {
  std::weak_ptr<const CodeBlob> blob;
  fs::path unpacked;                   ///< empty until it was asked for
  bool busy = false;                   ///< somebody holds the lease
  std::vector<OneShot<bool>> waiting;  ///< for the lease
};

/// Lower-case hex of a base64 digest: base64 has slashes, and names that differ in case only.
std::string file_name(std::string_view digest) { return hex_encode(base64_decode(digest).value_or("")); }

fs::path package_file(const CodePlaces& places, const std::string& name) {
  return places.packages / name.substr(0, 2) / (name + ".zip");
}

/// For a worker: checks the zip and writes it, unless it is there already.
UnzippedSize keep_package(const CodePlaces& places, const CodeLimits& limits, const std::string& name,
                          std::string_view zip) {
  auto size = check_zip(zip, limits);
  if (!size) return size;
  const fs::path file = package_file(places, name);
  std::error_code problem;
  // Files are renamed in whole, so one of that name is this package, from an earlier run.
  if (fs::file_size(file, problem) == zip.size() && !problem) return size;
  problem = make_folder(file.parent_path(), fs::perms::owner_all);
  if (!problem) problem = write_whole(file, zip, places.durable);
  if (!problem) return size;
  log::error("a code package could not be written to {}: {}", file.native(), problem.message());
  return CodeProblem::Disk;
}

/// A package that is on its way to disk, and what is known of it.
struct Incoming {
  fs::path file;
  Descriptor out;
  RunningDigest digest{DigestKind::Sha256};
  std::uint64_t size = 0;
};

/// For a worker.
bool begin_incoming(Incoming& incoming) {
  std::error_code problem = make_folder(incoming.file.parent_path(), fs::perms::owner_all);
  incoming.out =
      Descriptor(::open(incoming.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  return !problem && incoming.out;
}

/// For a worker.
bool append_incoming(Incoming& incoming, std::string_view piece) {
  incoming.digest.add(piece);
  incoming.size += piece.size();
  return !write_all(incoming.out.get(), piece);
}

/// For a worker: checks what has come and puts it in its place, unless it is there already.
UnzippedSize place_incoming(const CodePlaces& places, const CodeLimits& limits, const std::string& name,
                            Incoming& incoming) {
  if (incoming.size == 0) return CodeProblem::Empty;
  const MappedFile zip(incoming.file);
  if (!zip) return CodeProblem::Disk;
  auto size = check_zip(zip.bytes(), limits);
  if (!size) return size;
  const fs::path file = package_file(places, name);
  std::error_code problem;
  if (fs::file_size(file, problem) == incoming.size && !problem) return size;
  problem = make_folder(file.parent_path(), fs::perms::owner_all);
  if (!problem && places.durable && ::fsync(incoming.out.get()) != 0)
    problem = std::error_code(errno, std::generic_category());
  if (!problem) fs::rename(incoming.file, file, problem);
  if (!problem && places.durable) problem = sync_folder(file.parent_path());
  if (!problem) return size;
  log::error("a code package could not be written to {}: {}", file.native(), problem.message());
  return CodeProblem::Disk;
}

/// For a worker: unpacks beside the place and renames, so that nobody sees a half-unpacked folder.
CodeStore::Result<fs::path> unpack_package(const CodePlaces& places, const CodeLimits& limits,
                                           const std::string& name) {
  const MappedFile zip(package_file(places, name));
  if (!zip) return CodeProblem::Gone;
  const fs::path beside = places.unpacked / ("." + name);
  fs::path folder = places.unpacked / name;
  std::error_code problem;
  fs::remove_all(beside, problem);
  fs::create_directory(beside, problem);
  if (!problem) {
    const auto size = unpack_zip(zip.bytes(), beside, limits);
    if (size) {
      fs::rename(beside, folder, problem);
      if (!problem) return folder;
    } else if (size.error() != CodeProblem::Disk) {
      fs::remove_all(beside, problem);
      return size.error();
    }
  }
  log::error("a code package could not be unpacked to {}{}{}", folder.native(), problem ? ": " : "",
             problem ? problem.message() : "");
  fs::remove_all(beside, problem);
  return CodeProblem::Disk;
}

/// For a worker. Failing leaves files that the next collection after a start finds.
void remove_package(const CodePlaces& places, const std::string& name) {
  std::error_code ignored;
  fs::remove(package_file(places, name), ignored);
  fs::remove_all(places.unpacked / name, ignored);
}

/// What a walk over the folder finds.
struct OnDisk {
  std::vector<std::string> packages;  ///< names
  std::vector<fs::path> unfinished;   ///< being written, or left by a server that was killed over it
};

/// `.<name>.zip.new`, as `write_whole` calls what it has not renamed yet.
std::string package_of_unfinished(const fs::path& file) { return file.stem().stem().native().substr(1); }

/// For a worker. Removes nothing: only the loop knows which files are just being written.
OnDisk list_packages(const CodePlaces& places) {
  OnDisk found;
  std::error_code problem;
  for (fs::recursive_directory_iterator entry(places.packages, problem), end; !problem && entry != end;
       entry.increment(problem)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored)) continue;
    if (entry->path().filename().native().starts_with('.')) {
      found.unfinished.push_back(entry->path());
    } else if (entry->path().extension() == ".zip") {
      found.packages.push_back(entry->path().stem().native());
    }
  }
  return found;
}

}  // namespace

/// By file name. An entry exists while its package may be on disk.
struct DiskCodeStore::State {
  State(WorkerPool& pool, CodePlaces where, CodeLimits bounds)
      : workers(pool), places(std::move(where)), limits(bounds) {}

  WorkerPool& workers;
  const CodePlaces places;
  const CodeLimits limits;
  std::unordered_map<std::string, Package> packages;
  std::uint64_t incoming = 0;  ///< how many packages have come in pieces
  bool listed = false;         ///< what earlier runs left is in `packages`

  void release(const std::string& name) {
    Package& package = packages[name];
    package.busy = false;
    // All of them: each looks again, and one that is gone meanwhile keeps nobody waiting.
    for (const auto& turn : std::exchange(package.waiting, {})) turn.set(true);
  }
};

namespace {

/// The right to work on one package, until it goes.
template <class State>
class Lease {
 public:
  Lease(std::shared_ptr<State> state, std::string name) : state_(std::move(state)), name_(std::move(name)) {
    state_->packages[name_].busy = true;
  }
  ~Lease() { state_->release(name_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  std::shared_ptr<State> state_;
  std::string name_;
};

/// Completes when nobody has the lease; the caller takes it before it suspends again.
template <class State>
Task<> until_free(std::shared_ptr<State> state, std::string name) {
  while (state->packages[name].busy) {
    OneShot<bool> turn;
    state->packages[name].waiting.push_back(turn);
    co_await turn.wait();
  }
}

}  // namespace

DiskCodeStore::DiskCodeStore(WorkerPool& workers, CodePlaces places, CodeLimits limits)
    : state_(std::make_shared<State>(workers, std::move(places), limits)) {}

DiskCodeStore::~DiskCodeStore() = default;

Task<CodeStore::Result<CodeHandle>> DiskCodeStore::store(std::string zip) {
  const auto state = state_;
  const auto bytes = std::make_shared<const std::string>(std::move(zip));
  auto take_digest = [bytes] { return sha256(*bytes); };
  const std::string digest = co_await state->workers.run(take_digest);
  const std::string name = hex_encode(digest);
  co_await until_free(state, name);
  if (auto known = state->packages[name].blob.lock()) co_return known;
  const Lease lease(state, name);
  auto keep = [bytes, name, places = state->places, limits = state->limits] {
    return keep_package(places, limits, name, *bytes);
  };
  const UnzippedSize unzipped = co_await state->workers.run(keep);
  if (!unzipped) co_return unzipped.error();
  CodeHandle handle =
      std::make_shared<const CodeBlob>(CodeBlob{base64_encode(digest), bytes->size(), *unzipped});
  state->packages[name].blob = handle;
  co_return handle;
}

Task<CodeStore::Result<CodeHandle>> DiskCodeStore::take(std::shared_ptr<BodySource> zip) {
  const auto state = state_;
  const std::string own_name = "incoming-" + std::to_string(++state->incoming);
  // Nobody collects it before it has its name.
  const Lease coming(state, own_name);
  const auto incoming = std::make_shared<Incoming>();
  incoming->file = state->places.packages / ("." + own_name + ".zip.new");
  auto begin = [incoming] { return begin_incoming(*incoming); };
  bool good = co_await state->workers.run(begin);
  while (good) {
    auto taking = zip->next();
    BodyPiece piece = co_await std::move(taking);
    if (piece.bytes.empty()) {
      good = piece.end == BodyEnd::Complete;
      break;
    }
    const auto bytes = std::make_shared<const std::string>(std::move(piece.bytes));
    auto append = [incoming, bytes] { return append_incoming(*incoming, *bytes); };
    good = co_await state->workers.run(append);
  }
  auto drop = [incoming] {
    std::error_code ignored;
    fs::remove(incoming->file, ignored);
    return true;
  };
  if (!good) {
    co_await state->workers.run(drop);
    co_return CodeProblem::Disk;
  }
  const std::string digest = incoming->digest.finish();
  const std::string name = hex_encode(digest);
  co_await until_free(state, name);
  if (auto known = state->packages[name].blob.lock()) {
    co_await state->workers.run(drop);
    co_return known;
  }
  const Lease lease(state, name);
  auto place = [incoming, name, places = state->places, limits = state->limits] {
    return place_incoming(places, limits, name, *incoming);
  };
  const UnzippedSize unzipped = co_await state->workers.run(place);
  co_await state->workers.run(drop);  // unless it has got its name
  if (!unzipped) co_return unzipped.error();
  CodeHandle handle =
      std::make_shared<const CodeBlob>(CodeBlob{base64_encode(digest), incoming->size, *unzipped});
  state->packages[name].blob = handle;
  co_return handle;
}

CodeHandle DiskCodeStore::open(std::string_view digest) {
  const std::string name = file_name(digest);
  if (name.size() != 64) return nullptr;
  const auto known = state_->packages.find(name);
  if (known != state_->packages.end()) {
    if (auto handle = known->second.blob.lock()) return handle;
    if (known->second.busy) return nullptr;
  }
  const MappedFile zip(package_file(state_->places, name));
  if (!zip) return nullptr;
  CodeHandle handle = std::make_shared<const CodeBlob>(
      CodeBlob{std::string(digest), zip.bytes().size(), declared_size(zip.bytes())});
  state_->packages[name].blob = handle;
  return handle;
}

Task<CodeStore::Result<fs::path>> DiskCodeStore::unpacked(CodeHandle code) {
  const auto state = state_;
  const std::string name = file_name(code->digest);
  co_await until_free(state, name);
  if (const fs::path& there = state->packages[name].unpacked; !there.empty()) co_return there;
  const Lease lease(state, name);
  auto unpack = [name, places = state->places, limits = state->limits] {
    return unpack_package(places, limits, name);
  };
  const Result<fs::path> folder = co_await state->workers.run(unpack);
  if (folder) state->packages[name].unpacked = *folder;
  co_return folder;
}

Task<CodeStore::Result<std::string>> DiskCodeStore::bytes(CodeHandle code) {
  const auto state = state_;
  auto read = [file = package_file(state->places, file_name(code->digest))]() -> Result<std::string> {
    const MappedFile zip(file);
    if (!zip) return CodeProblem::Gone;
    return std::string(zip.bytes());
  };
  Result<std::string> content = co_await state->workers.run(read);
  co_return content;
}

Task<> DiskCodeStore::collect() {
  const auto state = state_;
  std::vector<fs::path> unfinished;
  if (!std::exchange(state->listed, true)) {
    auto list = [places = state->places] { return list_packages(places); };
    OnDisk found = co_await state->workers.run(list);
    unfinished = std::move(found.unfinished);
    for (const auto& name : found.packages) state->packages.try_emplace(name);
    for (const auto& file : unfinished) state->packages.try_emplace(package_of_unfinished(file));
  }
  std::vector<std::string> unheld;
  for (auto& [name, package] : state->packages) {
    if (package.busy || !package.blob.expired()) continue;
    package.busy = true;
    unheld.push_back(name);
  }
  if (unheld.empty()) co_return;
  // Only what nobody writes, and nobody can begin to write, now that the packages are busy.
  std::erase_if(unfinished, [&](const fs::path& file) {
    return std::find(unheld.begin(), unheld.end(), package_of_unfinished(file)) == unheld.end();
  });
  auto remove = [unheld, unfinished, places = state->places] {
    std::error_code ignored;
    for (const auto& file : unfinished) fs::remove(file, ignored);
    for (const auto& name : unheld) remove_package(places, name);
    return true;
  };
  co_await state->workers.run(remove);
  for (const auto& name : unheld) {
    state->packages[name].unpacked.clear();
    state->release(name);
    // Who waited comes back to an entry made anew.
    state->packages.erase(name);
  }
}

}  // namespace aviary::host
