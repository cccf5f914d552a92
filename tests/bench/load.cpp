// A load generator: N keep-alive HTTP/1.1 connections, one request in flight on each, one thread, epoll.
// Written because the tools that exist either report no status counts, or cannot stop after a count, or cost
// more CPU than the server they measure. Baseline and subject are measured by this same program.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

/// One of several requests that a client sends in turn.
struct Step {
  std::string target;  ///< `X-Amz-Target`
  std::string body;
};

struct Plan {
  std::string host = "127.0.0.1";
  std::uint16_t port = 80;
  std::string path = "/";
  std::string method = "GET";
  std::string body;
  std::vector<std::string> headers;
  std::vector<Step> steps;
  std::size_t clients = 16;
  double seconds = 5;
  double warm_up = 0;        ///< seconds that are not counted
  std::uint64_t count = 0;   ///< stop after so many answers; 0: after `seconds`
  std::string tally_header;  ///< count the values of this response header
  bool json = false;
};

struct Tally {
  std::uint64_t answers = 0;
  std::uint64_t failures = 0;  ///< connections that broke
  std::map<int, std::uint64_t> statuses;
  std::map<std::string, std::uint64_t, std::less<>> values;
  std::vector<std::uint32_t> latencies;  ///< tenths of a microsecond
};

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "load: %s\n", why.c_str());
  std::exit(2);
}

const char* const usage =
    "load [options] http://IPV4:PORT/PATH\n"
    "  --clients N       connections, each with one request in flight (16)\n"
    "  --seconds S       how long (5)           --count N    stop after N answers instead\n"
    "  --warmup S        not counted (0)\n"
    "  --method M        (GET; POST with a body)\n"
    "  --header 'N: V'   may be repeated\n"
    "  --body TEXT       or @FILE\n"
    "  --step TARGET BODY  one of several requests that each client sends in turn, with this X-Amz-Target;\n"
    "                    $NAME$ in the body stands for the text NAME of the JSON answer before\n"
    "  --tally NAME      count the values of this response header\n"
    "  --json            one JSON object instead of text\n";

Plan read_plan(int argc, char** argv) {
  Plan plan;
  std::string url;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const auto value = [&]() -> std::string {
      if (++i >= argc) die("a value is missing after " + std::string(option));
      return argv[i];
    };
    if (option == "--clients")
      plan.clients = std::stoul(value());
    else if (option == "--seconds")
      plan.seconds = std::stod(value());
    else if (option == "--warmup")
      plan.warm_up = std::stod(value());
    else if (option == "--count")
      plan.count = std::stoull(value());
    else if (option == "--method")
      plan.method = value();
    else if (option == "--header")
      plan.headers.push_back(value());
    else if (option == "--step") {
      std::string target = value();
      plan.steps.push_back({std::move(target), value()});
      plan.method = "POST";
    } else if (option == "--tally")
      plan.tally_header = value();
    else if (option == "--json")
      plan.json = true;
    else if (option == "--body") {
      plan.body = value();
      if (plan.body.starts_with('@')) {
        std::ifstream file(plan.body.substr(1), std::ios::binary);
        if (!file) die("cannot read " + plan.body.substr(1));
        plan.body.assign(std::istreambuf_iterator<char>(file), {});
      }
      if (plan.method == "GET") plan.method = "POST";
    } else if (option.starts_with("http://"))
      url = option;
    else {
      std::fputs(usage, stderr);
      std::exit(2);
    }
  }
  if (url.empty()) die(std::string("no URL\n") + usage);
  std::string_view rest = std::string_view(url).substr(7);
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos) plan.path = rest.substr(slash);
  rest = rest.substr(0, slash);
  const auto colon = rest.find(':');
  plan.host = rest.substr(0, colon);
  if (colon != std::string_view::npos)
    plan.port = static_cast<std::uint16_t>(std::stoul(std::string(rest.substr(colon + 1))));
  return plan;
}

