#include "host/kafka_client.hpp"

#ifndef AVIARY_KAFKA

namespace aviary::host {

KafkaClient::KafkaClient(boost::asio::any_io_executor loop, WorkerPool& workers, std::string ca_bundle)
    : loop_(std::move(loop)), workers_(workers), ca_bundle_(std::move(ca_bundle)) {}

std::unique_ptr<KafkaConsumer> KafkaClient::open(KafkaConnection, std::function<void()>,
                                                 std::string& problem) {
  problem = "This aviary was built without librdkafka, so it cannot read from Kafka.";
  return nullptr;
}

}  // namespace aviary::host

#else

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <iterator>
#include <map>

#include "base/log.hpp"
#include "host/kafka_properties.hpp"

namespace aviary::host {
namespace {

constexpr int patience_ms = 10'000;

struct PartitionsGone {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionsGone>;
struct ConfigurationGone {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Configuration = std::unique_ptr<rd_kafka_conf_t, ConfigurationGone>;
struct HandleGone {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
};

/// Empty: all is well.
std::string set_properties(rd_kafka_conf_t* conf, const KafkaProperties& properties) {
  char why[512] = "";
  for (const auto& [name, value] : properties)
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) return why;
  return {};
}

std::string text_of(rd_kafka_resp_err_t error) { return rd_kafka_err2str(error); }

KafkaRecord record_of(const rd_kafka_message_t& message) {
  KafkaRecord record;
  record.partition = message.partition;
  record.offset = message.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t timestamp = rd_kafka_message_timestamp(&message, &type);
  record.has_timestamp = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp >= 0;
  record.of_log = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
  if (record.has_timestamp) record.timestamp = timestamp;
  if (message.key != nullptr) record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr)
    record.value.emplace(static_cast<const char*>(message.payload), message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i)
    record.headers.emplace_back(name, std::string(static_cast<const char*>(value), value ? size : 0));
  return record;
}

/// What librdkafka's callbacks reach. They come from inside our own polls, so on the loop's thread, but for
/// those while a worker closes the consumer, which find `closing` set and touch nothing else.
struct Shared {
  std::atomic<bool> closing = false;
  std::shared_ptr<rd_kafka_t> consumer;  ///< a worker that asks it something holds it, too
  std::unique_ptr<rd_kafka_t, HandleGone> producer;
  KafkaConnection connection;
  std::string problem;
  std::map<std::int32_t, std::int64_t> committed;
  WorkerPool* workers = nullptr;
  std::uint64_t assignments = 0;  ///< counts up, so that an answer that comes late is known
};

void take_assignment(const std::shared_ptr<Shared>& shared, rd_kafka_topic_partition_list_t* partitions);

std::shared_ptr<Shared>& shared_of(void* opaque) { return *static_cast<std::shared_ptr<Shared>*>(opaque); }

void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions,
                  void* opaque) {
  const std::shared_ptr<Shared>& shared = shared_of(opaque);
  if (shared->closing || what != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    if (!shared->closing) {
      ++shared->assignments;
      shared->committed.clear();
    }
    rd_kafka_assign(handle, nullptr);
    return;
  }
  take_assignment(shared, partitions);
}

void on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  const std::shared_ptr<Shared>& shared = shared_of(opaque);
  if (shared->closing) return;
  shared->problem = fmt::format("{}: {}", text_of(static_cast<rd_kafka_resp_err_t>(error)),
                                reason != nullptr ? reason : "");
}

void on_commit(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t*, void* opaque) {
  if (shared_of(opaque)->closing || error == RD_KAFKA_RESP_ERR_NO_ERROR ||
      error == RD_KAFKA_RESP_ERR__NO_OFFSET)
    return;
  // They come again, to whoever has the partition then.
  log::warn("Kafka did not take a commit: {}", text_of(error));
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  const std::unique_ptr<KafkaConsumer::Written> written(
      static_cast<KafkaConsumer::Written*>(message->_private));
  if (!written || shared_of(opaque)->closing) return;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
    (*written)(std::nullopt);
  else
    (*written)(text_of(message->err));
}

/// Where a moment is, for partitions of which the group has committed nothing. Blocks.
std::string find_offsets(rd_kafka_t* handle, std::int64_t timestamp,
                         rd_kafka_topic_partition_list_t* partitions) {
  const rd_kafka_resp_err_t known = rd_kafka_committed(handle, partitions, patience_ms);
  if (known != RD_KAFKA_RESP_ERR_NO_ERROR) return text_of(known);
  const Partitions asked(rd_kafka_topic_partition_list_new(partitions->cnt));
  for (int i = 0; i < partitions->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = partitions->elems[i];
    if (each.offset < 0)
      rd_kafka_topic_partition_list_add(asked.get(), each.topic, each.partition)->offset = timestamp;
  }
  if (asked->cnt == 0) return {};
  const rd_kafka_resp_err_t found = rd_kafka_offsets_for_times(handle, asked.get(), patience_ms);
  if (found != RD_KAFKA_RESP_ERR_NO_ERROR) return text_of(found);
  for (int i = 0; i < asked->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = asked->elems[i];
    rd_kafka_topic_partition_t* to =
        rd_kafka_topic_partition_list_find(partitions, each.topic, each.partition);
    // Nothing is as late as that: whatever comes from now on.
    if (to != nullptr) to->offset = each.offset < 0 ? RD_KAFKA_OFFSET_END : each.offset;
  }
  return {};
}

