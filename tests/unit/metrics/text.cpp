// The text of the metrics: its form, and an example of each metric.
#include "lbconverge/metrics/text.hpp"

#include "metric.hpp"
#include "unit/traffic.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

namespace lbconverge::metrics {

namespace {

const std::string file = R"(
role = "director"
interface = "eth0"
vips = ["192.0.2.20", "2001:db8::20"]
[[service]]
vip = "192.0.2.20"
port = 80
real_servers = [{ address = "192.0.2.3", weight = 7 }, "192.0.2.4"]
fallback = "192.0.2.9"
check = "tcp"
[[service]]
fwmark = 10
real_servers = ["192.0.2.3"]
[[service]]
vip = "2001:db8::20"
port = 53
protocol = "udp"
real_servers = ["2001:db8::3"]
)";

node::ConfigPtr config_of_file() { return std::make_shared<const config::Config>(test::world(file).config); }

kinds::TrafficTable traffic() {
    kinds::TrafficTable table;
    test::add_service(table, "tcp 192.0.2.20:80", {5, 4, 3, 2'000'000'000'000, 1});
    test::add_service(table, "fwmark 10 ipv4", {});
    table.finish_services();  // the mark comes first
    test::add_server(table, 1, "192.0.2.4", 80, {.weight = 0, .active = 1, .inactive = 2, .traffic = {9, 8, 7, 6, 5}});
    test::add_server(table, 1, "192.0.2.3", 80, {.weight = 7, .active = 10, .inactive = 20});
    table.finish_servers();
    return table;
}

/// Something of everything.
MetricsPicture full() {
    MetricsPicture picture{.version = "1.2.3", .config = config_of_file()};
    picture.instances.push_back({.name = "VI_1",
                                 .interface = "eth0",
                                 .group = "both",
                                 .vrid = 51,
                                 .state = vrrp::State::master,
                                 .since = 1700000000.5,
                                 .priority = 101,
                                 .base_priority = 100,
                                 .vips = {*IpAddress::parse("192.0.2.20"), *IpAddress::parse("2001:db8::20")},
                                 .wanted = 2,
                                 .not_served = 1,
                                 .unsent = 3});
    vrrp::Counters& counters = picture.instances.back().counters;
    counters.sent = 17;
    counters.transitions[static_cast<std::size_t>(vrrp::TransitionReason::silence)] = 2;
    counters.dropped[static_cast<std::size_t>(vrrp::Drop::version)] = 2;
    picture.instances.back().unreadable[static_cast<std::size_t>(wire::VrrpRefusal::version)] = 3;
    picture.lanes.push_back(
        {.name = "network", .busy = true, .runs = 4, .repaired = 6, .finished = 1700000001, .blocked = 1});
    picture.here = {*IpAddress::parse("2001:db8::20"), *IpAddress::parse("192.0.2.9")};
    picture.finish();
    picture.tracks.push_back({"haproxy", true});
    picture.bulletin = Bulletin{Condition::warning, "WARNING: so"};
    picture.fights = picture.left_alone = 0;
    picture.checks = {.probes = 3, .unknown = 1, .down = 1};
    picture.board.services = {{.first_server = 0, .quorum = 2, .live = 1, .kept = 1, .lacks_quorum = true},
                              {.first_server = 2},
                              {.first_server = 3}};
    using std::chrono::microseconds;
    picture.board.servers = {
        {.is = health::Liveness::up, .checked = true, .answered = true, .took = microseconds(1500)},
        {.is = health::Liveness::down, .checked = true, .drained = true, .kept = true},
        {},
        {.checked = true}};
    picture.drains = {{.address = *IpAddress::parse("192.0.2.4"), .port = 80, .age = std::chrono::seconds(100)}};
    picture.reload = ReloadFigures{.good = true, .good_at = 1700000000};
    picture.stale = false;
    picture.traffic = traffic();
    picture.traffic_read = true;
    picture.at = 1700000100;
    return picture;
}

std::string text_of(MetricsPicture picture) {
    return metrics::text_of(std::make_shared<const MetricsPicture>(std::move(picture)));
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string name_in(const std::string& row) { return row.substr(0, row.find_first_of("{ ")); }
std::string series_in(const std::string& row) { return row.substr(0, row.rfind(' ')); }

bool has(const std::string& text, const std::string& line) {
    const auto lines = lines_of(text);
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

/// The names of the labels, as the documentation has them.
std::string labels_in(const std::string& row) {
    std::string names, name;
    bool quoted = false;
    for (std::size_t i = row.find('{'); i != std::string::npos && i < row.size(); ++i) {
        if (row[i] == '"' && row[i - 1] != '\\') quoted = !quoted;
        if (quoted || row[i] == '"') continue;
        if (row[i] == '}') break;
        if (row[i] == '=') names += (names.empty() ? "" : ", ") + name;
        name = row[i] == ',' || row[i] == '{' || row[i] == '=' ? "" : name + row[i];
    }
    return names;
}

}  // namespace

TEST_CASE("each metric has a head and rows, and its labels are those of the documentation") {
    const std::string text = text_of(full());
    std::map<std::string, std::set<std::string>> labels;
    std::map<std::string, int> heads;
    std::set<std::string> series;
    std::string at;
    for (const std::string& line : lines_of(text)) {
        CAPTURE(line);
        if (line.starts_with("# HELP ")) {
            at = name_in(line.substr(7));
            CHECK(heads[at]++ == 0);
        } else if (line.starts_with("# TYPE ")) {
            CHECK(name_in(line.substr(7)) == at);
        } else {
            CHECK(name_in(line) == at);
            CHECK_MESSAGE(series.insert(series_in(line)).second, "twice");
            labels[at].insert(labels_in(line));
        }
    }
    CHECK(text.ends_with('\n'));
    for (const Metric& each : all_metrics()) {
        const Description metric = description_of(each);
        CAPTURE(std::string(metric.name));
        const auto& found = labels[std::string(metric.name)];
        REQUIRE_FALSE(found.empty());
        for (const std::string& names : found) {
            const bool by_mark = names.find(", local_family") != std::string::npos;
            std::string wanted(metric.labels);
            if (by_mark) wanted.insert(wanted.find("local_mark") + 10, ", local_family");
            CHECK(names == wanted);
        }
    }
}

TEST_CASE("names follow the conventions, and are sorted") {
    std::string before;
    for (const Metric& each : all_metrics()) {
        const Description metric = description_of(each);
        const std::string name(metric.name);
        CAPTURE(name);
        CHECK(before < name);
        before = name;
        CHECK(name.starts_with("lbconverge_"));
        CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos);
        CHECK((metric.type == MetricType::counter) == name.ends_with("_total"));
        CHECK(metric.help.ends_with('.'));
        CHECK(metric.help.find_first_of("\n\\") == std::string::npos);
    }
}

TEST_CASE("an example of each kind of row") {
    const std::string text = text_of(full());
    const std::string web = R"({local_address="192.0.2.20",local_port="80",proto="TCP",local_mark="")";
    CHECK(has(text, R"(lbconverge_build_info{version="1.2.3"} 1)"));
    CHECK(has(text, "# HELP lbconverge_fights Rows that another program keeps changing."));
    CHECK(has(text, "# TYPE lbconverge_vrrp_transitions_total counter"));
    CHECK(has(text, R"(lbconverge_vrrp_state{vrrp_instance="VI_1",state="master"} 1)"));
    CHECK(has(text, R"(lbconverge_vrrp_state{vrrp_instance="VI_1",state="backup"} 0)"));
    CHECK(has(text, R"(lbconverge_vrrp_state_start_timestamp_seconds{vrrp_instance="VI_1"} 1700000000.5)"));
    CHECK(has(
        text,
        R"(lbconverge_vrrp_info{vrrp_instance="VI_1",interface="eth0",vrid="51",family="ipv4",version="3",sync_group="both"} 1)"));
    CHECK(has(text, R"(lbconverge_vrrp_transitions_total{vrrp_instance="VI_1",reason="no master heard"} 2)"));
    CHECK(has(text, R"(lbconverge_vrrp_transitions_total{vrrp_instance="VI_1",reason="preemption"} 0)"));
    CHECK(has(text, R"(lbconverge_vrrp_advertisements_refused_total{vrrp_instance="VI_1",reason="version"} 5)"));
    CHECK(has(text, R"(lbconverge_vrrp_priority{vrrp_instance="VI_1"} 101)"));
    CHECK(has(text, R"(lbconverge_vrrp_vips{vrrp_instance="VI_1"} 2)"));
    CHECK(has(text, R"(lbconverge_vrrp_vips_bound{vrrp_instance="VI_1"} 1)"));
    CHECK(has(text, R"(lbconverge_condition{condition="WARNING"} 1)"));
    CHECK(has(text, R"(lbconverge_lane_repairs_total{lane="network"} 6)"));
    CHECK(has(text, R"(lbconverge_lane_busy{lane="network"} 1)"));
    CHECK(has(text, "lbconverge_configuration_stale 0"));
    CHECK(has(text, R"(lbconverge_checks{state="up"} 1)"));
    CHECK(has(text, R"(lbconverge_drain_start_timestamp_seconds{server="192.0.2.4:80"} 1700000000)"));
    CHECK(has(text, "lbconverge_service_quorum_met" + web + "} 0"));
    CHECK(has(text, "lbconverge_service_connections_active" + web + "} 11"));
    CHECK(has(text, "lbconverge_service_incoming_bytes_total" + web + "} 2000000000000"));
    CHECK(
        has(text, "lbconverge_backend_weight_configured" + web + R"(,remote_address="192.0.2.3",remote_port="80"} 7)"));
    CHECK(has(text, "lbconverge_backend_weight" + web + R"(,remote_address="192.0.2.4",remote_port="80"} 0)"));
    CHECK(has(text, "lbconverge_backend_up" + web + R"(,remote_address="192.0.2.4",remote_port="80"} 0)"));
    CHECK(has(text, "lbconverge_backend_check_duration_seconds" + web +
                        R"(,remote_address="192.0.2.3",remote_port="80"} 0.0015)"));
    CHECK(has(
        text,
        R"(lbconverge_service_quorum{local_address="",local_port="0",proto="FWM",local_mark="0000000A",local_family="ipv4"} 1)"));
    CHECK(has(
        text,
        R"(lbconverge_backend_weight_configured{local_address="2001:db8::20",local_port="53",proto="UDP",local_mark="",remote_address="2001:db8::3",remote_port="53"} 1)"));
}

TEST_CASE("any text may be in a label") {
    MetricsPicture picture = full();
    picture.instances.front().name = "a\"b\\c\nd";
    CHECK(has(text_of(picture), R"(lbconverge_vrrp_priority{vrrp_instance="a\"b\\c\nd"} 101)"));
}

TEST_CASE("without an answer a check says nothing of the server, and is counted") {
    const std::string text = text_of(full());
    CHECK(text.find(R"(lbconverge_backend_up{local_address="2001:db8::20")") == std::string::npos);
    CHECK(text.find(R"(lbconverge_backend_up{local_address="",)") == std::string::npos);
    CHECK(has(text, R"(lbconverge_checks{state="unknown"} 1)"));
}

TEST_CASE("where servers are left out, no row names one") {
    MetricsPicture picture = full();
    config::Config config = *picture.config;
    config.daemon.metrics_servers = false;
    picture.config = std::make_shared<const config::Config>(config);
    const std::string text = text_of(picture);
    CHECK(text.find("remote_address") == std::string::npos);
    CHECK(text.find("lbconverge_service_connections_active{") != std::string::npos);
}

TEST_CASE("the pieces are the whole") {
    const auto picture = std::make_shared<const MetricsPicture>(full());
    for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{5000}}) {
        MetricsText text(picture);
        std::string all, piece;
        for (bool more = true; more; all += std::exchange(piece, {})) {
            more = text.write(size, piece);
            CHECK(piece.size() < size + 4000);
        }
        CHECK(all == text_of(picture));
    }
}

