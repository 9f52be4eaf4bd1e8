using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Enrolment;

/// <summary>What became of a request.</summary>
internal enum EnrolmentState
{
    /// <summary>The authority has not answered.</summary>
    Waiting,

    /// <summary>The authority issued a certificate.</summary>
    Issued,

    /// <summary>The authority will not.</summary>
    Refused,
}

/// <summary>A device's newest request for a new certificate.</summary>
internal sealed record EnrolmentRecord
{
    public required DeviceId Device { get; init; }

    public required ProductName Product { get; init; }

    public required KeyId Key { get; init; }

    /// <summary>PKCS#10, DER.</summary>
    public required ReadOnlyMemory<byte> Request { get; init; }

    public required Sha256Digest RequestDigest { get; init; }

    public required DateTimeOffset Received { get; init; }

    public required EnrolmentState State { get; init; }

    /// <summary>When the authority answered; null while it has not.</summary>
    public DateTimeOffset? Answered { get; init; }

    /// <summary>The certificate, DER; null unless one was issued.</summary>
    public ReadOnlyMemory<byte>? Certificate { get; init; }

    /// <summary>Why not, in the authority's words; null unless it refused.</summary>
    public string? Detail { get; init; }

    public static EnrolmentRecord Of(RenewalRequest request, DateTimeOffset now) => new()
    {
        Device = request.Identity.Device,
        Product = request.Identity.Product,
        Key = request.Identity.Key.Id,
        Request = request.Encoded,
        RequestDigest = request.Digest,
        Received = now,
        State = EnrolmentState.Waiting,
    };
}
