#pragma once

#include <QByteArray>
#include <QString>

#include <limits>
#include <optional>

namespace Quern::app {

/// Where the kernel shows itself; tests point elsewhere.
struct SystemRoots
{
    QString proc = QStringLiteral("/proc");
    QString sys = QStringLiteral("/sys");
    QString zoneInfo = QStringLiteral("/usr/share/zoneinfo");
};

/// What the kernel tells of this machine, and of one process on it: the running server, or else this very one, whose
/// limits a server that it starts inherits. Null stands for what the kernel does not tell. Any thread.
class Machine
{
public:
    static constexpr qint64 unlimited = std::numeric_limits<qint64>::max();

    struct Limit
    {
        qint64 soft = 0;
        qint64 hard = 0;
    };
    struct Memory
    {
        qint64 bytes = 0;
        bool isOfGroup = false; ///< whether a control group is what keeps it so small
    };

    /// \a pid 0: this process.
    explicit Machine(const SystemRoots &roots = {}, qint64 pid = 0);

    const SystemRoots &roots() const { return m_roots; }

    /// The text of a file below /proc/sys without its line end: "net/core/somaxconn".
    std::optional<QByteArray> kernelText(const QString &name) const;
    std::optional<qint64> kernelNumber(const QString &name) const;
    /// A line of /proc/PID/limits: "Max open files".
    std::optional<Limit> limit(const QByteArray &name) const;
    /// The cores that the process may run on.
    std::optional<int> cores() const;
    /// How many cores' time the control groups grant.
    std::optional<double> grantedCores() const;
    /// What may be taken once somebody has given back \a leaving bytes: by the machine, and by the limit of the control
    /// groups, which is for all that is in them.
    std::optional<Memory> memory(quint64 leaving = 0) const;
    /// Whether the process has the capability of that number in <linux/capability.h>.
    bool hasCapability(int number) const;

private:
    QString ofProcess(const char *file) const;
    /// What follows "\a key:" in a file of such lines.
    std::optional<QByteArray> field(const QString &path, const QByteArray &key) const;
    /// Smallest value of \a file in the process's control group of \a controller and in those above it.
    template <typename Read>
    auto leastOfGroups(const QByteArray &controller, Read read) const -> decltype(read(QString()));

    SystemRoots m_roots;
    QString m_process; ///< the folder below /proc
};

} // namespace Quern::app
