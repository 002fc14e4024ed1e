#pragma once

#include <Quern/error.h>

#include <optional>
#include <utility>
#include <variant>

namespace Quern {

/// Ends the process: somebody has asked for the value of a Result that is \a error, and the last line of the log says
/// so.
[[noreturn]] QUERN_EXPORT void endForLackOfValue(const Error &error);
/// Ends the process: somebody has asked for the error of a Result that succeeded.
[[noreturn]] QUERN_EXPORT void endForLackOfError();

/// A value type: a value, or the Error that explains why there is none. Expected failures are values, not exceptions.
template <typename T>
class [[nodiscard]] Result
{
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}     ///< success
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {} ///< failure

    bool ok() const { return m_state.index() == 0; } ///< whether there is a value
    explicit operator bool() const { return ok(); }  ///< the same

    /// Only when ok(): else the process ends, and the log tells the error.
    const T &value() const &
    {
        requireValue();
        return *std::get_if<0>(&m_state);
    }
    /// The same.
    T &value() &
    {
        requireValue();
        return *std::get_if<0>(&m_state);
    }
    T &&value() && { return std::move(value()); }    ///< the same
    const T &operator*() const & { return value(); } ///< the same
    T &operator*() & { return value(); }             ///< the same
    const T *operator->() const { return &value(); } ///< the same
    T *operator->() { return &value(); }             ///< the same

    /// The value; \a otherwise if there is none.
    T valueOr(T otherwise) const & { return ok() ? value() : std::move(otherwise); }
    T valueOr(T otherwise) && { return ok() ? std::move(value()) : std::move(otherwise); } ///< the same

    /// Only when not ok(): else the process ends.
    const Error &error() const
    {
        if (ok())
            endForLackOfError();
        return *std::get_if<1>(&m_state);
    }

private:
    void requireValue() const
    {
        if (!ok())
            endForLackOfValue(error());
    }

    std::variant<T, Error> m_state;
};

/// A value type: success without a value, or the Error.
template <>
class [[nodiscard]] Result<void>
{
public:
    Result() = default;
    Result(Error error) : m_error(std::move(error)) {} ///< failure

    bool ok() const { return !m_error.has_value(); } ///< whether it succeeded
    explicit operator bool() const { return ok(); }  ///< the same

    /// Only when not ok(): else the process ends.
    const Error &error() const
    {
        if (ok())
            endForLackOfError();
        return *m_error;
    }

private:
    std::optional<Error> m_error;
};

/// A Result<void> that may be dropped: many callers can live with the failure. A value type.
class Outcome : public Result<void>
{
public:
    Outcome() = default;
    Outcome(Error error) : Result<void>(std::move(error)) {}          ///< failure
    Outcome(Result<void> result) : Result<void>(std::move(result)) {} ///< either
};

} // namespace Quern
