#pragma once

#include <Quern/application.h>

#include <QtPlugin>

namespace Quern {

/// What a plugin implements. Its class derives from QObject and from this, and names both interfaces:
///
///     class Welcome : public QObject, public Quern::HandlerPlugin {
///         Q_OBJECT
///         Q_PLUGIN_METADATA(IID QuernHandlerPlugin_iid FILE "welcome.json")
///         Q_INTERFACES(Quern::HandlerPlugin)
///     public:
///         void install(Quern::Application &app) override;
///     };
///
/// One instance lives in each worker process, in its main thread.
class HandlerPlugin
{
public:
    virtual ~HandlerPlugin() = default;

    /// Registers routes with \a app. Called once, before the worker takes requests. An exception refuses the plugin.
    virtual void install(Application &app) = 0;
};

} // namespace Quern

#define QuernHandlerPlugin_iid "org.quern.HandlerPlugin/1"
Q_DECLARE_INTERFACE(Quern::HandlerPlugin, QuernHandlerPlugin_iid)
