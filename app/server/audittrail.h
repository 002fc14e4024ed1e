#pragma once

#include "admin/protocol/auditmessages.h"
#include "admin/protocol/operation.h"
#include "admin/server/transport.h"
#include "base/linethrottle.h"

#include <QHash>
#include <QObject>

#include <functional>

namespace Quern::app {

/// Of all that is refused in one way: one line a second at most, and MostAnHour an hour; the next line tells how many
/// were left out.
class RefusalThrottle
{
public:
    static constexpr int MostAnHour = 30;

    /// How the line of a refusal is to end, as of LineThrottle; nullopt: there is to be none.
    std::optional<QString> pass(base::MonotonicTime now);

private:
    base::LineThrottle m_lines;
    std::optional<base::MonotonicTime> m_hour; ///< when it began
    int m_written = 0;                         ///< since then
};

/// Makes entries for the audit log of what clients ask for and are answered: of each change, and of what is refused.
/// Nobody is to drown what has been done by what he may not do: texts are cut, refusals have no parameters, and those
/// for want of a role and those of wrong tokens are bounded by a RefusalThrottle each. Lives in the main thread.
class AuditTrail final : public QObject
{
    Q_OBJECT
public:
    using Write = std::function<void(const admin::AuditEntry &entry)>;

    using Clock = std::function<base::MonotonicTime()>;

    explicit AuditTrail(Write write, Clock clock = std::chrono::steady_clock::now, QObject *parent = nullptr);

    void requestReceived(const admin::Caller &caller, const admin::Request &request);
    /// What was asked for is written down with its outcome.
    void replySent(quint64 client, const admin::Reply &reply);
    /// How what has been begun has ended.
    void operationChanged(const admin::Operation &operation);
    /// What was asked for, and \a operation is to do: so that another trail can resume() it.
    QList<admin::AuditEntry> begunBy(qint64 operation) const { return m_begun.value(operation); }
    void resume(qint64 operation, const QList<admin::AuditEntry> &begun);
    void requestRefused(const admin::Caller &caller, const admin::Request &request);
    void tokenRefused(const QString &address);

Q_SIGNALS:
    /// What somebody wanted to change has been answered, and may be done.
    void changeAnswered();

private:
    using Key = std::pair<quint64, qint64>; ///< client and request

    Write m_write;
    Clock m_clock;
    QHash<qint64, QList<admin::AuditEntry>> m_begun; ///< by operation
    QHash<qint64, QString> m_ended;                  ///< errors of operations that have ended before their replies
    QHash<Key, QList<admin::AuditEntry>> m_underWay; ///< a client may use one id for several
    RefusalThrottle m_refusals;
    RefusalThrottle m_wrongTokens;
};

/// \a params as they may be written down: without secrets and payloads, and 4 KiB at most.
QJsonObject auditedParams(const QJsonObject &params);

} // namespace Quern::app
