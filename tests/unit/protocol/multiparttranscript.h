#pragma once

#include "protocol/http/multipart.h"

#include <QByteArray>
#include <QList>

namespace Quern::tests {

/// What a MultipartDecoder makes of \a pieces, fed one after the other and then ended, as text that two runs can be
/// compared by: each part is
///
///     part "name" file "a.txt" type "text/plain": <its data>|
///
/// and the text ends with "complete" or "refused 400: reason". It says so if the decoder breaks a rule of its
/// interface. Each piece is fed from its own allocation of just that size.
QByteArray multipartTranscriptOf(const QList<QByteArrayView> &pieces, QByteArrayView boundary,
                                 const protocol::http::MultipartLimits &limits = {});

} // namespace Quern::tests
