#pragma once

#include <Quern/global.h>
#include <Quern/result.h>

#include <QString>

#include <type_traits>
#include <utility>

namespace Quern {

/// Tells the log that \a what, such as 'task "mail"', was refused, and why: one line a second at most, which counts the
/// others. Any thread.
QUERN_EXPORT void reportRefusal(const QString &what, const Error &error);

/// What has become of something that was handed over, a task, an item or a message: a Result that may be dropped. A
/// refusal at which nobody has looked, by ok(), error() or as a Result, tells the log when it goes away; of copies the
/// last one does. A value type, for one thread at a time.
template <typename T>
class Posted
{
public:
    /// It was refused; \a what names it in the log.
    Posted(Error error, QString what = QString());
    /// Either.
    explicit Posted(Result<T> result, QString what = QString());
    Posted(const Posted &other);
    Posted &operator=(const Posted &other);
    ~Posted();

    bool ok() const { return seen().ok(); }         ///< whether it is on its way
    explicit operator bool() const { return ok(); } ///< the same
    operator Result<T>() const { return seen(); }   ///< the same, and why not
    /// The same, as what may be dropped in silence.
    operator Outcome() const requires std::is_void_v<T> { return seen(); }
    const Error &error() const { return seen().error(); } ///< why it is not; only when not ok()

protected:
    /// The result, at which somebody looks.
    const Result<T> &seen() const
    {
        m_isSeen = true;
        return m_result;
    }

private:
    void leave() const;

    Result<T> m_result;
    QString m_what;
    mutable bool m_isSeen = false;
};

/// \cond
template <typename T>
Posted<T>::Posted(Error error, QString what) : Posted(Result<T>(std::move(error)), std::move(what))
{
}

template <typename T>
Posted<T>::Posted(Result<T> result, QString what) : m_result(std::move(result))
                                                  , m_what(std::move(what))
{
}

template <typename T>
Posted<T>::Posted(const Posted &other)
    : m_result(other.m_result)
    , m_what(other.m_what)
    , m_isSeen(std::exchange(other.m_isSeen, true))
{
}

template <typename T>
Posted<T> &Posted<T>::operator=(const Posted &other)
{
    if (this == &other)
        return *this;
    leave();
    m_result = other.m_result;
    m_what = other.m_what;
    m_isSeen = std::exchange(other.m_isSeen, true);
    return *this;
}

template <typename T>
Posted<T>::~Posted()
{
    leave();
}

template <typename T>
void Posted<T>::leave() const
{
    if (!m_isSeen && !m_result.ok())
        reportRefusal(m_what, m_result.error());
}
/// \endcond

} // namespace Quern
