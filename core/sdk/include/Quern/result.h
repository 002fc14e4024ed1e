#pragma once

#include <Quern/error.h>

#include <optional>
#include <utility>
#include <variant>

namespace Quern {

/// A value type: a value, or the Error that explains why there is none. Expected failures are values, not exceptions.
template <typename T>
class [[nodiscard]] Result
{
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}     ///< success
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {} ///< failure

    bool ok() const { return m_state.index() == 0; } ///< whether there is a value
    explicit operator bool() const { return ok(); }  ///< the same

    /// Only when ok().
    const T &value() const & { return *std::get_if<0>(&m_state); }
    T &value() & { return *std::get_if<0>(&m_state); }               ///< the same
    T &&value() && { return std::move(*std::get_if<0>(&m_state)); }  ///< the same
    const T &operator*() const & { return value(); }                 ///< the same
    T &operator*() & { return value(); }                             ///< the same
    const T *operator->() const { return std::get_if<0>(&m_state); } ///< the same
    T *operator->() { return std::get_if<0>(&m_state); }             ///< the same

    /// Only when not ok().
    const Error &error() const { return *std::get_if<1>(&m_state); }

private:
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

    /// Only when not ok().
    const Error &error() const { return *m_error; }

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
