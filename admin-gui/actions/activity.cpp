#include "admin-gui/actions/activity.h"

#include "admin-gui/models/format.h"

namespace Quern::console {

namespace {

Tone toneOf(const Activity &activity)
{
    switch (activity.state) {
    case Activity::State::Running:
        return Tone::Busy;
    case Activity::State::Done:
        return Tone::Good;
    case Activity::State::Failed:
        break;
    }
    return Tone::Bad;
}

} // namespace

ActivityModel::ActivityModel(QObject *parent)
    : RecordModel([](const Activity &activity) { return activity.id; }, parent)
{
    retranslate();
}

void ActivityModel::put(const Activity &activity)
{
    putRecords({activity});
    removeIf([newest = activity.id](const Activity &each) { return each.id <= newest - Most; });
}

void ActivityModel::retranslate()
{
    Column<Activity> at{tr("Time"), [](const Activity &each) { return format::moment(each.at); },
                        by<Activity>(&Activity::at)};
    Column<Activity> title{tr("Action"), [](const Activity &each) { return each.title; }};
    Column<Activity> outcome{tr("Outcome"), [](const Activity &each) {
                                 const QString text =
                                     each.outcome.isEmpty() ? each.steps.value(each.steps.size() - 1) : each.outcome;
                                 return format::oneLine(text);
                             }};
    outcome.tone = toneOf;
    outcome.toolTip = [](const Activity &each) { return (each.steps + QStringList(each.outcome)).join(u'\n'); };
    Column<Activity> command{tr("Command line"), [](const Activity &each) { return each.commandLine; }};
    setColumns({at, title, outcome, command});
}

} // namespace Quern::console
