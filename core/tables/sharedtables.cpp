#include "tables/sharedtables.h"

#include "base/systemerror.h"
#include "sdk/src/atomiccore_p.h"
#include "sdk/src/tablecore_p.h"

#include <algorithm>

#include <sys/stat.h>

namespace Quern::tables {

namespace {

SharedInfo infoOf(const SharedTablesSettings &settings)
{
    return {settings.tables, settings.atomics};
}

/// What lies in \a memory, which lives as long as anybody uses it.
Result<std::shared_ptr<SharedArea>> openArea(const std::shared_ptr<base::SharedMemory> &memory)
{
    return SharedArea::open(std::shared_ptr<void>(memory, memory->data()), memory->size());
}

Result<std::shared_ptr<base::SharedMemory>> inheritedMemory(int fd)
{
    struct stat about = {};
    if (::fstat(fd, &about) != 0)
        return base::systemError(QStringLiteral("inherited tables"));
    Result<base::SharedMemory> adopted = base::SharedMemory::adopt(fd, std::size_t(about.st_size));
    if (!adopted)
        return adopted.error();
    return std::make_shared<base::SharedMemory>(std::move(*adopted));
}

Error notFound(const QString &what, const QString &name, const QStringList &known)
{
    const QString all = known.isEmpty() ? QStringLiteral("is none") : QStringLiteral("is: ") + known.join(u", ");
    return Error(Error::NotFound, QStringLiteral("there is no %1 \"%2\"; there %3").arg(what, name, all));
}

} // namespace

SharedTables::SharedTables(std::shared_ptr<base::SharedMemory> memory, std::shared_ptr<SharedArea> area)
    : m_memory(std::move(memory))
    , m_area(std::move(area))
{
}

Result<SharedTables> SharedTables::create(const SharedTablesSettings &settings)
{
    const SharedInfo info = infoOf(settings);
    if (const Result<void> checked = SharedArea::check(info); !checked)
        return checked.error();
    Result<base::SharedMemory> created = base::SharedMemory::create("quern-tables", SharedArea::sizeOf(info));
    if (!created)
        return created.error();
    auto memory = std::make_shared<base::SharedMemory>(std::move(*created));
    SharedArea::format(memory->data(), info);
    const Result<std::shared_ptr<SharedArea>> area = openArea(memory);
    if (!area)
        return area.error();
    return SharedTables(std::move(memory), *area);
}

Result<SharedTables> SharedTables::inherit(int fd, const SharedTablesSettings &settings)
{
    Result<std::shared_ptr<base::SharedMemory>> memory = inheritedMemory(fd);
    if (!memory)
        return memory.error();
    const Result<std::shared_ptr<SharedArea>> area = openArea(*memory);
    if (!area)
        return area.error();
    SharedTables tables(std::move(*memory), *area);
    if (!tables.holds(settings))
        return Error(Error::Invalid, QStringLiteral("they are defined otherwise"));
    return tables;
}

bool SharedTables::holds(const SharedTablesSettings &settings) const
{
    const auto isSameTable = [](const std::shared_ptr<TableCore> &table, const TableInfo &info) {
        return table->info() == info;
    };
    const auto isSameAtomic = [](const std::shared_ptr<AtomicCore> &atomic, const AtomicInfo &info) {
        return atomic->name == info.name;
    };
    return std::equal(m_area->tables().begin(), m_area->tables().end(), settings.tables.begin(), settings.tables.end(),
                      isSameTable) &&
           std::equal(m_area->atomics().begin(), m_area->atomics().end(), settings.atomics.begin(),
                      settings.atomics.end(), isSameAtomic);
}

Result<void> SharedTables::adopt(int fd)
{
    const Result<std::shared_ptr<base::SharedMemory>> memory = inheritedMemory(fd);
    if (!memory)
        return memory.error();
    const Result<std::shared_ptr<SharedArea>> area = openArea(*memory);
    if (!area)
        return area.error();
    setSharedArea(*area);
    return {};
}

quint64 SharedTables::sizeOf(const SharedTablesSettings &settings)
{
    return SharedArea::sizeOf(infoOf(settings));
}

QList<TableFill> SharedTables::fill() const
{
    QList<TableFill> all;
    for (const std::shared_ptr<TableCore> &table : m_area->tables()) {
        all.append(
            {table->info().name, table->count(), table->info().size, table->residentMemory(), table->geometry().total});
    }
    return all;
}

Result<std::shared_ptr<TableCore>> SharedTables::core(const QString &name) const
{
    QStringList known;
    for (const std::shared_ptr<TableCore> &table : m_area->tables()) {
        if (table->info().name == name)
            return table;
        known.append(table->info().name);
    }
    return notFound(QStringLiteral("table"), name, known);
}

Result<Table> SharedTables::table(const QString &name) const
{
    const Result<std::shared_ptr<TableCore>> found = core(name);
    return found ? Result<Table>(Table(*found)) : found.error();
}

Result<Atomic> SharedTables::atomic(const QString &name) const
{
    QStringList known;
    for (const std::shared_ptr<AtomicCore> &atomic : m_area->atomics()) {
        if (atomic->name == name)
            return Atomic(atomic);
        known.append(atomic->name);
    }
    return notFound(QStringLiteral("atomic"), name, known);
}

QList<AtomicInfo> SharedTables::atomicValues() const
{
    QList<AtomicInfo> all;
    for (const std::shared_ptr<AtomicCore> &atomic : m_area->atomics())
        all.append({atomic->name, Atomic(atomic).get()});
    return all;
}

} // namespace Quern::tables
