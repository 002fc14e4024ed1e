#include "app/server/reloadplan.h"

#include <QLocale>

namespace Quern::app {

namespace {

QString shown(qint64 bytes)
{
    return QLocale::c().formattedDataSize(bytes, 1, QLocale::DataSizeIecFormat);
}

} // namespace

ReloadPlan planReload(config::ReloadStrategy strategy, const std::optional<Machine::Memory> &memory, qint64 ofMaster,
                      qint64 ofChildren)
{
    if (strategy == config::ReloadStrategy::All)
        return {};
    if (strategy == config::ReloadStrategy::Rolling)
        return {true, QStringLiteral("one after the other, since strategy = \"rolling\" in [reload]")};
    const QString lack = lackOfMemory(memory, ofMaster + ofChildren, ofChildren);
    if (lack.isEmpty())
        return {};
    return {true, QStringLiteral("one after the other: all at once %1").arg(lack)};
}

QString lackOfMemory(const std::optional<Machine::Memory> &memory, qint64 present, qint64 more)
{
    // The new ones may need somewhat more than the old ones.
    const qint64 ofNew = more + more / 4;
    // What the machine has left is without those that are there; what a control group allows is with them.
    const qint64 needed = memory && memory->isOfGroup ? present + ofNew : ofNew;
    if (!memory || needed <= memory->bytes)
        return {};
    return QStringLiteral("would need %1 of memory, and %2 %3")
        .arg(shown(needed), shown(memory->bytes),
             memory->isOfGroup ? QLatin1StringView("are allowed (control group)") : QLatin1StringView("are available"));
}

} // namespace Quern::app
