#pragma once

#include "admin-gui/models/recordmodel.h"
#include "admin/protocol/auditmessages.h"

namespace Quern::console {

/// A line of the audit log, with its parameters as they are shown.
struct AuditRecord
{
    admin::AuditEntry entry;
    QString params; ///< compact JSON; empty: none
};

/// What somebody wanted to change, as far as it has been read: always without a gap up to the newest. Lives in the main
/// thread.
class AuditModel final : public RecordModel<AuditRecord, qint64>
{
    Q_OBJECT
public:
    /// As many entries are kept.
    static constexpr qint64 Most = 5000;

    enum Column { Time, Who, Role, Method, Params, Outcome, Error };

    explicit AuditModel(QObject *parent = nullptr);

    /// The newest page. Where it does not reach to what is known already, only it is kept.
    void putNewest(const admin::AuditPage &page);
    /// The page before olderThan().
    void putOlder(const admin::AuditPage &page);
    void forget();

    /// What to ask for next, to have the older ones; 0: all are known, or none.
    qint64 olderThan() const { return m_before; }

private:
    qint64 m_newest = 0; ///< serial
    qint64 m_before = 0;
};

} // namespace Quern::console
