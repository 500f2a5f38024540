// What the configuration can say and this version cannot do yet. Each function that arrives takes its line away here.
#include "lbconverge/config/lint.hpp"

namespace lbconverge::config {

namespace {

/// Says it of one key after the other, as loudly as the caller asked for.
class Report {
public:
    Report(Severity severity, Diagnostics& diagnostics) : severity_(severity), diagnostics_(diagnostics) {}
    void operator()(Source at, const std::string& what, const std::string& hint) {
        const std::string text = what + " is not available in this version";
        if (severity_ == Severity::error) {
            diagnostics_.error(at, text, hint);
        } else {
            diagnostics_.warning(at, text + ": apply will refuse it", hint);
        }
    }

private:
    Severity severity_;
    Diagnostics& diagnostics_;
};

}  // namespace

void report_unsupported(const Config& config, Severity severity, Diagnostics& diagnostics) {
    Report report(severity, diagnostics);
    const bool serves = config.role != Role::director;
    if (serves && config.arp.method == ArpMethod::filter) {
        report(config.arp.source, "[arp] method = \"filter\"", "method = \"sysctl\", with the VIP on lo");
    }
    for (const Vip& vip : config.vips) {
        if (!serves || vip.accept == Accept::loopback) continue;
        report(vip.source, "accept = \"" + std::string(to_text(vip.accept)) + "\"", "accept = \"loopback\"");
    }
    if (config.ipvs.sync && config.role != Role::real_server) {
        report(config.ipvs.sync->source, "[ipvs.sync]", "leave it out: connections are then not synchronised");
    }
}

}  // namespace lbconverge::config
