#pragma once

namespace Quern::process {

/// Why a child had to be replaced.
enum class RestartReason {
    Returned, ///< a custom process has come to its end
    Exited,   ///< by itself, and nobody had asked
    Crashed,  ///< by a signal that is its own fault
    Killed,   ///< by a signal from outside, or by command
    Stuck,    ///< the master has killed it, since it went on for too long
    Failed,   ///< it could not be started, was not ready in time, or has found that it cannot serve
    UsedUp,   ///< it has done as much as it is to: max_request, task_max_request
    Memory,   ///< it used more memory than it may
    Replaced, ///< by command
};
/// "exited", as metrics and status have it.
const char *restartReasonName(RestartReason reason);

/// Why a pool became larger or smaller.
enum class ScaleReason {
    Command,
    Pressure, ///< work waited, and nobody was idle
    Idle,     ///< some have not been needed for long
};
/// "pressure", as metrics have it.
const char *scaleReasonName(ScaleReason reason);

} // namespace Quern::process
