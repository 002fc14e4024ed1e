#include "app/host/sockettable.h"

#include <QDir>
#include <QFile>
#include <QHash>

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <functional>

namespace Quern::app {

namespace {

// <net/tcp_states.h>; a UDP socket without a peer is "closed".
constexpr auto listenState = "0A"; // TCP_LISTEN
constexpr auto closedState = "07"; // TCP_CLOSE

/// Longer tables and more open files than any sane machine has; looking ends there.
constexpr qint64 longestTable = 16 << 20;
constexpr int mostDescriptors = 200'000;

struct Row
{
    Occupant occupant;
    QByteArray inode;
};

QList<QByteArray> linesOf(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return file.read(longestTable).split('\n').mid(1); // without the headings
}

/// "0100007F" → "127.0.0.1": words of 32 bits, each as this machine stores it.
QString hostOf(const QByteArray &hex)
{
    std::array<char, 16> bytes = {};
    const qsizetype words = std::min<qsizetype>(hex.size() / 8, 4);
    for (qsizetype i = 0; i < words; ++i) {
        const quint32 word = hex.mid(i * 8, 8).toUInt(nullptr, 16);
        std::memcpy(bytes.data() + i * 4, &word, sizeof word);
    }
    std::array<char, INET6_ADDRSTRLEN> text = {};
    ::inet_ntop(words == 4 ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size());
    return QString::fromLatin1(text.data());
}

/// Whether a socket bound to \a theirs keeps another from \a ours at the same port.
bool overlap(const QString &ours, const QString &theirs)
{
    if (ours == theirs)
        return true;
    const bool isIpv6 = ours.contains(u':');
    if (isIpv6 == theirs.contains(u':'))
        return ours == u"::" || ours == u"0.0.0.0" || theirs == u"::" || theirs == u"0.0.0.0";
    // "::" may stand for IPv4 as well, unless it was made for IPv6 alone as ours are.
    return !isIpv6 && theirs == u"::";
}

void addPortRows(const config::ListenAddress &address, const char *waitingState, const QString &path, QList<Row> &found)
{
    const QByteArray port = QByteArray::number(address.port, 16).toUpper().rightJustified(4, '0');
    const QByteArray mark = ':' + port + ' ';
    const QList<QByteArray> lines = linesOf(path);
    for (const QByteArray &line : lines) {
        // A busy server has many connections.
        if (!line.contains(mark))
            continue;
        const QList<QByteArray> row = line.simplified().split(' ');
        const QList<QByteArray> local = row.value(1).split(':');
        if (row.size() < 10 || local.value(1) != port || !overlap(address.host, hostOf(local.at(0))))
            continue;
        found.append({{row.at(3) == waitingState, row.at(7).toLongLong(), {}}, row.at(9)});
    }
}

void addUnixRows(const QString &socketPath, Transport transport, const QString &path, QList<Row> &found)
{
    constexpr quint32 acceptsConnections = 0x10000; // __SO_ACCEPTCON in <linux/net.h>
    constexpr auto datagramType = "0002";           // SOCK_DGRAM
    const QByteArray name = QFile::encodeName(socketPath);
    const QList<QByteArray> lines = linesOf(path);
    for (const QByteArray &line : lines) {
        const QList<QByteArray> row = line.simplified().split(' ');
        const bool isWaiting = transport == Transport::Datagram
                                   ? row.value(4) == datagramType
                                   : (row.value(3).toUInt(nullptr, 16) & acceptsConnections) != 0;
        if (isWaiting && row.mid(7).join(' ') == name.simplified())
            found.append({{true, std::nullopt, {}}, row.value(6)});
    }
}

/// Who has which of \a sockets open, by the text of their links: "socket:[4711]".
QHash<QByteArray, QList<Holder>> holdersOf(const QList<Row> &sockets, const SystemRoots &roots)
{
    QHash<QByteArray, QList<Holder>> holders;
    for (const Row &socket : sockets)
        holders.insert("socket:[" + socket.inode + ']', {});
    int left = mostDescriptors;
    const QStringList processes = QDir(roots.proc).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &process : processes) {
        const qint64 pid = process.toLongLong();
        if (pid == 0)
            continue;
        const QString folder = roots.proc + u'/' + process;
        QFile comm(folder + QStringLiteral("/comm"));
        const QString program =
            comm.open(QIODevice::ReadOnly) ? QString::fromLocal8Bit(comm.readAll()).trimmed() : QString();
        const QStringList descriptors =
            QDir(folder + QStringLiteral("/fd")).entryList(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot);
        for (const QString &descriptor : descriptors) {
            if (--left < 0)
                return holders;
            std::array<char, PATH_MAX> target = {};
            const QByteArray link = QFile::encodeName(folder + QStringLiteral("/fd/") + descriptor);
            const ssize_t length = ::readlink(link.constData(), target.data(), target.size());
            const auto known = holders.find(QByteArray(target.data(), std::max<ssize_t>(length, 0)));
            if (known != holders.end() && (known->isEmpty() || known->constLast().pid != pid))
                known->append({pid, program});
        }
    }
    return holders;
}

} // namespace

QString holdersText(const Occupant &occupant)
{
    QStringList holders;
    for (const Holder &holder : occupant.holders)
        holders.append(QStringLiteral("%1 (pid %2)").arg(holder.program).arg(holder.pid));
    return holders.join(QStringLiteral(", "));
}

QList<Occupant> occupantsOf(const config::ListenAddress &address, Transport transport, const SystemRoots &roots)
{
    QList<Row> rows;
    if (address.kind == config::ListenAddress::Unix) {
        addUnixRows(address.path, transport, roots.proc + QStringLiteral("/net/unix"), rows);
    } else if (transport == Transport::Datagram) {
        addPortRows(address, closedState, roots.proc + QStringLiteral("/net/udp"), rows);
        addPortRows(address, closedState, roots.proc + QStringLiteral("/net/udp6"), rows);
    } else {
        addPortRows(address, listenState, roots.proc + QStringLiteral("/net/tcp"), rows);
        addPortRows(address, listenState, roots.proc + QStringLiteral("/net/tcp6"), rows);
    }
    const auto isListening = [](const Row &row) { return row.occupant.isListening; };
    // Who listens is in the way, and his connections go when he does.
    if (std::any_of(rows.cbegin(), rows.cend(), isListening))
        rows.removeIf(std::not_fn(isListening));
    // A look into every process takes a while: not without a reason.
    if (rows.isEmpty())
        return {};
    const QHash<QByteArray, QList<Holder>> holders = holdersOf(rows, roots);
    QList<Occupant> occupants;
    for (const Row &row : rows) {
        occupants.append(row.occupant);
        occupants.last().holders = holders.value("socket:[" + row.inode + ']');
    }
    return occupants;
}

} // namespace Quern::app
