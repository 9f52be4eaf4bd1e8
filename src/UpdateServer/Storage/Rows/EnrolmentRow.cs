using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table enrolments.</summary>
internal sealed class EnrolmentRow
{
    public required string Device { get; init; }

    public required string Product { get; init; }

    public required string KeyId { get; init; }

    public required string RequestDigest { get; init; }

    public required byte[] Request { get; init; }

    public required long Received { get; init; }

    public required string State { get; init; }

    public long? Answered { get; init; }

    public byte[]? Certificate { get; init; }

    public string? Detail { get; init; }

    public static EnrolmentRow From(EnrolmentRecord e) => new()
    {
        Device = e.Device.ToString(),
        Product = e.Product.ToString(),
        KeyId = e.Key.ToString(),
        RequestDigest = e.RequestDigest.ToString(),
        Request = e.Request.ToArray(),
        Received = e.Received.ToUnixTimeMilliseconds(),
        State = e.State.ToString(),
        Answered = e.Answered?.ToUnixTimeMilliseconds(),
        Certificate = e.Certificate?.ToArray(),
        Detail = e.Detail,
    };

    public EnrolmentRecord ToRecord() => new()
    {
        Device = DeviceId.Parse(Device),
        Product = ProductName.Parse(Product),
        Key = new KeyId(Sha256Digest.Parse(KeyId)),
        RequestDigest = Sha256Digest.Parse(RequestDigest),
        Request = Request,
        Received = DateTimeOffset.FromUnixTimeMilliseconds(Received),
        State = Enum.Parse<EnrolmentState>(State),
        Answered = Answered is { } answered ? DateTimeOffset.FromUnixTimeMilliseconds(answered) : null,
        Certificate = Certificate is null ? (ReadOnlyMemory<byte>?)null : Certificate, // without the cast, null is an array of none
        Detail = Detail,
    };
}