/// `$NAME$` in the text, with what the answer says of it. JSON's escapes stay as they are.
std::string filled_in(std::string text, std::string_view answer) {
  const auto from = text.find('$');
  const auto to = text.find('$', from + 1);
  if (from == std::string::npos || to == std::string::npos) return text;
  const auto name = answer.find('"' + text.substr(from + 1, to - from - 1) + '"');
  const auto begin = name == std::string_view::npos ? name : answer.find('"', answer.find(':', name));
  if (begin == std::string_view::npos)
    die("an answer lacks what the next step needs: " + std::string(answer));
  const std::string_view value = answer.substr(begin + 1, answer.find('"', begin + 1) - begin - 1);
  return text.replace(from, to + 1 - from, value);
}

std::string render(const Plan& plan) {
  std::string text = plan.method + " " + plan.path + " HTTP/1.1\r\nHost: " + plan.host + ":" +
                     std::to_string(plan.port) + "\r\n";
  for (const auto& header : plan.headers) text += header + "\r\n";
  if (!plan.body.empty() || plan.method != "GET")
    text += "Content-Length: " + std::to_string(plan.body.size()) + "\r\n";
  return text + "\r\n" + plan.body;
}

/// The value of a header in a head, or nothing; names in any case.
std::string_view field(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      std::string_view value = line.substr(name.size() + 1, line.find("\r\n") - name.size() - 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      return value;
    }
  }
  return {};
}

struct Client {
  int descriptor = -1;
  std::size_t step = 0;
  std::string filled;  ///< the step's request; without steps empty
  std::size_t sent = 0;
  std::string in;
  std::size_t body_end = 0;  ///< 0 until the head is complete
  Clock::time_point began;
};

class Load {
 public:
  explicit Load(const Plan& plan) : plan_(plan), request_(render(plan)), clients_(plan.clients) {
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
  }

  Tally run() {
    for (auto& client : clients_) open(client);
    start_ = Clock::now();
    counted_from_ = start_ + seconds(plan_.warm_up);
    const auto end = counted_from_ + seconds(plan_.seconds);
    for (auto& client : clients_) begin(client);
    epoll_event events[256];
    while (!done_) {
      const int ready = ::epoll_wait(poll_, events, 256, 100);
      for (int i = 0; i < ready; ++i) {
        auto& client = *static_cast<Client*>(events[i].data.ptr);
        if ((events[i].events & EPOLLOUT) && client.sent < request(client).size()) send(client);
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(client);
      }
      now_ = Clock::now();
      if (plan_.count == 0 && now_ >= end) done_ = true;
      if (plan_.count != 0 && ready == 0 && ++silent_ > 100) die("no answer for ten seconds");
      if (ready > 0) silent_ = 0;
    }
    elapsed_ = std::chrono::duration<double>(Clock::now() - counted_from_).count();
    return std::move(tally_);
  }
  double elapsed() const { return elapsed_; }

