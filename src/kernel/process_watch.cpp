#include "lbconverge/kernel/process_watch.hpp"

#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <thread>

namespace lbconverge::kernel {

namespace {

/// How long to wait for the answer to a subscription. The kernel answers at once or never.
constexpr int answer_ms = 500;
constexpr int receive_room = 1 << 20;
constexpr std::size_t comm_length = 15;  // TASK_COMM_LEN - 1

std::string read_start(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    std::array<char, 512> room;
    const ssize_t size = ::read(fd, room.data(), room.size());
    ::close(fd);
    return size > 0 ? std::string(room.data(), static_cast<std::size_t>(size)) : std::string();
}

/// The names among these that the process has; none if it has ended.
std::vector<std::size_t> names_of(int pid, const std::vector<std::string>& names) {
    const std::string at = "/proc/" + std::to_string(pid);
    const std::string stat = read_start(at + "/stat");  // "12 (comm) S …", and a comm may hold anything
    const std::size_t open = stat.find('(');
    const std::size_t close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 2 >= stat.size()) return {};
    if (stat[close + 2] == 'Z' || stat[close + 2] == 'X') return {};
    const std::string comm = stat.substr(open + 1, close - open - 1);
    std::string program = read_start(at + "/cmdline");
    program.resize(std::strlen(program.c_str()));
    program.erase(0, program.rfind('/') + 1);
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (comm == names[i].substr(0, comm_length) || program == names[i]) out.push_back(i);
    }
    return out;
}

/// The processes with one of the names, as far as the calls below have told.
class Census {
public:
    explicit Census(std::vector<std::string> names) : names_(std::move(names)), who_(names_.size()) {}

    void scan() {
        for (auto& each : who_) each.clear();
        std::error_code error;
        for (std::filesystem::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
            const int pid = std::atoi(at->path().filename().c_str());
            if (pid > 0) look_at(pid);
        }
    }
    void look_at(int pid) {
        forget(pid);
        for (const std::size_t each : names_of(pid, names_)) who_[each].insert(pid);
    }
    /// A new process has the name of its parent until it runs another program.
    void inherit(int parent, int child) {
        for (auto& each : who_) {
            if (each.contains(parent)) each.insert(child);
        }
    }
    void forget(int pid) {
        for (auto& each : who_) each.erase(pid);
    }
    void report(const ProcessWatch::Calls& calls) {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            const bool runs = !who_[i].empty();
            const auto told = told_.find(i);
            if (told != told_.end() && told->second == runs) continue;
            told_[i] = runs;
            calls.seen(names_[i], runs);
        }
    }

private:
    std::vector<std::string> names_;
    std::vector<std::set<int>> who_;  ///< by name
    std::map<std::size_t, bool> told_;
};

/// Subscription to the process connector (linux/cn_proc.h).
class Connector {
public:
    /// Empty: the subscription works. Else why not.
    std::string subscribe() {
        socket_.reset(nl_socket_alloc());
        if (socket_ == nullptr) return "no memory";
        if (const int error = nl_connect(socket_.get(), NETLINK_CONNECTOR); error < 0) return nl_geterror(error);
        if (const int error = nl_socket_add_membership(socket_.get(), CN_IDX_PROC); error < 0) {
            return nl_geterror(error);
        }
        ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_room, sizeof receive_room);
        const proc_cn_mcast_op operation = PROC_CN_MCAST_LISTEN;
        cn_msg head{};
        head.id = {CN_IDX_PROC, CN_VAL_PROC};
        head.len = sizeof operation;
        std::array<std::byte, sizeof head + sizeof operation> message;
        std::memcpy(message.data(), &head, sizeof head);
        std::memcpy(message.data() + sizeof head, &operation, sizeof operation);
        const int sent = nl_send_simple(socket_.get(), NLMSG_DONE, 0, message.data(), message.size());
        if (sent < 0) return nl_geterror(sent);
        return answer();
    }
    [[nodiscard]] int fd() const { return nl_socket_get_fd(socket_.get()); }

    /// Hands over what has come. False: something was lost.
    template <class Take>
    bool receive(const Take& take) const {
        std::array<std::byte, 16384> room;
        for (;;) {
            const ssize_t size = ::recv(fd(), room.data(), room.size(), MSG_DONTWAIT);
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) return errno == EAGAIN;
            split(std::span<const std::byte>(room).first(static_cast<std::size_t>(size)), take);
        }
    }

