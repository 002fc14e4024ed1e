#include "admin-gui/store/health.h"

#include "admin-gui/models/servertext.h"

#include <QCoreApplication>

namespace Quern::console {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::Health)
};

/// Lately: the longest time that rates are told of.
bool hasFailures(const admin::Status &status)
{
    return !status.rates.isEmpty() && status.rates.constLast().errors > 0;
}

} // namespace

Tone healthTone(const LinkState &link, const admin::Status *status)
{
    using Phase = LinkState::Phase;
    switch (link.phase) {
    case Phase::Idle:
        return Tone::Faint;
    case Phase::Connecting:
        return link.reason.isEmpty() ? Tone::Busy : Tone::Bad;
    case Phase::Silent:
    case Phase::Waiting:
    case Phase::Refused:
        return Tone::Bad;
    case Phase::Connected:
        break;
    }
    if (!status)
        return Tone::Busy;
    switch (status->state) {
    case admin::Status::State::Running:
        return status->draining || hasFailures(*status) || !status->reloadFailure.isEmpty() ? Tone::Warning
                                                                                            : Tone::Good;
    case admin::Status::State::Starting:
    case admin::Status::State::Reloading:
        return Tone::Busy;
    case admin::Status::State::Stopping:
        return Tone::Warning;
    case admin::Status::State::Degraded:
        break;
    }
    return Tone::Bad;
}

QString healthSentence(const Session &session)
{
    using Phase = LinkState::Phase;
    switch (session.state().phase) {
    case Phase::Idle:
        return Text::tr("No server is chosen.");
    case Phase::Connected:
        return session.status() ? serverText(session.status()->sentence) : Text::tr("Connected.");
    case Phase::Connecting:
        return session.trouble().isEmpty() ? Text::tr("Connecting…") : session.trouble();
    default:
        return session.trouble();
    }
}

} // namespace Quern::console
