#pragma once

#include "admin/protocol/message.h"
#include "tables/sharedtables.h"

#include <Quern/result.h>

namespace Quern::app {

/// Answers the methods "table.…" and "atomic.…" of the management protocol, from the memory that all processes share.
/// Lives in the main thread, which one answer keeps for a few milliseconds at most; that of table.set, in a table that
/// is full or that many write to, for some 30 ms, and for as long as it takes to remove the expired rows of that table.
class TableDesk
{
public:
    /// \a tables outlive it.
    explicit TableDesk(const tables::SharedTables &tables) : m_tables(tables) {}

    Result<QJsonObject> answer(const admin::Request &request) const;

private:
    Result<QJsonObject> list(const QJsonObject &params) const;
    Result<QJsonObject> rows(const QJsonObject &params) const;
    Result<QJsonObject> set(const QJsonObject &params) const;
    Result<QJsonObject> remove(const QJsonObject &params) const;
    QJsonObject atomics() const;
    Result<QJsonObject> setAtomic(const QJsonObject &params) const;

    const tables::SharedTables &m_tables;
};

} // namespace Quern::app
