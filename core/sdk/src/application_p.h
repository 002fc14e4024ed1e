#pragma once

#include <Quern/application.h>

#include <QByteArray>
#include <QString>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace Quern {

/// Middleware is shared by the routes that it stands around: what it has captured exists once.
using MiddlewareList = std::vector<std::shared_ptr<const Middleware>>;

/// One registered route. Lives as long as its worker, since requests point into its pattern.
struct RouteSpec
{
    QByteArray method;
    QByteArray pattern;
    QByteArray shape; ///< the same for patterns that match the same paths
    QString plugin;   ///< name of the plugin that registered it
    Handler handler;
    bool retry = true;
    bool streamBody = false;
    QByteArray name = {};           ///< of Route::name(); empty if it has none
    MiddlewareList middleware = {}; ///< the outermost first
};

/// What the plugins of one worker have registered, and what the worker tells them.
class QUERN_EXPORT ApplicationPrivate
{
public:
    using ReceivedHook = std::function<void(Request &, Response &)>;
    using GeneratedHook = std::function<void(const Request &, Response &)>;
    using Cleaner = std::function<void(const Request &)>;

    /// How much has been registered.
    struct Mark
    {
        std::size_t routes = 0;
        std::size_t receivedHooks = 0;
        std::size_t generatedHooks = 0;
        std::size_t cleaners = 0;
    };
    Mark mark() const;
    /// Forgets what was registered after \a mark.
    void rollBack(const Mark &mark);

    /// The route with that name; null if there is none.
    const RouteSpec *routeNamed(QByteArrayView name) const;

    /// What the plugin \a name, whose settings are \a own, is to be installed with. Stays as long as this.
    Application &open(const QString &name, const QVariantMap &own);
    /// The settings that \a application was opened with; those of now if it was not.
    const QVariantMap &settingsOf(const Application &application) const;
    /// Nothing more is registered: the installation is over. What the groups have captured goes.
    void close();
    /// Throws std::logic_error, which names the mend, if the installation is over. \a call is what was tried.
    void checkOpen(const std::string &call) const;
    /// Made by RouteGroup::group(); stays as long as this.
    RouteGroup &addGroup(QByteArray prefix, MiddlewareList middleware);

    QString plugin;       ///< name of the plugin that is being installed
    QVariantMap settings; ///< of that plugin
    int workerId = 0;
    std::deque<RouteSpec> routes; ///< a deque, so that Route handles and requests keep valid pointers
    std::vector<ReceivedHook> receivedHooks;
    std::vector<GeneratedHook> generatedHooks;
    std::vector<Cleaner> cleaners;

private:
    bool m_isOpen = true;
    // Authors may keep pointers to these.
    std::deque<Application> m_applications;
    std::deque<RouteGroup> m_groups;
    std::deque<QVariantMap> m_settings; ///< of m_applications
};

} // namespace Quern