 private:
  static Clock::duration seconds(double s) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
  }

  void open(Client& client) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(plan_.port);
    if (::inet_pton(AF_INET, plan_.host.c_str(), &where.sin_addr) != 1)
      die("not an IPv4 address: " + plan_.host);
    client.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(client.descriptor, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0)
      die("cannot connect: " + std::string(std::strerror(errno)));
    const int on = 1;
    ::setsockopt(client.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = &client;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, client.descriptor, &event);
  }

  const std::string& request(const Client& client) const {
    return plan_.steps.empty() ? request_ : client.filled;
  }

  void begin(Client& client) {
    client.sent = 0;
    if (!plan_.steps.empty()) {
      const Step& step = plan_.steps[client.step];
      Plan plan = plan_;
      plan.headers.push_back("X-Amz-Target: " + step.target);
      plan.body = filled_in(step.body, client.in);
      client.filled = render(plan);
      client.step = (client.step + 1) % plan_.steps.size();
    }
    client.in.clear();
    client.body_end = 0;
    client.began = Clock::now();
    send(client);
  }

  void send(Client& client) {
    const std::string& request = this->request(client);
    while (client.sent < request.size()) {
      const auto count = ::send(client.descriptor, request.data() + client.sent, request.size() - client.sent,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count < 0) {
        if (errno != EAGAIN) reopen(client);
        return;
      }
      client.sent += static_cast<std::size_t>(count);
    }
  }

  void receive(Client& client) {
    for (;;) {
      char bytes[65536];
      const auto count = ::recv(client.descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
      if (count <= 0) {
        if (count < 0 && errno == EAGAIN) return;
        reopen(client);
        return;
      }
      client.in.append(bytes, static_cast<std::size_t>(count));
      if (client.body_end == 0) read_head(client);
      if (client.body_end == 0 || client.in.size() < client.body_end) continue;
      const bool close = finish(client);
      if (done_) return;
      if (close)
        reopen(client, false);
      else
        begin(client);
      return;  // the next edge says when there is more
    }
  }

  void read_head(Client& client) {
    const auto end = client.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string_view head(client.in.data(), end + 2);
    const std::string_view length = field(head, "Content-Length");
    if (!field(head, "Transfer-Encoding").empty()) die("chunked answers are not understood");
    client.body_end = end + 4 + (length.empty() ? 0 : std::strtoull(length.data(), nullptr, 10));
  }

  bool finish(Client& client) {
    const auto now = Clock::now();
    const std::string_view head(client.in.data(), client.in.find("\r\n\r\n") + 2);
    if (now >= counted_from_) {
      ++tally_.answers;
      ++tally_.statuses[std::atoi(client.in.c_str() + 9)];
      tally_.latencies.push_back(static_cast<std::uint32_t>((now - client.began).count() / 100));
      if (!plan_.tally_header.empty()) {
        const std::string_view value = field(head, plan_.tally_header);
        const auto known = tally_.values.find(value);
        if (known != tally_.values.end())
          ++known->second;
        else
          tally_.values.emplace(value, 1);
      }
      if (plan_.count != 0 && tally_.answers >= plan_.count) done_ = true;
    }
    return field(head, "Connection") == "close";
  }

  void reopen(Client& client, bool failed = true) {
    if (failed && ++tally_.failures > 1000) die("too many broken connections");
    ::close(client.descriptor);
    open(client);
    begin(client);
  }

  const Plan& plan_;
  std::string request_;
  std::vector<Client> clients_;
  Tally tally_;
  Clock::time_point start_, counted_from_, now_;
  double elapsed_ = 0;
  int poll_ = -1;
  int silent_ = 0;
  bool done_ = false;
};

double percentile(std::vector<std::uint32_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(static_cast<double>(sorted.size()) * share))] /
         10.0;
}

void print(const Plan& plan, Tally& tally, double seconds) {
  std::sort(tally.latencies.begin(), tally.latencies.end());
  const double rate = static_cast<double>(tally.answers) / seconds;
  const double p50 = percentile(tally.latencies, 0.50);
  const double p99 = percentile(tally.latencies, 0.99);
  const double worst = percentile(tally.latencies, 1.0);
  const char* comma = "";
  if (plan.json) {
    std::printf(
        "{\"rate\":%.1f,\"answers\":%llu,\"seconds\":%.3f,\"failures\":%llu,\"p50_us\":%.1f,\"p99_us\":%.1f,"
        "\"max_us\":%.1f,\"status\":{",
        rate, static_cast<unsigned long long>(tally.answers), seconds,
        static_cast<unsigned long long>(tally.failures), p50, p99, worst);
    for (const auto& [status, count] : tally.statuses) {
      std::printf("%s\"%d\":%llu", comma, status, static_cast<unsigned long long>(count));
      comma = ",";
    }
    std::printf("},\"values\":{");
    comma = "";
    for (const auto& [value, count] : tally.values) {
      std::printf("%s\"%s\":%llu", comma, value.c_str(), static_cast<unsigned long long>(count));
      comma = ",";
    }
    std::printf("}}\n");
    return;
  }
  std::printf("%.0f requests/s, p50 %.1f us, p99 %.1f us, max %.1f us, %llu broken connections; status", rate,
              p50, p99, worst, static_cast<unsigned long long>(tally.failures));
  for (const auto& [status, count] : tally.statuses)
    std::printf(" %d: %llu", status, static_cast<unsigned long long>(count));
  for (const auto& [value, count] : tally.values)
    std::printf("; %s %s: %llu", plan.tally_header.c_str(), value.c_str(),
                static_cast<unsigned long long>(count));
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const Plan plan = read_plan(argc, argv);
  Load load(plan);
  Tally tally = load.run();
  print(plan, tally, load.elapsed());
  return tally.answers > 0 ? 0 : 1;
}
