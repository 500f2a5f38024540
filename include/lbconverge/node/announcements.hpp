// What the neighbours are told, by gratuitous ARP and neighbour advertisements: one owner for all VIPs that this node
// answers for. Where each VIP is comes in, and what happens to it; the frames that are due come out, the first of each
// VIP before the second of any. Frames that the device did not take are kept, and offered again. Pure.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/invariant.hpp"
#include "lbconverge/model/name.hpp"
#include "lbconverge/plan/announcement.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace lbconverge::node {

/// A master of lower priority is answered once in this time (RFC 4861 §7.2.6 requires a second), but several times in a
/// row at first: each of the nodes that became master at the same moment says a last word, after its own announcements.
/// It is also the time after which what may have been lost is said once more.
constexpr Duration announce_interval = std::chrono::seconds(1);
constexpr int answers_in_a_row = 4;
/// The node sends so many frames at once, and then looks after its advertisements before the next ones.
constexpr std::size_t frames_at_once = 256;
constexpr Duration between_batches = std::chrono::milliseconds(1);
/// How long frames wait that a device did not take: longer each time that it takes none, between these two limits.
constexpr Duration first_offer = std::chrono::milliseconds(5);
constexpr Duration last_offer = std::chrono::milliseconds(100);

/// How often a master repeats what it has told. 0: never.
struct Rhythm {
    Duration repeat{0};   ///< once, this long after it became master
    Duration refresh{0};  ///< then, or from the beginning, again and again
    bool operator==(const Rhythm&) const = default;
};

class Announcements {
public:
    using Vips = std::span<const plan::Announcement>;

    /// This node answers for these VIPs from now on. Those that are here are announced now, and the others when they
    /// come.
    void won(Vips vips, const Rhythm& rhythm, Instant now);
    /// Nothing that still waits is said of them any more.
    void lost(Vips vips);
    /// After a reload: it answers for these, as before or anew.
    void revise(Vips vips, const Rhythm& rhythm, Instant now);
    /// And for no others.
    void keep_only(Vips vips);

    /// The VIPs that are here, as the kernel says.
    void here(const std::vector<IpAddress>& holding);
    /// A run that began then has bound these. What was announced since then need not be announced again.
    void bound(Vips vips, Instant began);
    /// A master of lower priority was heard. It may have announced them, and may do so once more.
    void answer(Vips vips, Instant now);
    /// The interface has another link address, and the neighbours have the old one.
    void moved(const InterfaceName& interface, Instant now);
    /// A master that listens for another one says nothing meanwhile.
    void hush(Vips vips, bool listens);

    /// What is to be sent now; first that of which nothing was sent yet, then that of which the most is left. If not
    /// all fits into one batch, it is one frame of each. Frames are sent in rounds: one of each before the second of
    /// any.
    [[nodiscard]] std::vector<plan::Announcement> due(Instant now);
    /// Of what was due, the devices did not take so many frames.
    void untaken(Vips rest, Instant now);
    /// Devices that have taken nothing for a while.
    [[nodiscard]] std::vector<InterfaceName> stuck(Instant now) const;
    /// When due() should be asked next; `now` if it should be already.
    [[nodiscard]] std::optional<Instant> wake_at(Instant now) const;

    /// Frames that wait.
    [[nodiscard]] std::size_t waiting() const;
    [[nodiscard]] bool knows(const plan::Announcement& vip) const { return vips_.contains(key_of(vip)); }
    [[nodiscard]] BrokenInvariant broken_invariant() const;

private:
    struct Telling {
        std::uint32_t count = 1;  ///< frames of an announcement
        Duration refresh{0};
        bool is_here = false;
        bool hushed = false;
        std::optional<Instant> told_at{};     ///< since this node answers for it
        Instant answered_until{};             ///< with each answer to a master of lower priority an interval later
        bool unanswered = false;              ///< it was too early for an answer: the next repetition is one
        Instant misled_at{};                  ///< when the neighbours may last have learned another link address
        std::optional<Instant> again_at{};    ///< when to say it once more
        std::optional<Instant> refresh_at{};  ///< the repetition or the next refresh
        std::uint32_t left = 0;               ///< frames that are to be sent
        bool untold = false;                  ///< the neighbours believe something else until the first of them comes
        std::uint32_t offered = 0;            ///< frames that were due last
        bool offered_untold = false;

        void misled(Instant now);
        void ask(bool news);
        /// Frames wait, and nothing but the device is in their way.
        [[nodiscard]] bool wants() const { return left > 0 && is_here && !hushed; }
    };
    struct Device {
        std::uint64_t offered = 0;       ///< frames that were due last
        std::optional<Instant> until{};  ///< it did not take all, and is offered the rest then
        Duration wait{first_offer};
        std::optional<Instant> stuck_since{};  ///< since then it has taken nothing
    };
    using VipAt = std::pair<IpAddress, InterfaceName>;

    static VipAt key_of(const plan::Announcement& vip) { return {vip.address, vip.interface}; }
    Telling* find(const plan::Announcement& vip);
    static void run_timers(Telling& vip, Instant now);
    [[nodiscard]] std::vector<std::pair<const VipAt, Telling>*> candidates(Instant now);
    plan::Announcement offer(const VipAt& key, Telling& vip, std::uint32_t frames, Instant now);
    [[nodiscard]] std::optional<Instant> busy_until(const InterfaceName& interface) const;
    void forget_unused_devices();

    std::map<VipAt, Telling> vips_;
    std::map<InterfaceName, Device> devices_;
    std::optional<Instant> next_batch_{};  ///< what is left of the last one is due then
};

}  // namespace lbconverge::node
