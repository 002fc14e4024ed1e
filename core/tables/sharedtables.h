#pragma once

#include "base/sharedmemory.h"

#include <Quern/atomic.h>
#include <Quern/result.h>
#include <Quern/table.h>

#include <QList>
#include <QString>

#include <memory>

namespace Quern {
class SharedArea;
class TableCore;
} // namespace Quern

namespace Quern::tables {

/// What the settings say of tables and atomics.
struct SharedTablesSettings
{
    QList<TableInfo> tables;
    QList<AtomicInfo> atomics;
};

/// How full one table is.
struct TableFill
{
    QString name;
    quint64 rows = 0;
    quint64 size = 0;        ///< rows that it holds at most
    quint64 memory = 0;      ///< bytes that it has taken so far
    quint64 memoryLimit = 0; ///< bytes that it can take
};

/// The tables and atomics of the server: made by the master before it has any child, and mapped by each of them. Any
/// thread.
class SharedTables
{
public:
    /// Error::Invalid for what no table can be.
    static Result<SharedTables> create(const SharedTablesSettings &settings);
    /// In the master: goes on with the memory of the server before this, of which \a fd is the descriptor. Takes \a fd
    /// over. Error::Invalid if what is in it is not what \a settings say.
    static Result<SharedTables> inherit(int fd, const SharedTablesSettings &settings);
    /// In a child: maps the inherited memory, of which \a fd is the descriptor. Server::table() and atomic() find what
    /// is in it from now on.
    static Result<void> adopt(int fd);
    /// How many bytes all of them take when they are full.
    static quint64 sizeOf(const SharedTablesSettings &settings);

    /// For children to inherit; it lives as long as this.
    int descriptor() const { return m_memory->descriptor(); }
    const SharedArea &area() const { return *m_area; }
    QList<TableFill> fill() const;
    /// Error::NotFound if there is none of that name; the message tells which there are.
    Result<Table> table(const QString &name) const;
    Result<std::shared_ptr<TableCore>> core(const QString &name) const;
    Result<Atomic> atomic(const QString &name) const;
    /// All atomics with what they are now.
    QList<AtomicInfo> atomicValues() const;

private:
    SharedTables(std::shared_ptr<base::SharedMemory> memory, std::shared_ptr<SharedArea> area);

    /// Whether these are the tables and atomics that \a settings want, whatever is in them.
    bool holds(const SharedTablesSettings &settings) const;

    std::shared_ptr<base::SharedMemory> m_memory;
    std::shared_ptr<SharedArea> m_area;
};

} // namespace Quern::tables
