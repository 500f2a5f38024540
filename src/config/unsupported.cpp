// Reports what a file can ask for and this version cannot do yet. The commit that adds a function removes its line
// here.
#include "lbconverge/config/lint.hpp"

namespace lbconverge::config {

namespace {

/// Reports keys, with the severity that the caller asked for.
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
    // The filter would have to be removed on the master and be there on the backup, at the moment when the VIP moves.
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
