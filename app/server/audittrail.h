#pragma once

#include "admin/protocol/auditmessages.h"
#include "admin/protocol/operation.h"
#include "admin/server/transport.h"
#include "base/linethrottle.h"

#include <QHash>
#include <QObject>

#include <functional>

namespace Quern::app {

/// Makes entries for the audit log of what clients ask for and are answered: of each change; of what a role forbids and
/// of wrong tokens, one a second of each, so that nobody drowns what has been done. Lives in the main thread.
class AuditTrail final : public QObject
{
    Q_OBJECT
public:
    using Write = std::function<void(const admin::AuditEntry &entry)>;

    explicit AuditTrail(Write write, QObject *parent = nullptr);

    void requestReceived(const admin::Caller &caller, const admin::Request &request);
    /// What was asked for is written down with its outcome.
    void replySent(quint64 client, const admin::Reply &reply);
    /// How what has been begun has ended.
    void operationChanged(const admin::Operation &operation);
    void requestRefused(const admin::Caller &caller, const admin::Request &request);
    void tokenRefused(const QString &address);

private:
    using Key = std::pair<quint64, qint64>; ///< client and request

    Write m_write;
    QHash<qint64, QList<admin::AuditEntry>> m_begun; ///< by operation
    QHash<qint64, QString> m_ended;                  ///< errors of operations that have ended before their replies
    QHash<Key, QList<admin::AuditEntry>> m_underWay; ///< a client may use one id for several
    base::LineThrottle m_refusals;
    base::LineThrottle m_wrongTokens;
};

/// \a params as they may be written down: without secrets and payloads, and 4 KiB at most.
QJsonObject auditedParams(const QJsonObject &params);

} // namespace Quern::app
