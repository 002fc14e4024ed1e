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
/// One instance lives in each worker process, in its main thread. The JSON file tells what the plugin is before any of
/// its code runs:
///
///     { "name": "reports", "version": "1.2.0", "abi": 1, "dependencies": ["accounts"], "exportSymbols": false }
///
/// Only the name is required. "abi" is the QUERN_ABI_VERSION that the plugin is written for: built anew with another,
/// it is refused until its author has looked at it. "dependencies" names plugins that must be installed before this
/// one; "exportSymbols" offers the plugin's symbols to libraries loaded later, as one with an interpreter needs. Other
/// keys are the author's own.
class HandlerPlugin
{
public:
    virtual ~HandlerPlugin() = default;

    /// Registers routes with \a app. Called once, before the worker takes requests, and before the process becomes the
    /// user that the settings name. An exception refuses the plugin.
    virtual void install(Application &app) = 0;
};

} // namespace Quern

#define QuernHandlerPlugin_iid "org.quern.HandlerPlugin/1"
Q_DECLARE_INTERFACE(Quern::HandlerPlugin, QuernHandlerPlugin_iid)
