#pragma once

#include "base/contentcoding.h"
#include "ipc/messages.h"
#include "sdk/src/answer_p.h"
#include "sdk/src/request_p.h"
#include "worker/contentencoder.h"

#include <QByteArray>
#include <QList>

#include <memory>

namespace Quern::worker {

/// Compresses answers for clients that accept it. What it does to the header fields is the same for HEAD as for GET.
///
/// An answer qualifies with status 200 to 299 but 204 and 206, a Content-Type of the list, a body of the least length
/// (streams: of any), and without Content-Encoding, Content-Range and "Cache-Control: no-transform" by its handler. It
/// is then marked with Vary for caches, compressed or not. A strong ETag becomes weak when the bytes are no longer
/// those of the handler. When memory runs out, std::bad_alloc passes through and the answer can be sent as it is. Any
/// thread.
class Compression
{
public:
    explicit Compression(const ipc::AnswerOptions &options);

    /// Compresses the body of a whole answer, if that makes it shorter.
    void applyToWhole(Answer &answer, const RequestPrivate &request) const;
    /// What is to encode the stream of \a answer; null if it is sent as it is.
    std::unique_ptr<ContentEncoder> applyToStream(Answer &answer, const RequestPrivate &request) const;

private:
    bool qualifies(const Answer &answer) const;
    bool isListed(QByteArrayView contentType) const;

    bool m_enabled;
    int m_level;
    qsizetype m_minLength;
    QList<QByteArray> m_types; ///< in lower case; "text/" for "text/*"
};

} // namespace Quern::worker
