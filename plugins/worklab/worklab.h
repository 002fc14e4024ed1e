#pragma once

#include "journal.h"

#include <Quern/handlerplugin.h>

#include <QObject>

#include <memory>

namespace Worklab {

/// A bench with one of everything that works beside requests.
class WorklabPlugin final : public QObject, public Quern::HandlerPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID QuernHandlerPlugin_iid FILE "worklab.json")
    Q_INTERFACES(Quern::HandlerPlugin)

public:
    void install(Quern::Application &app) override;

private:
    Journal m_journal;
};

} // namespace Worklab
