using System.Text;
using Fota.Manifest;

namespace Fota.UpdateServer.People;

/// <summary>What was decided about access.</summary>
internal enum AccessDecisionKind
{
    None = 0,

    /// <summary>Somebody is known, with these roles, from now on.</summary>
    PersonSet,

    /// <summary>No credential speaks for somebody any more.</summary>
    PersonRemoved,

    TokenCreated,

    TokenRevoked,

    /// <summary>A device, or one key of it, is shut out.</summary>
    DeviceRevoked,

    /// <summary>A device that was shut out by name is let in again.</summary>
    DeviceReinstated,
}

/// <summary>A decision about access, written down with what it changed, and never changed itself (promise P8).</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Kind">What.</param>
/// <param name="About">The person or device.</param>
/// <param name="Detail">One sentence or value; no secret.</param>
internal sealed record AccessDecision(DateTimeOffset At, string By, AccessDecisionKind Kind, string About, string Detail)
{
    /// <summary>Bytes of a salt.</summary>
    public const int SaltSize = 16;

    /// <summary>What the server's log says in place of <see cref="Detail"/>, which may name people by more than their name here; null for the same.</summary>
    public string? ForLog { get; init; }

    /// <summary>Where it was read: in hexadecimal, what makes with <see cref="Detail"/> the digest that the log has of it; null for decisions from before there was one.</summary>
    public string? Salt { get; init; }

    /// <summary>The digest of a detail, from which nobody who has no salt comes back to it, nor finds out by guessing.</summary>
    public static Sha256Digest DigestOf(ReadOnlySpan<byte> salt, string detail) => Sha256Digest.Of([.. salt, .. Encoding.UTF8.GetBytes(detail)]);
}
