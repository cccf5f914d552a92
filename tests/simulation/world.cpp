#include "simulation/world.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace aviary::simulation {

/// A request on its way: owns what the request's views look at.
struct Sent {
  std::string method;
  std::string target;
  std::string body;
  World::Then then;
  bool answered = false;
};

namespace {

execution::Options small_machine() {
  execution::Options options;
  options.max_environments = 6;
  options.concurrent_starts = 2;
  return options;
}

RuntimeCommand python() {
  RuntimeCommand command;
  command.argv = {"/usr/bin/python3", "bootstrap.py"};
  command.version = "3.12.1";
  return command;
}

}  // namespace

World::World(std::uint64_t seed)
    : chance(seed, "chance"),
      host(loop.get_executor(), stopwatch),
      ids_(seed, "ids"),
      lambda_ids_(seed, "lambda"),
      router_(seed, "router"),
      execution_ids_(seed, "execution"),
      launcher_(host),
      requests_(loop.get_executor()),
      runner_(execution::Ports{loop.get_executor(), launcher_, catalog_, codes_, clock, stopwatch,
                               execution_ids_, host.endpoints},
              small_machine()),
      lambda_(lambda::LambdaDependencies{.clock = clock,
                                         .ids = lambda_ids_,
                                         .router = router_,
                                         .journal = journal_,
                                         .codes = codes_,
                                         .runner = runner_,
                                         .executor = loop.get_executor()}),
      gateway_(clock, ids_, journal_, GatewayOptions{}) {
  catalog_.commands["python3.12"] = python();
  host.start_delay = std::chrono::milliseconds(1);
  host.program = [this](std::shared_ptr<testing::FakeProcess> process) {
    return program(std::move(process));
  };
  gateway_.add(lambda_);
}

World::~World() = default;

/// A handler with every vice: slow inits, slow answers, errors, exits, crashes, hangs. It answers what it is.
Task<> World::program(std::shared_ptr<testing::FakeProcess> process) {
  const std::string version = process->variable("AWS_LAMBDA_FUNCTION_VERSION");
  const std::string mark = process->variable("MARK");
  auto starting = process->sleep(std::chrono::milliseconds(1 + chance.next() % 40));
  co_await std::move(starting);
  if (chance.uniform() < 0.02) {
    process->exit(1);
    co_return;
  }
  while (true) {
    auto waiting = process->next();
    const testing::FakeEvent event = co_await std::move(waiting);
    const double fate = chance.uniform();
    auto working = process->sleep(std::chrono::milliseconds(1 + chance.next() % 60));
    co_await std::move(working);
    if (fate < 0.03) {
      process->crash(11);
      co_return;
    }
    if (fate < 0.06) {
      process->exit(3);
      co_return;
    }
    if (fate < 0.08) {
      auto hanging = process->sleep(std::chrono::hours(1));
      co_await std::move(hanging);
    }
    std::string request_id = event.request_id;
    if (fate < 0.2) {
      std::string text = R"({"errorMessage":"by chance","errorType":"Error"})";
      auto failing = process->fail(std::move(request_id), std::move(text));
      co_await std::move(failing);
    } else {
      std::string text = Json{{"version", version}, {"mark", mark}, {"event", event.answer.body}}.dump();
      auto answering = process->respond(std::move(request_id), std::move(text));
      co_await std::move(answering);
    }
  }
}

Task<> World::deliver(std::shared_ptr<Sent> sent) {
  wire::Request request;
  request.method = sent->method;
  request.target = sent->target;
  request.body = std::move(sent->body);
  request.headers = {{"Host", "127.0.0.1:4566"}, {"Content-Type", "application/json"}};
  auto handling = gateway_.handle(std::move(request));
  wire::Response response = co_await std::move(handling);
  if (sent->answered) throw std::logic_error("answered twice: " + sent->target);
  sent->answered = true;
  Answer answer{.status = response.status, .body = std::move(response.body), .headers = {}};
  for (auto& [name, value] : response.headers) {
    std::string lower;
    for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    answer.headers[lower] = std::move(value);
  }
  trace += fmt::format("{} {} {} -> {} {} {}\n", iso8601(clock.now(), 6), sent->method, sent->target,
                       answer.status, answer.headers["x-amz-executed-version"], answer.body);
  sent->then(std::move(answer));
}

void World::send(std::string method, std::string target, std::string body, Then then) {
  auto sent =
      std::make_shared<Sent>(Sent{std::move(method), std::move(target), std::move(body), std::move(then)});
  requests_.spawn(sent->target, deliver(sent));
  settle();
}

Answer World::ask(std::string method, std::string target, const Json& body) {
  std::optional<Answer> answer;
  send(std::move(method), std::move(target), body.is_null() ? std::string() : body.dump(),
       [&answer](Answer given) { answer = std::move(given); });
  for (int step = 0; !answer && step < 10'000; ++step) pass(std::chrono::milliseconds(10));
  if (!answer) throw std::logic_error("no answer");
  return *answer;
}

void World::settle() {
  loop.restart();
  loop.poll();
}

void World::pass(std::chrono::nanoseconds time) {
  const auto until = stopwatch.elapsed() + time;
  const Instant emulated_until = clock.now() + std::chrono::duration_cast<Duration>(time);
  while (true) {
    const auto real_due = stopwatch.next_due();
    const auto emulated_due = clock.next_due();
    const auto to_real = real_due ? std::max(*real_due - stopwatch.elapsed(), std::chrono::nanoseconds(0))
                                  : std::chrono::nanoseconds::max();
    const auto to_emulated =
        emulated_due ? std::chrono::nanoseconds(std::max(*emulated_due - clock.now(), Duration(0)))
                     : std::chrono::nanoseconds::max();
    const auto left = until - stopwatch.elapsed();
    const auto step = std::min({to_real, to_emulated, left});
    const Settle settled = [this] { settle(); };
    clock.advance(std::chrono::duration_cast<Duration>(step), settled);
    stopwatch.advance(step, settled);
    settle();
    if (stopwatch.elapsed() >= until) break;
  }
  if (clock.now() < emulated_until) clock.advance(emulated_until - clock.now(), [this] { settle(); });
}

void World::shut_down() {
  bool stopped = false;
  auto end = [](lambda::LambdaService& lambda, execution::Runner& runner, bool& done) -> Task<> {
    co_await lambda.stop();
    co_await runner.shutdown(std::chrono::seconds(1));
    done = true;
  };
  boost::asio::co_spawn(loop, end(lambda_, runner_, stopped), [](const std::exception_ptr& escaped) {
    if (escaped) std::rethrow_exception(escaped);
  });
  for (int step = 0; !stopped && step < 1000; ++step) pass(std::chrono::milliseconds(100));
  if (!stopped) throw std::logic_error("the shutdown hangs");
  settle();
}

}  // namespace aviary::simulation
