// A Kafka cluster of one broker for a test: librdkafka's own, in memory. The first line of standard output
// names it; then each line of standard input is an order, answered with one line:
//
//   {"create": "orders", "partitions": 2}
//   {"topic": "orders", "partition": 0, "key": "k", "value": "v", "headers": {"name": "value"}}
//   {"committed": "group", "topic": "orders"}     the offsets of all partitions, null where there is none
//   {"read": "failed", "count": 1}                the first records of partition 0
//   {"down": true}                                nobody gets through until {"down": false}
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace {

using Json = nlohmann::ordered_json;
constexpr int patience_ms = 10'000;

void set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  char why[512];
  if (rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why) == RD_KAFKA_CONF_OK) return;
  std::cerr << why << '\n';
  std::exit(1);
}

class Broker {
 public:
  Broker() {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    set(conf, "log_level", "0");
    set(conf, "test.mock.num.brokers", "1");
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
  }
  ~Broker() { rd_kafka_destroy(producer_); }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  std::string servers() const { return rd_kafka_mock_cluster_bootstraps(cluster()); }

  Json obey(const Json& order) {
    if (order.contains("create")) return create(order);
    if (order.contains("committed")) return committed(order);
    if (order.contains("read")) return read(order);
    if (order.contains("down")) {
      const bool down = order.at("down");
      return down ? rd_kafka_mock_broker_set_down(cluster(), 1) : rd_kafka_mock_broker_set_up(cluster(), 1);
    }
    return produce(order);
  }

 private:
  rd_kafka_mock_cluster_t* cluster() const { return rd_kafka_handle_mock_cluster(producer_); }

  Json create(const Json& order) {
    const std::string topic = order.at("create");
    partitions_[topic] = order.value("partitions", 1);
    return rd_kafka_mock_topic_create(cluster(), topic.c_str(), partitions_[topic], 1);
  }

  Json produce(const Json& order) {
    const std::string topic = order.at("topic");
    const std::string value = order.value("value", "");
    const std::string key = order.value("key", "");
    rd_kafka_headers_t* headers = rd_kafka_headers_new(1);
    const Json named = order.value("headers", Json::object());
    for (const auto& [name, text] : named.items()) {
      const std::string bytes = text;
      rd_kafka_header_add(headers, name.c_str(), -1, bytes.data(), static_cast<ssize_t>(bytes.size()));
    }
    rd_kafka_vu_t parts[5] = {};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = topic.c_str();
    parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[1].u.i32 = order.value("partition", 0);
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[2].u.mem = {const_cast<char*>(value.data()), value.size()};
    parts[3].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[3].u.headers = headers;
    parts[4].vtype = RD_KAFKA_VTYPE_KEY;
    parts[4].u.mem = {const_cast<char*>(key.data()), key.size()};
    if (rd_kafka_error_t* error = rd_kafka_produceva(producer_, parts, order.contains("key") ? 5 : 4)) {
      const std::string why = rd_kafka_error_string(error);
      rd_kafka_error_destroy(error);
      return why;
    }
    return rd_kafka_flush(producer_, patience_ms) == RD_KAFKA_RESP_ERR_NO_ERROR ? Json(0)
                                                                                : Json("not written");
  }

  rd_kafka_t* consumer(const std::string& group) const {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", servers());
    set(conf, "group.id", group);
    set(conf, "log_level", "0");
    return rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
  }

  Json committed(const Json& order) {
    const std::string topic = order.at("topic");
    rd_kafka_t* reader = consumer(order.at("committed"));
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    for (int i = 0; i < partitions_[topic]; ++i) rd_kafka_topic_partition_list_add(list, topic.c_str(), i);
    rd_kafka_committed(reader, list, patience_ms);
    Json offsets = Json::array();
    for (int i = 0; i < list->cnt; ++i)
      offsets.push_back(list->elems[i].offset >= 0 ? Json(list->elems[i].offset) : Json());
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(reader);
    return offsets;
  }

  Json read(const Json& order) {
    const std::string topic = order.at("read");
    const std::size_t count = order.value("count", 1U);
    rd_kafka_t* reader = consumer("reader of " + topic);
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), 0)->offset = 0;
    rd_kafka_assign(reader, list);
    Json records = Json::array();
    for (int turn = 0; turn < patience_ms / 100 && records.size() < count; ++turn) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(reader, 100);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        records.push_back({{"key", std::string(static_cast<const char*>(message->key), message->key_len)},
                           {"value", std::string(static_cast<const char*>(message->payload), message->len)}});
      rd_kafka_message_destroy(message);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    return records;
  }

  rd_kafka_t* producer_ = nullptr;
  std::map<std::string, int> partitions_;
};

}  // namespace

int main() {
  Broker broker;
  std::cout << broker.servers() << std::endl;
  for (std::string line; std::getline(std::cin, line);)
    std::cout << broker.obey(Json::parse(line)) << std::endl;
}