void take_assignment(const std::shared_ptr<Shared>& shared, rd_kafka_topic_partition_list_t* partitions) {
  const std::uint64_t number = ++shared->assignments;
  if (shared->connection.start != KafkaConnection::Start::AtTime) {
    rd_kafka_assign(shared->consumer.get(), partitions);
    return;
  }
  struct Asked {
    Partitions partitions;
    std::string problem;
  };
  auto asked = std::make_shared<Asked>();
  asked->partitions.reset(rd_kafka_topic_partition_list_copy(partitions));
  shared->workers->submit(
      [handle = shared->consumer, timestamp = shared->connection.start_timestamp, asked] {
        asked->problem = find_offsets(handle.get(), timestamp, asked->partitions.get());
      },
      [shared, asked, number] {
        if (shared->closing || number != shared->assignments) return;
        if (asked->problem.empty()) {
          rd_kafka_assign(shared->consumer.get(), asked->partitions.get());
          return;
        }
        shared->problem = asked->problem;
        take_assignment(shared, asked->partitions.get());
      });
}

class Consumer final : public KafkaConsumer {
 public:
  Consumer(const boost::asio::any_io_executor& loop, std::shared_ptr<Shared> shared,
           std::unique_ptr<std::shared_ptr<Shared> > opaque, std::string ca_bundle,
           std::function<void()> on_news)
      : shared_(std::move(shared)),
        opaque_(std::move(opaque)),
        ca_bundle_(std::move(ca_bundle)),
        on_news_(std::make_shared<std::function<void()> >(std::move(on_news))),
        bell_(std::make_shared<Bell>(loop, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))) {
    ring_for(shared_->consumer.get(), true);
    listen(bell_, on_news_);
  }

  ~Consumer() override {
    shared_->closing = true;
    *on_news_ = nullptr;
    boost::system::error_code ignored;
    bell_->descriptor.cancel(ignored);
    // Leaving the group asks the brokers. What is still being written is given up.
    shared_->workers->submit(
        [shared = shared_, opaque = std::shared_ptr<std::shared_ptr<Shared> >(std::move(opaque_))] {
          silence(shared->consumer.get(), true);
          rd_kafka_consumer_close(shared->consumer.get());
          if (shared->producer) {
            rd_kafka_flush(shared->producer.get(), 1000);
            rd_kafka_purge(shared->producer.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
            rd_kafka_poll(shared->producer.get(), 0);
            silence(shared->producer.get(), false);
            shared->producer.reset();
          }
          shared->consumer.reset();
        },
        [bell = bell_] {});
  }

  std::vector<KafkaRecord> take(std::size_t count) override {
    std::vector<KafkaRecord> records;
    if (shared_->producer) rd_kafka_poll(shared_->producer.get(), 0);
    while (records.size() < count) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(shared_->consumer.get(), 0);
      if (message == nullptr) break;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        shared_->problem.clear();
        records.push_back(record_of(*message));
      } else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        const char* text = rd_kafka_message_errstr(message);
        shared_->problem = text != nullptr ? text : text_of(message->err);
      }
      rd_kafka_message_destroy(message);
    }
    return records;
  }

  void commit(std::int32_t partition, std::int64_t offset) override {
    const Partitions list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), shared_->connection.topic.c_str(), partition)->offset =
        offset;
    shared_->committed[partition] = offset;
    const rd_kafka_resp_err_t error = rd_kafka_commit(shared_->consumer.get(), list.get(), 1);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) log::warn("Kafka did not take a commit: {}", text_of(error));
  }

  void write(std::string topic, std::optional<std::string> key, std::string value, Written written) override {
    if (const std::string problem = ready_to_write(); !problem.empty()) {
      written(problem);
      return;
    }
    auto kept = std::make_unique<Written>(std::move(written));
    rd_kafka_vu_t parts[5];
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = topic.c_str();
    parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[1].u.i = RD_KAFKA_MSG_F_COPY;
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[2].u.mem = {value.data(), value.size()};
    parts[3].vtype = RD_KAFKA_VTYPE_OPAQUE;
    parts[3].u.ptr = kept.get();
    parts[4].vtype = RD_KAFKA_VTYPE_KEY;
    parts[4].u.mem = {key ? key->data() : nullptr, key ? key->size() : 0};
    rd_kafka_error_t* error = rd_kafka_produceva(shared_->producer.get(), parts, std::size(parts));
    if (error == nullptr) {
      (void)kept.release();  // the delivery report has it
      return;
    }
    const std::string why = rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
    (*kept)(why);
  }

  const std::string& problem() const override { return shared_->problem; }

  std::uint64_t lag() const override {
    std::uint64_t lag = 0;
    for (const auto& [partition, offset] : shared_->committed) {
      std::int64_t low = 0;
      std::int64_t high = 0;
      if (rd_kafka_get_watermark_offsets(shared_->consumer.get(), shared_->connection.topic.c_str(),
                                         partition, &low, &high) == RD_KAFKA_RESP_ERR_NO_ERROR &&
          high > offset)
        lag += static_cast<std::uint64_t>(high - offset);
    }
    return lag;
  }

 private:
  struct Bell {
    Bell(const boost::asio::any_io_executor& loop, int fd) : descriptor(loop, fd) {}
    boost::asio::posix::stream_descriptor descriptor;
  };

  static rd_kafka_queue_t* queue_of(rd_kafka_t* handle, bool consumer) {
    return consumer ? rd_kafka_queue_get_consumer(handle) : rd_kafka_queue_get_main(handle);
  }
  void ring_for(rd_kafka_t* handle, bool consumer) {
    const std::uint64_t one = 1;
    rd_kafka_queue_t* queue = queue_of(handle, consumer);
    rd_kafka_queue_io_event_enable(queue, bell_->descriptor.native_handle(), &one, sizeof one);
    rd_kafka_queue_destroy(queue);
    // It rings when an empty queue gets something: what was there before is looked at once.
    [[maybe_unused]] const auto rung = ::write(bell_->descriptor.native_handle(), &one, sizeof one);
  }
  static void silence(rd_kafka_t* handle, bool consumer) {
    rd_kafka_queue_t* queue = queue_of(handle, consumer);
    rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
    rd_kafka_queue_destroy(queue);
  }

  static void listen(const std::shared_ptr<Bell>& bell,
                     const std::shared_ptr<std::function<void()> >& on_news) {
    bell->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                [bell, on_news](const boost::system::error_code& error) {
                                  if (error || !*on_news) return;
                                  std::uint64_t rung = 0;
                                  [[maybe_unused]] const auto got =
                                      ::read(bell->descriptor.native_handle(), &rung, sizeof rung);
                                  const std::function<void()> tell = *on_news;
                                  listen(bell, on_news);
                                  tell();
                                });
  }

  std::string ready_to_write() {
    if (shared_->producer) return {};
    Configuration conf(rd_kafka_conf_new());
    std::string problem = set_properties(conf.get(), client_properties(shared_->connection, ca_bundle_));
    if (!problem.empty()) return problem;
    rd_kafka_conf_set_opaque(conf.get(), opaque_.get());
    rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
    rd_kafka_conf_set_error_cb(conf.get(), on_error);
    char why[512] = "";
    rd_kafka_conf_set(conf.get(), "message.timeout.ms", "30000", why, sizeof why);
    rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why, sizeof why);
    if (producer == nullptr) return why;
    (void)conf.release();
    shared_->producer.reset(producer);
    ring_for(producer, false);
    return {};
  }

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<std::shared_ptr<Shared> > opaque_;  ///< what the callbacks are given
  std::string ca_bundle_;
  std::shared_ptr<std::function<void()> > on_news_;
  std::shared_ptr<Bell> bell_;
};

}  // namespace

