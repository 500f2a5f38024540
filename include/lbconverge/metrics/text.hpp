// The text of the metrics, in the exposition format of Prometheus (text/plain; version=0.0.4). Pure.
#pragma once

#include "lbconverge/metrics/picture.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lbconverge::metrics {

enum class MetricType : std::uint8_t { gauge, counter };
constexpr auto names_of(MetricType) {
    return enum_names<MetricType>({{MetricType::gauge, "gauge"}, {MetricType::counter, "counter"}});
}

struct Metric;
/// What the documentation says of a metric.
struct Description {
    std::string_view name;
    MetricType type = MetricType::gauge;
    std::string_view labels;  ///< "instance, reason"
    std::string_view help;
};
/// All metrics, sorted by their names.
std::span<const Metric> all_metrics();
Description description_of(const Metric& metric);

/// Writes the text in pieces: that of a hundred thousand servers is too large to stand in the memory.
class MetricsText {
public:
    explicit MetricsText(MetricsPicturePtr picture) : picture_(std::move(picture)) {}

    /// Appends the next piece, of about so many octets. False: that was the last one.
    bool write(std::size_t about, std::string& to);

private:
    MetricsPicturePtr picture_;
    std::size_t metric_ = 0;
    std::size_t item_ = 0;
};

/// All of the text.
std::string text_of(const MetricsPicturePtr& picture);

}  // namespace lbconverge::metrics
