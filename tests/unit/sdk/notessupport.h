#pragma once

#include "harnesssupport.h"

#include <Quern/application.h>
#include <Quern/server.h>

#include <QStringList>

/// Runs "note" tasks, whose payload has a name.
struct Notes
{
    explicit Notes(const Install &more = {})
        : tested([this, more](Quern::Application &app) {
            app.task("note", [this](Quern::Task &task) {
                seen.append(task.payload().value(QStringLiteral("name")).toString());
            });
            if (more)
                more(app);
        })
    {
    }

    Quern::Delivery note(const QString &name, const Quern::TaskOptions &options = {})
    {
        return Quern::server().deliver("note", {{QStringLiteral("name"), name}}, options);
    }

    QStringList seen;
    ::Server tested;
    Quern::TestHarness &harness = tested.harness;
};
