#pragma once

#include <Quern/handlerplugin.h>
#include <Quern/testharness.h>

#include <QCoreApplication>
#include <QObject>
#include <QTimer>

#include <chrono>
#include <functional>
#include <utility>

using Install = std::function<void(Quern::Application &app)>;

class Plugin final : public QObject, public Quern::HandlerPlugin
{
    Q_OBJECT
    Q_INTERFACES(Quern::HandlerPlugin)
public:
    explicit Plugin(Install install) : m_install(std::move(install)) {}
    void install(Quern::Application &app) override { m_install(app); }

private:
    const Install m_install;
};

/// A plugin that \a install makes, and its harness.
struct Server
{
    explicit Server(Install install, const QVariantMap &settings = {})
        : plugin(std::move(install))
        , harness(plugin, settings)
    {
    }

    Plugin plugin;
    Quern::TestHarness harness;
};

inline void later(std::chrono::milliseconds delay, std::function<void()> call)
{
    QTimer::singleShot(delay, QCoreApplication::instance(), std::move(call));
}