TEST_CASE("of a run of apply there is what it knows") {
    MetricsPicture picture{.version = "1", .config = config_of_file()};
    picture.lanes.push_back({.name = "all", .in_sync = true, .runs = 1});
    const std::string text = text_of(picture);
    CHECK(has(text, R"(lbconverge_lane_last_run_successful{lane="all"} 1)"));
    for (const char* name :
         {"lbconverge_condition{", "lbconverge_checks{", "lbconverge_fights ", "lbconverge_drains "}) {
        CHECK(text.find("\n" + std::string(name)) == std::string::npos);
    }
}

TEST_CASE("the manual has a row for each metric") {
    std::ifstream in(LBCONVERGE_SOURCE_DIR "/packaging/manual/metrics.md");
    const std::string manual{std::istreambuf_iterator<char>(in), {}};
    std::vector<std::string> rows, wanted;
    for (const std::string& line : lines_of(manual)) {
        if (line.starts_with("| `lbconverge_")) rows.push_back(line);
    }
    for (const Metric& each : all_metrics()) {
        const Description metric = description_of(each);
        const std::string labels = metric.labels.empty() ? "" : "`" + std::string(metric.labels) + "`";
        wanted.push_back("| `" + std::string(metric.name) + "` | " + std::string(to_text(metric.type)) + " | " +
                         labels + " | " + std::string(metric.help) + " |");
    }
    std::sort(rows.begin(), rows.end());
    std::sort(wanted.begin(), wanted.end());
    CHECK(rows == wanted);
}

}  // namespace lbconverge::metrics
