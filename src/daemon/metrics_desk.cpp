#include "metrics_desk.hpp"

#include "caught.hpp"
#include "clock.hpp"
#include "lbconverge/kernel/traffic.hpp"
#include "lbconverge/metrics/bulletin.hpp"

namespace lbconverge::daemon {

namespace {

metrics::Timestamp seconds_now() { return std::chrono::duration<double>(wall_time().time_since_epoch()).count(); }

/// Adds what has to be waited for.
MetricsServer::Pictured completed(metrics::MetricsPicture picture, const RunOptions& options) {
    picture.finish();
    if (picture.config->role != Role::real_server) {
        Result<kinds::TrafficTable> traffic = kernel::read_traffic();
        picture.traffic_read = traffic.has_value();
        if (traffic) picture.traffic = std::move(*traffic);
    }
    picture.stale = options.stale();
    return std::make_shared<const metrics::MetricsPicture>(std::move(picture));
}

}  // namespace

MetricsDesk::MetricsDesk(Loop& loop, const node::Node& node, const RunOptions& options)
    : loop_(loop),
      node_(node),
      options_(options),
      reload_{.good = true, .good_at = seconds_now()},
      server_(
          {.picture =
               [this](const auto& done) {
                   loop_.post([this, done] { look(std::make_shared<metrics::Look>(), done); });
               },
           .bulletin = [this](const auto& done) { loop_.post([this, done] { done(metrics::bulletin_of(node_)); }); }}) {
}

void MetricsDesk::follow(const config::Config& config) { server_.move_to(config.daemon.metrics); }

void MetricsDesk::reloaded(bool good) {
    reload_.good = good;
    if (good) reload_.good_at = seconds_now();
}

/// Between two pieces the loop has other work.
void MetricsDesk::look(const std::shared_ptr<metrics::Look>& look,
                       const std::function<void(MetricsServer::Pictured)>& done) {
    const auto more = caught([&] { return look->go_on(node_, now(), std::chrono::system_clock::now()); });
    if (!more) return done(tl::unexpected(more.error()));
    if (*more) return loop_.post([this, look, done] { this->look(look, done); });
    look->picture().version = options_.version;
    look->picture().reload = reload_;
    kernel_.post([this, look, done] {
        const auto picture = caught([&] { return completed(std::move(look->picture()), options_); });
        done(picture ? *picture : tl::unexpected(picture.error()));
    });
}

}  // namespace lbconverge::daemon
