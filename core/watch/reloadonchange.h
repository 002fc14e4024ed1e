#pragma once

#include "watch/filescan.h"

#include <Quern/result.h>

#include <QObject>
#include <QStringList>

#include <functional>
#include <optional>

class QThread;

namespace Quern::watch {

class FileWatch;

/// Reloads when files change, if that is wanted: once for a burst, and once more for what changes while a reload is
/// under way. Lives in the main thread, which waits for no file system: a thread of its own looks.
class ReloadOnChange final : public QObject
{
    Q_OBJECT
public:
    /// \a reload begins one, for the reason that it is given. After Error::Busy it is called again when the reload that
    /// is under way has ended.
    explicit ReloadOnChange(std::function<Result<void>(const QString &reason)> reload, QObject *parent = nullptr);
    ~ReloadOnChange() override;

    /// The settings want it, or do not, for \a plan; file names are told as from \a directory. What somebody has set at
    /// run time holds until they say something new.
    void follow(bool wanted, const WatchPlan &plan, const QString &directory);
    /// At run time.
    void set(bool on);
    bool isOn() const { return m_watch != nullptr; }
    /// Some files are looked at again and again, for no events tell of their changes.
    bool isPolling() const { return m_isPolling; }
    /// To be called whenever a reload has ended, well or not.
    void reloadEnded();
    /// Nothing is looked at any more.
    void end();

    /// "quern.toml and libshop.so have changed": at most five by name, those in \a directory as seen from there.
    static QString reasonOf(const QStringList &files, const QString &directory);

private:
    void apply();
    void startThread();
    void stopThread();
    void filesChanged(const QStringList &files);
    void tryReload();

    std::function<Result<void>(const QString &reason)> m_reload;
    WatchPlan m_plan;
    QString m_directory;
    std::optional<bool> m_wanted;   ///< by the settings, once they are known
    std::optional<bool> m_override; ///< set at run time
    QStringList m_pending;          ///< have changed, and wait for the reload that is under way
    QThread *m_thread = nullptr;    ///< null while it is off
    FileWatch *m_watch = nullptr;   ///< lives in the thread, and goes with it
    bool m_isPolling = false;
    bool m_ended = false;
};

} // namespace Quern::watch
