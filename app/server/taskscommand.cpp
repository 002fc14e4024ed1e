#include "app/server/taskscommand.h"

#include "admin/protocol/methods.h"
#include "app/server/serverconnection.h"
#include "app/server/terminal.h"

#include <QJsonArray>

namespace Quern::app {

namespace {

using namespace Qt::Literals::StringLiterals;

constexpr int failed = 1;

/// A page, or what is wrong.
Result<admin::DeadLetterPage> pageOf(ControlClient &client, const admin::DeadLetterQuery &query)
{
    const Result<QJsonObject> answer = client.call(admin::Methods::taskDeadLetters, query.toJson());
    return answer ? admin::DeadLetterPage::fromJson(*answer) : answer.error();
}

} // namespace

Result<TasksCommand> TasksCommand::parse(const CommandLine &line)
{
    TasksCommand command;
    const QString word = line.words.value(0);
    command.m_ids = line.words.mid(1);
    command.m_name = line.name;
    command.m_json = line.json;
    const bool isChange = word == u"retry" || word == u"drop";
    if (line.all && !isChange)
        return Error(Error::Invalid, tr("--all goes with quern tasks retry and quern tasks drop only"));
    if (word.isEmpty())
        return command;
    if (word == u"show") {
        if (command.m_ids.size() != 1 || !line.name.isEmpty())
            return Error(Error::Invalid, tr("write: quern tasks show ID"));
        command.m_action = Action::Show;
        return command;
    }
    if (!isChange)
        return Error(Error::Invalid, tr("tasks: unknown word \"%1\"; see quern help tasks").arg(word));
    // Not everything by a forgotten word.
    if (command.m_ids.isEmpty() != line.all || (!line.all && !line.name.isEmpty()))
        return Error(Error::Invalid, tr("write: quern tasks %1 ID…, or quern tasks %1 --all, or quern tasks %1 --all "
                                        "--name NAME")
                                         .arg(word));
    command.m_action = word == u"retry" ? Action::Retry : Action::Drop;
    return command;
}

int TasksCommand::run(const config::Settings &settings) const
{
    const Result<void> done = [&] {
        switch (m_action) {
        case Action::List:
            return list(settings);
        case Action::Show:
            return show(settings);
        case Action::Retry:
        case Action::Drop:
            break;
        }
        return change(settings);
    }();
    if (done)
        return 0;
    terminal::complain(done.error().message());
    return failed;
}

Result<void> TasksCommand::list(const config::Settings &settings) const
{
    ControlClient client;
    const Result<void> connected = connectToServer(settings, client);
    const Result<QJsonObject> answer = connected ? client.call(admin::Methods::serverStatus) : connected.error();
    const Result<admin::Status> status = answer ? admin::Status::fromJson(*answer) : answer.error();
    if (!status)
        return status.error();
    admin::DeadLetterQuery query;
    query.name = m_name;
    Result<admin::DeadLetterPage> page = pageOf(client, query);
    QList<admin::DeadLetter> letters;
    while (page) {
        letters += page->letters;
        query.before = page->older;
        // People want the last ones, programs all of them.
        if (query.before.isEmpty() || !m_json)
            break;
        page = pageOf(client, query);
    }
    if (!page)
        return page.error();
    if (!m_json) {
        terminal::say(tasksText(status->tasks, letters, query.before.isEmpty()));
        return {};
    }
    const QJsonObject all = admin::DeadLetterPage{letters, {}}.toJson();
    terminal::sayJson({{u"tasks"_s, answer->value(u"tasks"_s)}, {u"letters"_s, all.value(u"letters"_s)}});
    return {};
}

Result<void> TasksCommand::show(const config::Settings &settings) const
{
    ControlClient client;
    const Result<void> connected = connectToServer(settings, client);
    const admin::DeadLetterReference reference = {m_ids.constFirst()};
    const Result<QJsonObject> answer =
        connected ? client.call(admin::Methods::taskDeadPayload, reference.toJson()) : connected.error();
    const Result<admin::DeadLetterPayload> payload =
        answer ? admin::DeadLetterPayload::fromJson(*answer) : answer.error();
    if (!payload)
        return payload.error();
    if (m_json)
        terminal::sayJson(*answer);
    else
        terminal::say(payloadText(*payload));
    return {};
}

QList<admin::DeadLetterSelection> TasksCommand::selections() const
{
    using Scope = admin::DeadLetterSelection::Scope;
    if (m_ids.isEmpty())
        return {{m_name.isEmpty() ? Scope::All : Scope::Named, {}, m_name}};
    QList<admin::DeadLetterSelection> list;
    for (const QString &id : m_ids)
        list.append({Scope::One, id, {}});
    return list;
}

Result<void> TasksCommand::change(const config::Settings &settings) const
{
    const bool isRetry = m_action == Action::Retry;
    ControlClient client;
    if (const Result<void> connected = connectToServer(settings, client); !connected)
        return connected;
    qint64 sum = 0;
    QStringList problems;
    const QList<admin::DeadLetterSelection> wanted = selections();
    for (const admin::DeadLetterSelection &selection : wanted) {
        const Result<QJsonObject> answer =
            client.call(isRetry ? admin::Methods::taskRetry : admin::Methods::taskDrop, selection.toJson());
        const Result<admin::DeadLetterCount> count =
            answer ? admin::DeadLetterCount::fromJson(*answer) : answer.error();
        if (count)
            sum += count->count;
        else
            problems += count.error().message();
    }
    if (m_json)
        terminal::sayJson({{u"count"_s, sum}});
    else if (sum > 0 || problems.isEmpty())
        terminal::say(changedText(sum));
    return problems.isEmpty() ? Result<void>() : Error(Error::Invalid, problems.join(u'\n'));
}

QString TasksCommand::changedText(qint64 count) const
{
    if (m_action == Action::Retry)
        return count == 1 ? tr("1 task waits again.") : tr("%1 tasks wait again.").arg(count);
    return count == 1 ? tr("1 dead letter is dropped.") : tr("%1 dead letters are dropped.").arg(count);
}

} // namespace Quern::app