KafkaClient::KafkaClient(boost::asio::any_io_executor loop, WorkerPool& workers, std::string ca_bundle)
    : loop_(std::move(loop)), workers_(workers), ca_bundle_(std::move(ca_bundle)) {}

std::unique_ptr<KafkaConsumer> KafkaClient::open(KafkaConnection connection, std::function<void()> on_news,
                                                 std::string& problem) {
  Configuration conf(rd_kafka_conf_new());
  problem = set_properties(conf.get(), client_properties(connection, ca_bundle_));
  if (problem.empty()) problem = set_properties(conf.get(), consumer_properties(connection));
  if (!problem.empty()) return nullptr;
  auto shared = std::make_shared<Shared>();
  shared->connection = std::move(connection);
  shared->workers = &workers_;
  auto opaque = std::make_unique<std::shared_ptr<Shared> >(shared);
  rd_kafka_conf_set_opaque(conf.get(), opaque.get());
  rd_kafka_conf_set_rebalance_cb(conf.get(), on_rebalance);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  rd_kafka_conf_set_offset_commit_cb(conf.get(), on_commit);
  char why[512] = "";
  rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why, sizeof why);
  if (handle == nullptr) {
    problem = why;
    return nullptr;
  }
  (void)conf.release();
  shared->consumer.reset(handle, HandleGone{});
  rd_kafka_poll_set_consumer(handle);
  const Partitions topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), shared->connection.topic.c_str(), RD_KAFKA_PARTITION_UA);
  auto consumer =
      std::make_unique<Consumer>(loop_, shared, std::move(opaque), ca_bundle_, std::move(on_news));
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(handle, topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    problem = text_of(error);
    return nullptr;
  }
  return consumer;
}

}  // namespace aviary::host

#endif
