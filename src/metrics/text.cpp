#include "metric.hpp"

#include <algorithm>
#include <limits>

namespace lbconverge::metrics {

namespace {

std::vector<Metric> sorted_metrics() {
    std::vector<Metric> all;
    for (const auto& table : {node_metrics(), vrrp_metrics(), file_metrics(), kernel_metrics()}) {
        all.insert(all.end(), table.begin(), table.end());
    }
    std::sort(all.begin(), all.end(), [](const Metric& a, const Metric& b) { return a.name < b.name; });
    return all;
}

void append_number(std::uint16_t number, std::string& out) {
    char digits[8];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

/// inet_ntop(3) takes most of the time where there are many IPv4 addresses.
void append_address(const IpAddress& address, std::string& out) {
    if (address.family != Family::ipv4) {
        out += to_text(address);
        return;
    }
    for (std::size_t i = 0; i < 4; ++i) {
        if (i > 0) out += '.';
        append_number(address.bytes[i], out);
    }
}

/// As in /proc/net/ip_vs: "0000000A".
std::string mark_text(std::uint32_t mark) {
    constexpr const char* digits = "0123456789ABCDEF";
    std::string text;
    for (int shift = 28; shift >= 0; shift -= 4) text += digits[mark >> shift & 0xf];
    return text;
}

std::string_view protocol_text(const kinds::Service::Key& key) {
    if (key.fwmark != 0) return "FWM";
    switch (key.protocol) {
        case Protocol::tcp:
            return "TCP";
        case Protocol::udp:
            return "UDP";
        case Protocol::sctp:
            return "SCTP";
        case Protocol::none:
            return "IP";
    }
    return "?";
}

void write_head(const Metric& metric, std::string& to) {
    to.append("# HELP ").append(metric.name).append(" ").append(metric.help);
    to.append("\n# TYPE ").append(metric.name).append(" ").append(to_text(metric.type)).append("\n");
}

}  // namespace

void append_escaped(std::string_view value, std::string& out) {
    for (const char c : value) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') out += '\\';
        out += c;
    }
}

/// A service by mark has no address; node_exporter says so with an empty one and port 0. One mark may be of two
/// services, one per family, which node_exporter does not tell apart.
std::string service_labels(const kinds::Service::Key& key) {
    std::string text = "local_address=\"";
    if (key.fwmark == 0) append_address(key.vip, text);
    text += "\",local_port=\"";
    append_number(key.port, text);
    text.append("\",proto=\"").append(protocol_text(key)).append("\",local_mark=\"");
    if (key.fwmark == 0) return text += '"';
    text.append(mark_text(key.fwmark)).append("\",local_family=\"").append(to_text(key.vip.family)).append("\"");
    return text;
}

void append_server_labels(const IpAddress& address, std::uint16_t port, std::string& out) {
    out += "remote_address=\"";
    append_address(address, out);
    out += "\",remote_port=\"";
    append_number(port, out);
    out += '"';
}

std::size_t count_of(Each each, const MetricsPicture& picture) {
    switch (each) {
        case Each::node:
            return 1;
        case Each::instance:
            return picture.instances.size();
        case Each::lane:
            return picture.lanes.size();
        case Each::track:
            return picture.tracks.size();
        case Each::drain:
            return picture.drains.size();
        case Each::file_service:
            return picture.board.services.size();
        case Each::file_pool:
            return picture.with_servers() ? picture.board.services.size() : 0;
        case Each::kernel_service:
            return picture.traffic ? picture.traffic->services().size() : 0;
        case Each::kernel_pool:
            return picture.traffic && picture.with_servers() ? picture.traffic->services().size() : 0;
    }
    return 0;
}

std::span<const Metric> all_metrics() {
    static const std::vector<Metric> all = sorted_metrics();
    return all;
}

Description description_of(const Metric& metric) { return {metric.name, metric.type, metric.labels, metric.help}; }

/// A metric without samples has no head, either.
bool MetricsText::write(std::size_t about, std::string& to) {
    const std::size_t end = to.size() + about;
    const auto all = all_metrics();
    for (; metric_ < all.size(); ++metric_, item_ = 0) {
        const Metric& metric = all[metric_];
        const std::size_t count = count_of(metric.each, *picture_);
        if (item_ == 0 && count > 0) write_head(metric, to);
        Samples samples(metric.name, to);
        while (item_ < count) {
            metric.write(*picture_, item_++, samples);
            if (to.size() >= end) return true;
        }
    }
    return false;
}

std::string text_of(const MetricsPicturePtr& picture) {
    std::string text;
    MetricsText(picture).write(std::numeric_limits<std::size_t>::max() / 2, text);
    return text;
}

}  // namespace lbconverge::metrics