private:
    struct Free {
        void operator()(nl_sock* socket) const { nl_socket_free(socket); }
    };

    template <class Take>
    static void split(std::span<const std::byte> bytes, const Take& take) {
        constexpr std::size_t heads = NLMSG_HDRLEN + sizeof(cn_msg);
        nlmsghdr header{};
        while (bytes.size() >= heads) {
            std::memcpy(&header, bytes.data(), sizeof header);
            if (header.nlmsg_len < heads || header.nlmsg_len > bytes.size()) return;
            proc_event event{};
            std::memcpy(&event, bytes.data() + heads, std::min<std::size_t>(sizeof event, header.nlmsg_len - heads));
            take(event);
            bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), bytes.size()));
        }
    }
    /// Outside of the first PID and user namespaces the kernel sends no answer, not even a refusal.
    [[nodiscard]] std::string answer() const {
        std::optional<std::uint32_t> error;
        pollfd polled{fd(), POLLIN, 0};
        while (!error && ::poll(&polled, 1, answer_ms) > 0) {
            receive([&](const proc_event& event) {
                if (event.what == proc_event::PROC_EVENT_NONE) error = event.event_data.ack.err;
            });
        }
        if (!error) return "the kernel does not answer here";
        return *error == 0 ? "" : std::strerror(static_cast<int>(*error));
    }

    std::unique_ptr<nl_sock, Free> socket_;
};

class LinuxProcessWatch final : public ProcessWatch {
public:
    LinuxProcessWatch(std::vector<std::string> names, std::chrono::milliseconds interval, Calls calls)
        : census_(std::move(names)),
          interval_ms_(static_cast<int>(interval.count())),
          calls_(std::move(calls)),
          stop_(::eventfd(0, EFD_CLOEXEC)),
          thread_([this] { watch(); }) {}
    ~LinuxProcessWatch() override {
        const std::uint64_t one = 1;
        if (::write(stop_, &one, sizeof one) == sizeof one) thread_.join();
        ::close(stop_);
    }
    LinuxProcessWatch(const LinuxProcessWatch&) = delete;
    LinuxProcessWatch& operator=(const LinuxProcessWatch&) = delete;

private:
    void watch() {
        const std::string why = connector_.subscribe();
        events_ = why.empty();
        calls_.means(events_, why);
        census_.scan();  // after the subscription, so that no start or end is missed
        do census_.report(calls_);
        while (wait());
    }

    /// False: the thread must end.
    bool wait() {
        std::array<pollfd, 2> polled{{{stop_, POLLIN, 0}, {events_ ? connector_.fd() : -1, POLLIN, 0}}};
        while (::poll(polled.data(), polled.size(), events_ ? -1 : interval_ms_) < 0 && errno == EINTR) {
        }
        if (polled[0].revents != 0) return false;
        const bool whole = events_ && connector_.receive([this](const proc_event& event) { take(event); });
        if (!whole) census_.scan();
        return true;
    }

    void take(const proc_event& event) {
        const auto& data = event.event_data;
        switch (event.what) {
            case proc_event::PROC_EVENT_FORK:
                if (data.fork.child_pid == data.fork.child_tgid) {
                    census_.inherit(data.fork.parent_tgid, data.fork.child_tgid);
                }
                return;
            case proc_event::PROC_EVENT_EXEC:
                return census_.look_at(data.exec.process_tgid);
            case proc_event::PROC_EVENT_COMM:
                return census_.look_at(data.comm.process_tgid);
            case proc_event::PROC_EVENT_EXIT:
                if (data.exit.process_pid == data.exit.process_tgid) census_.forget(data.exit.process_tgid);
                return;
            default:
                return;
        }
    }

    Census census_;
    int interval_ms_;
    Calls calls_;
    int stop_;
    Connector connector_;
    bool events_ = false;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<ProcessWatch> ProcessWatch::start(std::vector<std::string> names, std::chrono::milliseconds interval,
                                                  Calls calls) {
    return std::make_unique<LinuxProcessWatch>(std::move(names), interval, std::move(calls));
}

}  // namespace lbconverge::kernel
