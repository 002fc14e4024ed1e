#include "app/server/restarthandover.h"

#include "admin/protocol/message.h"
#include "app/server/log.h"
#include "app/server/terminal.h"
#include "base/log.h"

#include <QJsonArray>

namespace Quern::app {

namespace {

using namespace Qt::Literals::StringLiterals;

constexpr const char *variable = "QUERN_RESTART";
/// The environment has its bounds, and of a restart there is one as a rule.
constexpr qsizetype mostBegun = 4;

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
    return handover;
}

void RestartHandover::give() const
{
    QJsonArray entries;
    for (const admin::AuditEntry &entry : begun.mid(0, mostBegun))
        entries.append(entry.toJson());
    ::qputenv(variable, admin::encodeLine({{u"operation"_s, operation},
                                           {u"lastOperation"_s, lastOperation},
                                           {u"log"_s, logFile},
                                           {u"json"_s, isJson},
                                           {u"begun"_s, entries}}));
}

void RestartHandover::complain(const QString &reason) const
{
    if (operation != 0 && !logFile.isEmpty() && !base::logsToFile()) {
        base::LogTarget target;
        target.file = logFile;
        target.role = QStringLiteral("master");
        target.style = isJson ? base::LogStyle::Json : base::LogStyle::Text;
        if (base::startLog(target))
            qCCritical(logMaster).noquote() << "cannot start anew:" << reason;
    }
    terminal::complain(reason);
}

} // namespace Quern::app
