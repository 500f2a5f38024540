// A metric: what it is called, and how its samples are written. Private to src/metrics.
#pragma once

#include "lbconverge/metrics/text.hpp"

#include <charconv>
#include <concepts>
#include <cstdint>
#include <vector>

namespace lbconverge::metrics {

void append_escaped(std::string_view value, std::string& out);

/// Writes one row: its labels, and last its value. Appends to the text directly, since there may be a million samples.
class Sample {
public:
    Sample(std::string_view name, std::string& out) : out_(out) { out_.append(name); }
    Sample(const Sample&) = delete;
    Sample(Sample&&) = default;
    Sample& operator=(const Sample&) = delete;
    Sample& operator=(Sample&&) = delete;

    Sample& label(std::string_view name, std::string_view value) {
        separate();
        out_.append(name).append("=\"");
        append_escaped(value, out_);
        out_ += '"';
        return *this;
    }
    /// Labels that are text already.
    Sample& labels(std::string_view ready) {
        separate();
        out_.append(ready);
        return *this;
    }
    template <class Number>
    requires std::integral<Number> || std::floating_point<Number>
    void is(Number value) {
        out_.append(first_ ? " " : "} ");
        if constexpr (std::same_as<Number, bool>) {
            out_ += value ? '1' : '0';
        } else {
            char digits[32];
            out_.append(digits, to_digits(digits, digits + sizeof digits, value).ptr);
        }
        out_ += '\n';
    }

private:
    template <std::integral Number>
    static std::to_chars_result to_digits(char* from, char* to, Number value) {
        return std::to_chars(from, to, value);
    }
    /// Times without an exponent, so that people can compare them.
    static std::to_chars_result to_digits(char* from, char* to, double value) {
        const auto fixed = std::to_chars(from, to, value, std::chars_format::fixed);
        return fixed.ec == std::errc{} ? fixed : std::to_chars(from, to, value);
    }
    void separate() {
        out_ += first_ ? '{' : ',';
        first_ = false;
    }
    std::string& out_;
    bool first_ = true;
};

/// Makes the samples of one metric.
class Samples {
public:
    Samples(std::string_view name, std::string& out) : name_(name), out_(out) {}
    [[nodiscard]] Sample add() { return {name_, out_}; }

private:
    std::string_view name_;
    std::string& out_;
};

/// Of what a metric has its samples: `write` is called once for each.
enum class Each : std::uint8_t {
    node,
    instance,
    lane,
    track,
    drain,
    file_service,    ///< a service of the file
    file_pool,       ///< its real servers; nothing where these are left out
    kernel_service,  ///< a service of the kernel
    kernel_pool,     ///< its real servers; nothing where these are left out
};

struct Metric {
    std::string_view name;
    MetricType type = MetricType::gauge;
    std::string_view labels;
    std::string_view help;
    Each each = Each::node;
    void (*write)(const MetricsPicture& picture, std::size_t item, Samples& samples) = nullptr;
};

std::size_t count_of(Each each, const MetricsPicture& picture);

// The tables, by what they are about.
std::span<const Metric> node_metrics();
std::span<const Metric> vrrp_metrics();
std::span<const Metric> file_metrics();
std::span<const Metric> kernel_metrics();

/// `local_address="192.0.2.20",local_port="80",proto="TCP",local_mark=""`: as node_exporter has them.
std::string service_labels(const kinds::Service::Key& key);
/// `remote_address="192.0.2.3",remote_port="80"`
void append_server_labels(const IpAddress& address, std::uint16_t port, std::string& out);

}  // namespace lbconverge::metrics
