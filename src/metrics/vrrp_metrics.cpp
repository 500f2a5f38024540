#include "metric.hpp"

#include <map>

namespace lbconverge::metrics {

namespace {

using lbconverge::to_text;

Sample sample_of(const InstanceFigures& instance, Samples& samples) {
    Sample sample = samples.add();
    sample.label("vrrp_instance", instance.name);
    return sample;
}

Sample instance_sample(const MetricsPicture& picture, std::size_t i, Samples& samples) {
    return sample_of(picture.instances[i], samples);
}

void write_info(const InstanceFigures& instance, Samples& samples) {
    sample_of(instance, samples)
        .label("interface", instance.interface)
        .label("vrid", std::to_string(instance.vrid))
        .label("family", to_text(instance.family))
        .label("version", std::to_string(instance.version))
        .label("sync_group", instance.group)
        .is(1);
}

void write_state(const InstanceFigures& instance, Samples& samples) {
    for (const auto& [value, name] : names_of(vrrp::State{})) {
        sample_of(instance, samples).label("state", name).is(instance.state == value);
    }
}

void write_transitions(const InstanceFigures& instance, Samples& samples) {
    for (const auto& [value, name] : names_of(vrrp::TransitionReason{})) {
        sample_of(instance, samples)
            .label("reason", name)
            .is(instance.counters.transitions[static_cast<std::size_t>(value)]);
    }
}

/// The word "version" is in both lists.
void write_refused(const InstanceFigures& instance, Samples& samples) {
    std::map<std::string_view, std::uint64_t> refused;
    for (const auto& [value, name] : names_of(vrrp::Drop{})) {
        refused[name] += instance.counters.dropped[static_cast<std::size_t>(value)];
    }
    for (const auto& [value, name] : names_of(wire::VrrpRefusal{})) {
        refused[name] += instance.unreadable[static_cast<std::size_t>(value)];
    }
    for (const auto& [reason, count] : refused) sample_of(instance, samples).label("reason", reason).is(count);
}

constexpr Metric vrrp_table[] = {
    Metric{
        .name = "lbconverge_vrrp_info",
        .type = MetricType::gauge,
        .labels = "vrrp_instance, interface, vrid, family, version, sync_group",
        .help = "What an instance is.",
        .each = Each::instance,
        .write = [](const MetricsPicture& p, std::size_t i, Samples& samples) { write_info(p.instances[i], samples); }},
    Metric{.name = "lbconverge_vrrp_state",
           .type = MetricType::gauge,
           .labels = "vrrp_instance, state",
           .help = "1 for the state of the instance, 0 for the others.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { write_state(p.instances[i], samples); }},
    Metric{.name = "lbconverge_vrrp_state_start_timestamp_seconds",
           .type = MetricType::gauge,
           .labels = "vrrp_instance",
           .help = "Since when the instance is in its state.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].since); }},
    Metric{.name = "lbconverge_vrrp_priority",
           .type = MetricType::gauge,
           .labels = "vrrp_instance",
           .help = "The priority that the instance advertises.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].priority); }},
    Metric{.name = "lbconverge_vrrp_priority_configured",
           .type = MetricType::gauge,
           .labels = "vrrp_instance",
           .help = "The priority of the file, before tracks and faults.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].base_priority); }},
    Metric{.name = "lbconverge_vrrp_transitions_total",
           .type = MetricType::counter,
           .labels = "vrrp_instance, reason",
           .help = "Changes of the state, by their reason.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { write_transitions(p.instances[i], samples); }},
    Metric{.name = "lbconverge_vrrp_became_master_total",
           .type = MetricType::counter,
           .labels = "vrrp_instance",
           .help = "How often the instance became master.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].counters.became_master); }},
    Metric{.name = "lbconverge_vrrp_advertisements_sent_total",
           .type = MetricType::counter,
           .labels = "vrrp_instance",
           .help = "Advertisements that were sent.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].counters.sent); }},
    Metric{.name = "lbconverge_vrrp_advertisements_unsent_total",
           .type = MetricType::counter,
           .labels = "vrrp_instance",
           .help = "Advertisements that the kernel did not send.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].unsent); }},
    Metric{.name = "lbconverge_vrrp_advertisements_received_total",
           .type = MetricType::counter,
           .labels = "vrrp_instance",
           .help = "Advertisements that counted.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].counters.heard); }},
    Metric{.name = "lbconverge_vrrp_advertisements_signed_total",
           .type = MetricType::counter,
           .labels = "vrrp_instance",
           .help = "Of the advertisements that counted, those with a signature.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].counters.trusted); }},
    Metric{.name = "lbconverge_vrrp_advertisements_refused_total",
           .type = MetricType::counter,
           .labels = "vrrp_instance, reason",
           .help = "Advertisements that did not count, by their reason.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { write_refused(p.instances[i], samples); }},
    Metric{
        .name = "lbconverge_vrrp_advertisements_other_vips_total",
        .type = MetricType::counter,
        .labels = "vrrp_instance",
        .help = "Advertisements that counted, with another list of VIPs: the files of the nodes differ.",
        .each = Each::instance,
        .write = [](const MetricsPicture& p, std::size_t i,
                    Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].counters.other_addresses); }},
    Metric{
        .name = "lbconverge_vrrp_advertisements_other_interval_total",
        .type = MetricType::counter,
        .labels = "vrrp_instance",
        .help = "Advertisements that counted, with another interval: the files of the nodes differ.",
        .each = Each::instance,
        .write = [](const MetricsPicture& p, std::size_t i,
                    Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].counters.other_interval); }},
    Metric{.name = "lbconverge_vrrp_starved_total",
           .type = MetricType::counter,
           .labels = "vrrp_instance",
           .help = "How often this node did not run for so long that it had to listen again.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].counters.late); }},
    Metric{.name = "lbconverge_vrrp_vips",
           .type = MetricType::gauge,
           .labels = "vrrp_instance",
           .help = "VIPs of the instance.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].vips.size()); }},
    Metric{.name = "lbconverge_vrrp_vips_wanted",
           .type = MetricType::gauge,
           .labels = "vrrp_instance",
           .help = "VIPs of the instance that should be on this node now.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].wanted); }},
    Metric{.name = "lbconverge_vrrp_vips_bound",
           .type = MetricType::gauge,
           .labels = "vrrp_instance",
           .help = "VIPs of the instance that are on an answering interface of this node.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.bound_of(p.instances[i])); }},
    Metric{.name = "lbconverge_vrrp_vips_not_served",
           .type = MetricType::gauge,
           .labels = "vrrp_instance",
           .help = "VIPs of the instance that this node cannot serve.",
           .each = Each::instance,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { instance_sample(p, i, samples).is(p.instances[i].not_served); }},
    Metric{.name = "lbconverge_vrrp_unknown_vrid_total",
           .type = MetricType::counter,
           .labels = "",
           .help = "Advertisements with a VRID that no instance on their interface has.",
           .each = Each::node,
           .write =
               [](const MetricsPicture& p, std::size_t, Samples& samples) {
                   if (p.bulletin) samples.add().is(p.unknown_vrid);
               }},
};

}  // namespace

std::span<const Metric> vrrp_metrics() { return vrrp_table; }

}  // namespace lbconverge::metrics
