#include "dispatch/requestbody.h"

#include "dispatch/log.h"

namespace Quern::dispatch {

namespace http = protocol::http;

using Refused = std::optional<http::Refusal>;

namespace {

constexpr http::Refusal storageFailed = {500, "the body could not be stored"};

} // namespace

RequestBody::RequestBody(QByteArrayView contentType, const BodySettings &settings) : m_settings(settings)
{
    if (!isForm(contentType))
        return;
    m_layout.isForm = true;
    if (const auto boundary = http::MultipartDecoder::boundaryOf(contentType))
        m_form = std::make_unique<http::MultipartDecoder>(*boundary);
    else
        m_failure = http::Refusal{400, "multipart/form-data without a boundary"};
}

Refused RequestBody::append(const QByteArray &bytes)
{
    if (m_failure)
        return m_failure;
    if (m_isSpooled)
        return feedForm(bytes);
    // The first piece of a body is most often all of it: shared, not copied.
    if (m_bytes.isEmpty())
        m_bytes = bytes;
    else
        m_bytes.append(bytes);
    return quint64(m_bytes.size()) > m_settings.bufferBytes ? leaveMemory() : std::nullopt;
}

Refused RequestBody::leaveMemory()
{
    m_isSpooled = true;
    const QByteArray begun = std::exchange(m_bytes, {});
    if (!m_form) {
        SpoolFile *file = newFile();
        if (file)
            m_layout.path = file->path();
    }
    return feedForm(begun);
}

/// Takes bytes of a body that is not kept in memory, form or not.
Refused RequestBody::feedForm(QByteArrayView bytes)
{
    if (m_failure)
        return m_failure;
    if (!m_form)
        writeTo(m_files.front(), bytes);
    else if (m_form->feed(bytes, *this) == http::MultipartDecoder::Progress::Refused)
        m_failure = m_form->refusal();
    return m_failure;
}

Refused RequestBody::finish(const QByteArray &trailers)
{
    if (m_failure)
        return m_failure;
    m_layout.trailers = trailers;
    if (m_form && !m_isSpooled) {
        // In one go, so that each part lies in one piece of the body.
        m_whole = m_bytes.constData();
        if (feedForm(m_bytes))
            return m_failure;
    }
    if (m_form && m_form->finish() == http::MultipartDecoder::Progress::Refused)
        return m_failure = m_form->refusal();
    if (!m_layout.path.isEmpty()) {
        m_layout.size = m_files.front().size();
        m_files.front().close();
    }
    return m_failure;
}

void RequestBody::partBegun(const http::PartHead &head)
{
    if (m_failure)
        return;
    ipc::BodyLayout::Part part;
    part.name = head.name;
    part.isFile = head.fileName.has_value();
    part.fileName = head.fileName.value_or(QByteArray());
    part.contentType = head.contentType;
    part.offset = quint64(m_bytes.size());
    m_layout.parts.append(part);
    m_isPartSpooled = false;
}

void RequestBody::partData(QByteArrayView bytes)
{
    if (m_failure)
        return;
    ipc::BodyLayout::Part &part = m_layout.parts.last();
    if (m_whole) {
        if (part.size == 0)
            part.offset = quint64(bytes.data() - m_whole);
    } else if (m_isPartSpooled) {
        writeTo(m_files.back(), bytes);
    } else if (part.size + quint64(bytes.size()) > quint64(MaxPartInMemory) ||
               quint64(m_bytes.size() + bytes.size()) > m_settings.bufferBytes) {
        spoolPart(bytes);
    } else {
        m_bytes.append(bytes);
    }
    part.size += quint64(bytes.size());
}

void RequestBody::spoolPart(QByteArrayView rest)
{
    SpoolFile *file = newFile();
    if (!file)
        return;
    ipc::BodyLayout::Part &part = m_layout.parts.last();
    m_isPartSpooled = true;
    writeTo(*file, QByteArrayView(m_bytes).sliced(qsizetype(part.offset)));
    m_bytes.truncate(qsizetype(part.offset));
    writeTo(*file, rest);
    part.path = file->path();
    part.offset = 0;
}

void RequestBody::partEnded()
{
    if (m_isPartSpooled)
        m_files.back().close();
}

SpoolFile *RequestBody::newFile()
{
    Result<SpoolFile> file = SpoolFile::create(m_settings.spoolDirectory);
    if (file)
        return &m_files.emplace_back(std::move(*file));
    qCCritical(logDispatch).noquote() << "a request was answered 500:" << file.error().message();
    m_failure = storageFailed;
    return nullptr;
}

void RequestBody::writeTo(SpoolFile &file, QByteArrayView bytes)
{
    if (m_failure)
        return;
    if (const Result<void> written = file.write(bytes); !written) {
        qCCritical(logDispatch).noquote() << "a request was answered 500:" << written.error().message();
        m_failure = storageFailed;
    }
}

} // namespace Quern::dispatch
