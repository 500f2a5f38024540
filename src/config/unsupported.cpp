// What the configuration can say and this version cannot do yet. Each function that arrives takes its line away here.
#include "lbconverge/config/lint.hpp"

namespace lbconverge::config {

namespace {

/// Says it of one key after the other, as loudly as the caller asked for.
class UnsupportedReport {
public:
    UnsupportedReport(Severity severity, Diagnostics& diagnostics) : severity_(severity), diagnostics_(diagnostics) {}
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
    UnsupportedReport report(severity, diagnostics);
    // On the master it would have to go, and to come back on the backup, in step with the VIP.
    const bool both = config.role == Role::both;
    if (both && config.arp.method == ArpMethod::filter) {
        report(config.arp.source, "[arp] method = \"filter\" with role both", "method = \"sysctl\"");
    }
    for (const Vip& vip : config.vips) {
        if (!both || vip.accept == Accept::loopback) continue;
        report(vip.source, "accept = \"" + std::string(to_text(vip.accept)) + "\" with role both",
               "accept = \"loopback\"");
    }
}

}  // namespace lbconverge::config
