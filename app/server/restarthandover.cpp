#include "app/server/restarthandover.h"

#include "admin/protocol/message.h"
#include "app/server/log.h"
#include "app/server/terminal.h"
#include "base/log.h"
#include "ipc/frame.h"
#include "net/socketaddress.h"

#include <QFile>
#include <QJsonArray>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tuple>

namespace Quern::app {

namespace {

using namespace Qt::Literals::StringLiterals;

constexpr const char *variable = "QUERN_RESTART";
/// The environment has its bounds, and of a restart there is one as a rule.
constexpr qsizetype mostBegun = 4;

/// -1 unless it is open.
int descriptorOf(const QJsonValue &value)
{
    const int fd = value.toInt(-1);
    return fd > STDERR_FILENO && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1;
}

QList<int> descriptorsOf(const QJsonValue &value)
{
    QList<int> all;
    const QJsonArray list = value.toArray();
    for (const QJsonValue &each : list) {
        if (const int fd = descriptorOf(each); fd >= 0)
            all.append(fd);
    }
    return all;
}

QJsonArray listOf(const QList<int> &numbers)
{
    QJsonArray list;
    for (const int number : numbers)
        list.append(number);
    return list;
}

} // namespace

RestartHandover RestartHandover::take()
{
    const QByteArray text = qgetenv(variable);
    ::qunsetenv(variable);
    RestartHandover handover;
    const Result<QJsonObject> json = admin::decodeLine(text);
    if (!json)
        return handover;
    handover.operation = json->value("operation"_L1).toInteger();
    handover.lastOperation = json->value("lastOperation"_L1).toInteger();
    handover.logFile = json->value("log"_L1).toString();
    handover.isJson = json->value("json"_L1).toBool();
    const QJsonArray begun = json->value("begun"_L1).toArray();
    for (const QJsonValue &each : begun) {
        if (const Result<admin::AuditEntry> entry = admin::AuditEntry::fromJson(each.toObject()); entry)
            handover.begun.append(*entry);
    }
    handover.sockets = descriptorsOf(json->value("sockets"_L1));
    handover.lent = descriptorsOf(json->value("lent"_L1));
    handover.lock = descriptorOf(json->value("lock"_L1));
    handover.tables = descriptorOf(json->value("tables"_L1));
    handover.channel = descriptorOf(json->value("channel"_L1));
    handover.tasks = descriptorOf(json->value("tasks"_L1));
    handover.generation = json->value("generation"_L1).toInt();
    handover.isDraining = json->value("draining"_L1).toBool();
    handover.isTrial = json->value("trial"_L1).toBool();
    return handover;
}

QByteArray RestartHandover::environment() const
{
    QJsonArray entries;
    for (const admin::AuditEntry &entry : begun.mid(0, mostBegun))
        entries.append(entry.toJson());
    return QByteArray(variable) + '=' +
           admin::encodeLine({{u"operation"_s, operation},
                              {u"lastOperation"_s, lastOperation},
                              {u"log"_s, logFile},
                              {u"json"_s, isJson},
                              {u"begun"_s, entries},
                              {u"sockets"_s, listOf(sockets)},
                              {u"lent"_s, listOf(lent)},
                              {u"lock"_s, lock},
                              {u"tables"_s, tables},
                              {u"channel"_s, channel},
                              {u"tasks"_s, tasks},
                              {u"generation"_s, generation},
                              {u"draining"_s, isDraining},
                              {u"trial"_s, isTrial}})
               .trimmed();
}

QList<int> RestartHandover::descriptors() const
{
    QList<int> all = sockets + lent;
    for (const int fd : {lock, tables, channel, tasks}) {
        if (fd >= 0)
            all.append(fd);
    }
    return all;
}

void RestartHandover::discard() const
{
    for (const int fd : sockets) {
        net::SocketAddress address;
        socklen_t length = net::SocketAddress::Capacity;
        if (::getsockname(fd, address.data(), &length) != 0)
            continue;
        address.setLength(length);
        if (address.isUnix() && address.address().startsWith('/'))
            ::unlink(address.address().constData());
    }
    if (lock >= 0)
        QFile::remove(QFile::symLinkTarget(QStringLiteral("/proc/self/fd/%1").arg(lock)));
}

void RestartHandover::complain(const QString &reason) const
{
    if (isSuccessor()) {
        // Whatever this program was at: the channel may have an owner by now, and has nothing to write.
        QByteArray frame;
        ipc::appendFrame(frame, ipc::FrameType::HandoverFailed, 0, 0, reason.toUtf8());
        std::ignore = ::write(channel, frame.constData(), std::size_t(frame.size()));
        return;
    }
    if (operation != 0 && !logFile.isEmpty() && !base::logsToFile()) {
        base::LogTarget target;
        target.file = logFile;
        target.role = QStringLiteral("master");
        target.style = isJson ? base::LogStyle::Json : base::LogStyle::Text;
        if (base::startLog(target))
            qCCritical(logMaster).noquote() << "cannot start anew:" << reason;
    }
    terminal::complain(reason);
    discard();
}

} // namespace Quern::app
