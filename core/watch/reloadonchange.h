#pragma once

#include "watch/filescan.h"

#include <Quern/result.h>

#include <QBasicTimer>
#include <QDeadlineTimer>
#include <QObject>
#include <QStringList>

#include <chrono>
#include <functional>
#include <optional>

class QThread;

namespace Quern::watch {

class FileWatch;

/// Reloads when files change, if that is wanted: once for a burst, and once more for what changes while a reload is
/// under way. A plugin that writes what is watched would make it reload without an end: then the reloads become rare.
/// Lives in the main thread, which waits for no file system: a thread of its own looks.
class ReloadOnChange final : public QObject
{
    Q_OBJECT
public:
    /// When a file that changes again and again is no longer followed at once.
    struct Brake
    {
        /// A change that is told within this after the end of a reload may have been made by that.
        std::chrono::milliseconds echo{2000};
        /// Where files are looked at for lack of events it takes longer to be told.
        std::chrono::milliseconds polledEcho{4000};
        /// After so many reloads in a row that may have changed something the next one waits: at first for the least,
        /// and each time twice as long. It does not wait for anything else that changes.
        int echoes = 10;
        std::chrono::milliseconds least{2000};
        std::chrono::milliseconds most{60'000};
    };

    /// \a reload begins one, for the reason that it is given. After Error::Busy it is called again when the reload that
    /// is under way has ended.
    ReloadOnChange(std::function<Result<void>(const QString &reason)> reload, const Brake &brake,
                   QObject *parent = nullptr);
    explicit ReloadOnChange(std::function<Result<void>(const QString &reason)> reload)
        : ReloadOnChange(std::move(reload), Brake())
    {
    }
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

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void apply();
    void startThread();
    void stopThread();
    void filesChanged(const QStringList &files);
    void tryReload();
    /// Whether what has just been told may have been changed by the last reload.
    bool mayBeEcho() const;
    /// Looks whether \a files are an echo, and if there have been too many lets the reload for them wait.
    void brake(const QStringList &files);

    std::function<Result<void>(const QString &reason)> m_reload;
    const Brake m_brake;
    WatchPlan m_plan;
    QString m_directory;
    std::optional<bool> m_wanted;   ///< by the settings, once they are known
    std::optional<bool> m_override; ///< set at run time
    QStringList m_pending;          ///< have changed, and wait for the reload that is under way
    QStringList m_echoed;           ///< what that may have changed
    bool m_isReloading = false;     ///< for a change
    bool m_hasEcho = false;         ///< that reload
    QDeadlineTimer m_echo;          ///< by when what is told may have been changed by it
    int m_echoes = 0;               ///< reloads with an echo, in a row
    QBasicTimer m_wait;             ///< for the next reload
    QThread *m_thread = nullptr;    ///< null while it is off
    QThread *m_left = nullptr;      ///< the one before, while a file system keeps it
    FileWatch *m_watch = nullptr;   ///< lives in the thread, and goes with it
    bool m_isPolling = false;
    bool m_ended = false;
};

} // namespace Quern::watch
