#pragma once

#include <sys/types.h>

#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace aviary::host {

/// Compiles the Python client to byte code, once for each interpreter that was started with it: later starts
/// of that interpreter are some 3.5 ms faster. It runs a moment after the first start, at low priority, on
/// the host, where the client's folder can be written.
class ClientCompiler : public std::enable_shared_from_this<ClientCompiler> {
 public:
  ClientCompiler(boost::asio::any_io_executor executor, std::filesystem::path runtime_folder);
  ~ClientCompiler();
  ClientCompiler(const ClientCompiler&) = delete;
  ClientCompiler& operator=(const ClientCompiler&) = delete;

  /// Looks at a command line that was just started.
  void saw(const std::vector<std::string>& argv);

 private:
  void step();
  void wait(std::chrono::milliseconds delay);

  boost::asio::steady_timer timer_;
  std::filesystem::path runtime_folder_;
  std::set<std::string> known_;
  std::vector<std::string> waiting_;
  pid_t running_ = 0;
};

}  // namespace aviary::host
