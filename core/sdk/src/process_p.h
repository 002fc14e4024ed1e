#pragma once

#include <Quern/process.h>

#include <QByteArray>

#include <functional>
#include <vector>

namespace Quern {

/// A custom process as a plugin has registered it.
struct ProcessSpec
{
    QByteArray name;
    QString plugin;
    std::function<void(Process &)> run;
    std::function<void()> reload;
    std::function<void()> stop;
};

/// One of Application::onMessage().
struct MessageSpec
{
    QString plugin;
    std::function<void(const ProcessMessage &)> call;
};

/// What stands behind a Process: the child's, or that of a test.
class QUERN_EXPORT ProcessBackend
{
public:
    virtual ~ProcessBackend();
    virtual QString name() const = 0;
    virtual int number() const = 0;
    virtual int count() const = 0;
    virtual const QVariantMap &parameters() const = 0;
    virtual bool isStopRequested() const = 0;
    virtual bool waitForStop(std::chrono::milliseconds time) const = 0;
    virtual Result<QByteArray> read(std::chrono::milliseconds timeout) = 0;
    virtual Outcome write(const QByteArray &bytes) = 0;
    virtual Result<Payload> pop(std::chrono::milliseconds timeout) = 0;
};

/// What a ProcessHandle asks of the server.
struct ProcessCall
{
    enum class Kind { Write, Read, Push };

    Kind kind = Kind::Write;
    QString name;
    int number = -1;
    Payload payload;                      ///< what is written or pushed
    std::chrono::milliseconds timeout{0}; ///< of a read; of the others how long an answer is waited for
};

/// Gets what has come of a ProcessCall, later: what was read, or an empty payload; also of one that was refused at
/// once.
using ProcessAnswer = std::function<void(const Result<Payload> &)>;

/// The longest thing that goes into a pipe, a queue or a message, in bytes.
inline constexpr qsizetype MaxPostSize = 1024 * 1024;

/// Error::TooLarge beyond MaxPostSize.
QUERN_EXPORT Result<void> checkPostSize(qsizetype size);
/// The same, and Error::Invalid for a payload with a problem.
QUERN_EXPORT Result<void> checkPost(const Payload &payload);
/// Calls all of \a handlers; what they throw is handed to \a failed, with a text for people.
QUERN_EXPORT void callMessageHandlers(const std::vector<MessageSpec> &handlers, const ProcessMessage &message,
                                      const std::function<void(const QString &problem)> &failed);

} // namespace Quern
