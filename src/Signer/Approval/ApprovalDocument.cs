using System.Text.Json;
using Fota.Manifest.Encoding;
using Fota.Signer.Service;

namespace Fota.Signer.Approval;

/// <summary>
/// What an approver's machine sends: signatures by the approver's own key, and nothing that has to be believed. JSON; the files in base64, by the role that each is of.
/// </summary>
/// <param name="Envelope">The envelope with the approver's signature; null for a withdrawal.</param>
/// <param name="Roles">The product's next roles, signed by the approver.</param>
internal sealed record ApprovalDocument(byte[]? Envelope, IReadOnlyDictionary<string, byte[]> Roles)
{
    /// <summary>Longest document in bytes: an envelope and two roles in base64.</summary>
    public const int MaxBytes = (DecodeLimits.EnvelopeBytes + (2 * DecodeLimits.TargetsBytes)) / 3 * 4 + 4096;

    private const int MaxRoles = 2;

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Writes it.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, s_options);

    /// <summary>Reads it.</summary>
    /// <exception cref="ServiceRefusalException">It is none.</exception>
    public static ApprovalDocument Parse(ReadOnlySpan<byte> json)
    {
        ApprovalDocument? read = null;
        try
        {
            read = JsonSerializer.Deserialize<ApprovalDocument>(json, s_options);
        }
        catch (JsonException e)
        {
            throw new ServiceRefusalException(ServiceRefusal.Malformed, $"wanted the JSON of the specification, got something else at {e.Path}", e);
        }

        return read is { Roles.Count: >= 1 and <= MaxRoles } && read.Roles.Values.All(static file => file is not null)
            ? read
            : throw new ServiceRefusalException(ServiceRefusal.Malformed, $"approval: wanted an object with 1 to {MaxRoles} roles, got another");
    }
}
