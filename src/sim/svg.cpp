#include "lbconverge/sim/simulation.hpp"

#include <algorithm>
#include <map>

namespace lbconverge::sim {

namespace {

// All in pixels.
constexpr int label_width = 180;
constexpr int plot_width = 1200;
constexpr int right_margin = 20;
constexpr int lane_height = 26;
constexpr int fault_height = 14;
constexpr int axis_height = 30;
constexpr int legend_height = 40;

std::string_view colour_of(vrrp::State state) {
    switch (state) {
        case vrrp::State::init:
            return "#d9d9d9";
        case vrrp::State::backup:
            return "#9ecae1";
        case vrrp::State::master:
            return "#74c476";
        case vrrp::State::leaving:
            return "#fdd835";
        case vrrp::State::fault:
            return "#ef8a62";
    }
    return "none";
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

class Drawing {
public:
    explicit Drawing(const Run& run) : run_(run) {}

    std::string draw() {
        const int lanes = static_cast<int>(run_.nodes.size() * run_.routers.size());
        faults_top_ = legend_height;
        lanes_top_ = faults_top_ + fault_height * static_cast<int>(run_.faults.size()) + 6;
        bottom_ = lanes_top_ + lane_height * lanes;
        const int height = bottom_ + axis_height;
        const int width = label_width + plot_width + right_margin;
        out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + std::to_string(width) + "\" height=\"" +
               std::to_string(height) + "\" font-family=\"sans-serif\" font-size=\"11\">\n";
        rectangle(0, 0, width, height, "#ffffff", "");
        legend();
        faults();
        int top = lanes_top_;
        for (std::size_t router = 0; router < run_.routers.size(); ++router) {
            for (std::size_t node = 0; node < run_.nodes.size(); ++node, top += lane_height) lane(node, router, top);
        }
        violations();
        axis();
        return out_ + "</svg>\n";
    }

private:
    [[nodiscard]] int x(Instant at) const {
        return label_width + static_cast<int>(at.time_since_epoch().count() * plot_width /
                                              std::max<Duration::rep>(1, run_.end.time_since_epoch().count()));
    }
    void rectangle(int left, int top, int width, int height, std::string_view fill, const std::string& title) {
        out_ += "<rect x=\"" + std::to_string(left) + "\" y=\"" + std::to_string(top) + "\" width=\"" +
                std::to_string(std::max(width, 1)) + "\" height=\"" + std::to_string(height) + "\" fill=\"";
        out_.append(fill).append("\">");
        if (!title.empty()) out_ += "<title>" + escaped(title) + "</title>";
        out_ += "</rect>\n";
    }
    void span(Instant from, Instant to, int top, int height, std::string_view fill, const std::string& title) {
        rectangle(x(from), top, x(to) - x(from), height, fill,
                  title + ", " + seconds_text(from) + " to " + seconds_text(to));
    }
    void text(int left, int baseline, std::string_view what, std::string_view more = "") {
        out_ += "<text x=\"" + std::to_string(left) + "\" y=\"" + std::to_string(baseline) + "\"";
        out_.append(more).append(">") += escaped(what) + "</text>\n";
    }

    void legend() {
        int left = label_width;
        using vrrp::State;
        for (const State each : {State::init, State::backup, State::master, State::leaving, State::fault}) {
            rectangle(left, 10, 14, 12, colour_of(each), "");
            text(left + 18, 20, vrrp::to_text(each));
            left += 90;
        }
        rectangle(left, 14, 14, 4, "#08306b", "");
        text(left + 18, 20, "has the VIPs");
        rectangle(left + 120, 10, 14, 12, "#fbb4ae", "");
        text(left + 138, 20, "fault");
        rectangle(left + 200, 8, 2, 16, "#d7191c", "");
        text(left + 208, 20, "violation");
    }

    void faults() {
        int top = faults_top_;
        for (const Fault& each : run_.faults) {
            const std::string said = to_text(each, run_.nodes);
            text(4, top + 10, said.substr(0, said.find(',')));
            span(each.start, each.end(), top, fault_height - 3, "#fbb4ae", said.substr(0, said.find(',')));
            top += fault_height;
        }
    }

    void lane(std::size_t node, std::size_t router, int top) {
        text(4, top + 15, run_.nodes[node] + "  " + run_.routers[router].name);
        vrrp::State state = vrrp::State::init;
        Instant since;
        bool running = false;
        const auto close = [&](Instant at) {
            if (running) span(since, at, top + 3, lane_height - 8, colour_of(state), std::string(vrrp::to_text(state)));
            since = at;
        };
        for (const Moment& each : run_.moments) {
            if (each.node != node) continue;
            const bool here = each.kind == MomentKind::transition && each.router == router;
            if (!here && each.kind != MomentKind::started && each.kind != MomentKind::ended) continue;
            close(each.at);
            if (here) {
                state = each.to;
            } else {
                running = each.kind == MomentKind::started;
                state = vrrp::State::init;
            }
        }
        close(run_.end);
        holding(node, router, top + lane_height - 8);
    }

    /// From the first of the VIPs to the last.
    void holding(std::size_t node, std::size_t router, int top) {
        std::size_t held = 0;
        Instant since;
        for (const Moment& each : run_.moments) {
            if (each.node != node || each.router != router) continue;
            if (each.kind == MomentKind::bound && held++ == 0) since = each.at;
            if (each.kind == MomentKind::unbound && --held == 0) span(since, each.at, top, 4, "#08306b", "has VIPs");
        }
        if (held > 0) span(since, run_.end, top, 4, "#08306b", "has VIPs");
    }

    void violations() {
        for (const Violation& each : run_.violations) {
            rectangle(x(each.at), faults_top_, 2, bottom_ - faults_top_, "#d7191c", each.check + " " + each.what);
        }
    }

    void axis() {
        rectangle(label_width, bottom_ + 2, plot_width, 1, "#000000", "");
        const auto all = std::chrono::duration_cast<std::chrono::seconds>(run_.end.time_since_epoch());
        const std::chrono::seconds pace = std::max<std::chrono::seconds>(std::chrono::seconds(1), all / 12);
        for (std::chrono::seconds at{0}; at <= all; at += pace) {
            rectangle(x(Instant(at)), bottom_ + 2, 1, 5, "#000000", "");
            text(x(Instant(at)), bottom_ + 19, std::to_string(at.count()) + " s", " text-anchor=\"middle\"");
        }
    }

    const Run& run_;
    std::string out_;
    int faults_top_ = 0, lanes_top_ = 0, bottom_ = 0;
};

}  // namespace

std::string timeline_svg(const Run& run) { return Drawing(run).draw(); }

}  // namespace lbconverge::sim
