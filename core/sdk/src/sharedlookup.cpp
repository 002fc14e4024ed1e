#include "atomiccore_p.h"
#include "tablecore_p.h"

#include <Quern/server.h>

#include <QStringList>

#include <algorithm>
#include <mutex>

namespace Quern {

namespace {

struct Installed
{
    std::mutex mutex;
    std::shared_ptr<SharedArea> area;
};

Installed &installed()
{
    static Installed one;
    return one;
}

std::shared_ptr<SharedArea> installedArea()
{
    const std::lock_guard lock(installed().mutex);
    return installed().area;
}

Error noArea(const QString &what)
{
    return Error(Error::Unavailable,
                 QStringLiteral("this process has no %1: those of quern.toml are in what Quern has started; in a test "
                                "give them to the TestHarness")
                     .arg(what));
}

Error notFound(const QString &what, const QString &name, const QStringList &known)
{
    return Error(Error::NotFound,
                 QStringLiteral("there is no %1 \"%2\": add a [[%1]] of that name to quern.toml; there %3")
                     .arg(what, name,
                          known.isEmpty() ? QStringLiteral("is none")
                                          : QStringLiteral("is: %1").arg(known.join(QStringLiteral(", ")))));
}

} // namespace

std::shared_ptr<SharedArea> setSharedArea(std::shared_ptr<SharedArea> area)
{
    const std::lock_guard lock(installed().mutex);
    return std::exchange(installed().area, std::move(area));
}

Result<Table> Server::table(const QString &name) const
{
    const std::shared_ptr<SharedArea> area = installedArea();
    if (!area)
        return noArea(QStringLiteral("tables"));
    QStringList known;
    for (const std::shared_ptr<TableCore> &table : area->tables()) {
        if (table->info().name == name)
            return Table(table);
        known.append(table->info().name);
    }
    return notFound(QStringLiteral("table"), name, known);
}

Result<Atomic> Server::atomic(const QString &name) const
{
    const std::shared_ptr<SharedArea> area = installedArea();
    if (!area)
        return noArea(QStringLiteral("atomics"));
    QStringList known;
    for (const std::shared_ptr<AtomicCore> &atomic : area->atomics()) {
        if (atomic->name == name)
            return Atomic(atomic);
        known.append(atomic->name);
    }
    return notFound(QStringLiteral("atomic"), name, known);
}

} // namespace Quern
