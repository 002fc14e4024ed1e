#pragma once

#include "admin/protocol/taskmessages.h"
#include "tasks/deadletterbox.h"

namespace Quern::app {

// The broker's dead letters ⇄ the messages of the management protocol. Any thread.

/// Error::Invalid with the member that is wrong.
Result<tasks::DeadLetterPageQuery> deadLetterQuery(const admin::DeadLetterQuery &message);
Result<tasks::DeadLetterSelection> deadLetterSelection(const admin::DeadLetterSelection &message);
Result<quint64> taskNumber(const QString &id);

admin::DeadLetterPage deadLetterPage(const tasks::DeadLetterPage &page);
/// As much of it as fits into a message.
admin::DeadLetterPayload deadLetterPayload(const tasks::DeadPayload &payload);

} // namespace Quern::app
