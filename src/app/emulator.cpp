#include "aviary/emulator.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <thread>

#include "app/house.hpp"
#include "base/log.hpp"

namespace aviary {

/// The loop's thread and what lives on it. The house is built, used and torn down on that thread alone; this
/// side only starts it, asks it to close and waits.
struct Emulator::Running {
  boost::asio::io_context loop{1};
  std::unique_ptr<app::House> house;
  std::thread thread;
  std::string endpoint;
  std::uint16_t port = 0;
  bool stopped = false;
};

namespace {

Task<> close_house(app::House& house, std::chrono::milliseconds grace) { co_await house.close(grace); }

/// What the loop's thread does: build, say how it went, run until the house has closed.
void live(boost::asio::io_context& loop, std::unique_ptr<app::House>& house, const EmulatorOptions& options,
          std::promise<std::string> opened) {
  house = std::make_unique<app::House>(loop, options);
  std::string problem = house->open();
  const bool well = problem.empty();
  if (!well) {
    auto closing = close_house(*house, std::chrono::milliseconds(0));
    boost::asio::co_spawn(loop, std::move(closing), [&loop](const std::exception_ptr&) { loop.stop(); });
  }
  if (well) opened.set_value({});
  const auto work = boost::asio::make_work_guard(loop);
  loop.run();
  house.reset();
  // What the house left on the loop (sessions that were being closed) ends before the loop does.
  loop.restart();
  loop.poll();
  if (!well) opened.set_value(std::move(problem));
}

}  // namespace

Emulator::Started Emulator::start(EmulatorOptions options) {
  auto running = std::make_unique<Running>();
  std::promise<std::string> opened;
  std::future<std::string> outcome = opened.get_future();
  running->thread =
      std::thread([&loop = running->loop, &house = running->house, options = std::move(options),
                   opened = std::move(opened)]() mutable { live(loop, house, options, std::move(opened)); });
  std::string problem = outcome.get();
  if (!problem.empty()) {
    running->thread.join();
    return {nullptr, std::move(problem)};
  }
  running->port = running->house->port();
  running->endpoint = running->house->endpoint();
  return {std::unique_ptr<Emulator>(new Emulator(std::move(running))), {}};
}

Emulator::Emulator(std::unique_ptr<Running> running) : running_(std::move(running)) {}

Emulator::~Emulator() { stop(); }

const std::string& Emulator::endpoint() const noexcept { return running_->endpoint; }

std::uint16_t Emulator::port() const noexcept { return running_->port; }

void Emulator::stop(std::chrono::milliseconds grace) {
  if (running_->stopped) return;
  running_->stopped = true;
  auto& loop = running_->loop;
  auto& house = running_->house;
  boost::asio::post(loop, [&loop, &house, grace] {
    auto closing = close_house(*house, grace);
    boost::asio::co_spawn(loop, std::move(closing), [&loop](const std::exception_ptr&) { loop.stop(); });
  });
  running_->thread.join();
}

}  // namespace aviary
