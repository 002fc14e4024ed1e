#include "app/server/doctor/statechecks.h"

#include "app/server/doctor/text.h"

namespace Quern::app::doctor {

Checks stateChecks(const Result<void> &memory, const Result<void> &database, const QString &unused)
{
    Checks checks;
    if (!memory)
        checks.append(error(QStringLiteral("tables"), memory.error().message(),
                            Text::tr("write a smaller size there; it is the number of rows")));
    if (!database)
        checks.append(error(QStringLiteral("tasks"), database.error().message(),
                            Text::tr("mend that file, or let tasks.database name another")));
    if (!unused.isEmpty())
        checks.append(warning(QStringLiteral("tasks"), unused,
                              Text::tr("set driver = \"auto\" in [tasks] to have it back, or remove that file")));
    return checks;
}

} // namespace Quern::app::doctor
