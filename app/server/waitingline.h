#pragma once

#include <chrono>

namespace Quern::app {

/// "waiting, 3 s" at the end of a terminal while a command waits, from the second second on; gone when this is. Nothing
/// at all where standard error is no terminal. Any one thread.
class WaitingLine
{
public:
    /// How often tick() should be called.
    static constexpr std::chrono::milliseconds Interval{500};

    WaitingLine();
    ~WaitingLine();

    void tick();
    /// Makes room for a line of the command's own.
    void clear();

private:
    std::chrono::steady_clock::time_point m_since;
    bool m_isTerminal;
    bool m_isShown = false;
};

} // namespace Quern::app
