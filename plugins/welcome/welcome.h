#pragma once

#include "page.h"
#include "samplefiles.h"

#include <Quern/handlerplugin.h>

#include <QByteArray>
#include <QCache>
#include <QObject>

#include <chrono>
#include <optional>

/// The plugin that a fresh server loads: a page about each request, and routes to try the server's promises with.
class Welcome final : public QObject, public Quern::HandlerPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID QuernHandlerPlugin_iid FILE "welcome.json")
    Q_INTERFACES(Quern::HandlerPlugin)
public:
    Welcome();

    void install(Quern::Application &app) override;

private:
    void later(std::chrono::milliseconds delay, const Quern::Request &request, const Quern::Response &answer);
    void bytes(const Quern::Request &request, Quern::Response &response);
    void file(const Quern::Request &request, Quern::Response &response);

    Page m_page;
    QCache<qint64, QByteArray> m_bodies; ///< of /bytes, by size
    SampleFiles m_files;                 ///< of /file
};
