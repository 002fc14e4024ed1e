#include "app/host/machine.h"

#include <QFile>
#include <QFileInfo>
#include <QList>

#include <algorithm>

namespace Quern::app {

namespace {

std::optional<QByteArray> contents(const QString &path)
{
    // The kernel's files have no size that could be asked for, and none that is read here is long.
    constexpr qint64 longest = 64 * 1024;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return std::nullopt;
    return file.read(longest).trimmed();
}

std::optional<qint64> number(const std::optional<QByteArray> &text)
{
    bool isNumber = false;
    const qint64 value = text ? text->toLongLong(&isNumber) : 0;
    return isNumber ? std::optional(value) : std::nullopt;
}

qint64 limitValue(const QByteArray &text)
{
    return text == "unlimited" ? Machine::unlimited : text.toLongLong();
}

/// How many processors a list such as "0-3,8" names.
int countOfList(const QByteArray &list)
{
    int count = 0;
    const QList<QByteArray> ranges = list.split(',');
    for (const QByteArray &range : ranges) {
        const qsizetype dash = range.indexOf('-');
        const int first = range.left(dash < 0 ? range.size() : dash).toInt();
        count += dash < 0 ? 1 : range.mid(dash + 1).toInt() - first + 1;
    }
    return count;
}

/// Version 2 has "200000 100000" in cpu.max, version 1 two files.
std::optional<double> grantedCoresOf(const QString &group)
{
    double quota = 0;
    double period = 0;
    if (const std::optional<QByteArray> text = contents(group + QStringLiteral("/cpu.max"))) {
        const QList<QByteArray> words = text->split(' ');
        quota = words.value(0).toDouble(); // 0 for "max"
        period = words.value(1).toDouble();
    } else {
        quota = double(number(contents(group + QStringLiteral("/cpu.cfs_quota_us"))).value_or(0));
        period = double(number(contents(group + QStringLiteral("/cpu.cfs_period_us"))).value_or(0));
    }
    return quota > 0 && period > 0 ? std::optional(quota / period) : std::nullopt;
}

std::optional<qint64> memoryOf(const QString &group)
{
    if (const std::optional<qint64> bytes = number(contents(group + QStringLiteral("/memory.max"))))
        return bytes;
    return number(contents(group + QStringLiteral("/memory.limit_in_bytes")));
}

} // namespace

Machine::Machine(const SystemRoots &roots, qint64 pid)
    : m_roots(roots)
    , m_process(pid > 0 ? QString::number(pid) : QStringLiteral("self"))
{
}

QString Machine::ofProcess(const char *file) const
{
    return QStringLiteral("%1/%2/%3").arg(m_roots.proc, m_process, QLatin1StringView(file));
}

std::optional<QByteArray> Machine::field(const QString &path, const QByteArray &key) const
{
    const QList<QByteArray> lines = contents(path).value_or(QByteArray()).split('\n');
    for (const QByteArray &line : lines) {
        if (line.startsWith(key + ':'))
            return line.mid(key.size() + 1).trimmed();
    }
    return std::nullopt;
}

template <typename Read>
auto Machine::leastOfGroups(const QByteArray &controller, Read read) const -> decltype(read(QString()))
{
    decltype(read(QString())) least;
    const QList<QByteArray> lines = contents(ofProcess("cgroup")).value_or(QByteArray()).split('\n');
    for (const QByteArray &line : lines) {
        // "0::/path" is version 2, "4:cpu,cpuacct:/path" version 1.
        const QList<QByteArray> parts = line.split(':');
        const bool isUnified = parts.value(0) == "0";
        if (parts.size() < 3 || (!isUnified && !parts.at(1).split(',').contains(controller)))
            continue;
        const QString top =
            m_roots.sys + QStringLiteral("/fs/cgroup") + (isUnified ? QString() : u'/' + QFile::decodeName(controller));
        QString path = QFile::decodeName(parts.mid(2).join(':'));
        while (true) {
            const auto value = read(path == u"/" ? top : top + path);
            if (value && (!least || *value < *least))
                least = value;
            if (path == u"/" || !path.startsWith(u'/'))
                break;
            path = QFileInfo(path).path();
        }
    }
    return least;
}

std::optional<QByteArray> Machine::kernelText(const QString &name) const
{
    return contents(m_roots.proc + QStringLiteral("/sys/") + name);
}

std::optional<qint64> Machine::kernelNumber(const QString &name) const
{
    return number(kernelText(name));
}

std::optional<Machine::Limit> Machine::limit(const QByteArray &name) const
{
    const QList<QByteArray> lines = contents(ofProcess("limits")).value_or(QByteArray()).split('\n');
    for (const QByteArray &line : lines) {
        if (!line.startsWith(name))
            continue;
        const QList<QByteArray> words = line.mid(name.size()).simplified().split(' ');
        if (words.size() >= 2)
            return Limit{limitValue(words.at(0)), limitValue(words.at(1))};
    }
    return std::nullopt;
}

std::optional<int> Machine::cores() const
{
    const std::optional<QByteArray> list = field(ofProcess("status"), "Cpus_allowed_list");
    return list ? std::optional(countOfList(*list)) : std::nullopt;
}

std::optional<double> Machine::grantedCores() const
{
    return leastOfGroups("cpu", grantedCoresOf);
}

std::optional<Machine::Memory> Machine::memory(quint64 leaving) const
{
    const QByteArray available =
        field(m_roots.proc + QStringLiteral("/meminfo"), "MemAvailable").value_or(QByteArray());
    const std::optional<qint64> kibibytes = number(available.split(' ').value(0));
    const std::optional<qint64> ofGroup = leastOfGroups("memory", memoryOf);
    const qint64 free = kibibytes.value_or(0) * 1024 + qint64(leaving);
    if (ofGroup && (!kibibytes || *ofGroup < free))
        return Memory{*ofGroup, true};
    return kibibytes ? std::optional(Memory{free, false}) : std::nullopt;
}

bool Machine::hasCapability(int number) const
{
    const QByteArray effective = field(ofProcess("status"), "CapEff").value_or(QByteArray());
    return (effective.toULongLong(nullptr, 16) >> number & 1) != 0;
}

} // namespace Quern::app
