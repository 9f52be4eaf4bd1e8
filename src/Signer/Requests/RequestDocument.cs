using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fota.Signer.Requests;

/// <summary>A request as it is written; <see cref="ReleaseRequest"/> is what it means.</summary>
/// <param name="Kind">release, reissue or withdrawal.</param>
/// <param name="Product">The product.</param>
/// <param name="Version">The release's version.</param>
internal sealed record RequestDocument(string Kind, string Product, string Version)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Of a release: compared with devices' floors.</summary>
    public uint? SecurityVersion { get; init; }

    /// <summary>Of a release: one image for either slot, or one for slot A and one for slot B.</summary>
    public IReadOnlyList<FileDocument>? Images { get; init; }

    /// <summary>Of a release: its software bill of materials.</summary>
    public FileDocument? Sbom { get; init; }

    /// <summary>Of a release: from which installed versions; any if it is not said.</summary>
    public string? InstallableFrom { get; init; }

    /// <summary>The gates of devices that it may pass although they are closed, as in "power,maintenance-window"; none if it is not said.</summary>
    public string? OverrideGates { get; init; }

    /// <summary>Of a release: what it is, for people; signed with it.</summary>
    public string? Notes { get; init; }

    /// <summary>Why; wanted of a withdrawal.</summary>
    public string? Reason { get; init; }

    /// <summary>Raised to ask once more for the same, after it was rejected, withdrawn or expired; 1 if it is not said.</summary>
    public int? Attempt { get; init; }

    /// <summary>The document in the one form that its digest is taken of.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, s_options);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static RequestDocument Parse(string json) => JsonSerializer.Deserialize<RequestDocument>(json, s_options) ?? throw new JsonException("request: wanted an object, got null");
}

/// <summary>A file that is sent beside the request.</summary>
/// <param name="Digest">SHA-256, 64 lower-case hexadecimal digits.</param>
/// <param name="Size">Its length in bytes.</param>
internal sealed record FileDocument(string Digest, long Size);
