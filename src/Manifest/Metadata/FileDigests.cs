using System.Security.Cryptography;
using System.Text.Json;

namespace Fota.Manifest.Metadata;

/// <summary>
/// The member "hashes": which digests a file has to have. SHA-256 and SHA-512 are understood, and each that is stated has to match. Where none is
/// stated that is understood, nothing matches: an unknown digest never means "no check" (A17, A25).
/// </summary>
/// <param name="Sha256">The SHA-256, if stated.</param>
/// <param name="Sha512">The SHA-512, if stated: 128 lower-case hexadecimal digits.</param>
internal sealed record FileDigests(Sha256Digest? Sha256, string? Sha512)
{
    private const string Sha256Member = "sha256", Sha512Member = "sha512";

    /// <summary>The one that stands in the file's name; null if none is understood.</summary>
    public string? Name => Sha256?.ToString() ?? Sha512;

    public static FileDigests Read(JsonElement hashes) => new(
        hashes.TryGetProperty(Sha256Member, out _) ? Sha256Digest.Parse(hashes.Text(Sha256Member)) : null,
        hashes.TryGetProperty(Sha512Member, out _) ? ReadSha512(hashes.Text(Sha512Member)) : null);

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("hashes");
        if (Sha256 is not null)
        {
            writer.WriteString(Sha256Member, Sha256.ToString());
        }

        if (Sha512 is not null)
        {
            writer.WriteString(Sha512Member, Sha512);
        }

        writer.WriteEndObject();
    }

    /// <exception cref="RejectedException">A digest differs, or there is none to compare with.</exception>
    public void Demand(string what, Stream content)
    {
        DemandUnderstood(what);
        using IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256), sha512 = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = content.Read(buffer)) > 0)
        {
            sha256.AppendData(buffer, 0, read);
            if (Sha512 is not null)
            {
                sha512.AppendData(buffer, 0, read);
            }
        }

        Compare(what, Sha256?.ToString(), Convert.ToHexStringLower(sha256.GetHashAndReset()));
        Compare(what, Sha512, Convert.ToHexStringLower(sha512.GetHashAndReset()));
    }

    /// <inheritdoc cref="Demand(string, Stream)"/>
    public void Demand(string what, byte[] content) => Demand(what, new MemoryStream(content, writable: false));

    public void DemandUnderstood(string what)
    {
        if (Name is null)
        {
            throw new RejectedException(RejectionReason.UnsupportedDigest, $"{what}: wanted sha256 or sha512, got neither");
        }
    }

    private static void Compare(string what, string? wanted, string got)
    {
        if (wanted is not null && !string.Equals(wanted, got, StringComparison.Ordinal))
        {
            throw new RejectedException(RejectionReason.DigestMismatch, $"{what}: wanted {wanted}, got {got}");
        }
    }

    private static string ReadSha512(string text) => text.Length == 2 * SHA512.HashSizeInBytes && text.All(char.IsAsciiHexDigitLower)
        ? text
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"a SHA-512 digest: wanted {2 * SHA512.HashSizeInBytes} lower-case hexadecimal digits, got {text.Length} characters");
}
