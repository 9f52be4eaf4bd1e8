using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Fota.Manifest;

/// <summary>A SHA-256 digest (FIPS 180-4): 32 bytes. A class, so that the all-zero default cannot pass for a digest.</summary>
public sealed class Sha256Digest : IEquatable<Sha256Digest>
{
    /// <summary>Length in bytes.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    private static readonly SearchValues<char> s_lowerHex = SearchValues.Create("0123456789abcdef");

    private readonly byte[] _bytes;

    private Sha256Digest(byte[] bytes) => _bytes = bytes;

    /// <summary>The 32 bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Hashes <paramref name="content"/>.</summary>
    public static Sha256Digest Of(ReadOnlySpan<byte> content) => new(SHA256.HashData(content));

    /// <summary>Hashes what is left of <paramref name="content"/>.</summary>
    public static Sha256Digest Of(Stream content) => new(SHA256.HashData(content));

    /// <summary>Takes over a finished digest.</summary>
    /// <exception cref="RejectedException">Not 32 bytes.</exception>
    public static Sha256Digest FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == Size
        ? new(bytes.ToArray())
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"a SHA-256 digest: wanted {Size} bytes, got {bytes.Length}");

    /// <summary>Reads 64 lower-case hexadecimal digits; upper case is refused, so that a digest has one spelling.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Sha256Digest? digest)
    {
        digest = text is { Length: 2 * Size } && !text.AsSpan().ContainsAnyExcept(s_lowerHex) ? new(Convert.FromHexString(text)) : null;
        return digest is not null;
    }

    /// <summary>As <see cref="TryParse"/>, for input that has to be right.</summary>
    /// <exception cref="RejectedException">Not 64 lower-case hexadecimal digits.</exception>
    public static Sha256Digest Parse(string text) => TryParse(text, out Sha256Digest? digest)
        ? digest
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"a SHA-256 digest: wanted {2 * Size} lower-case hexadecimal digits, got {text?.Length ?? 0} characters");

    /// <inheritdoc/>
    public bool Equals(Sha256Digest? other) => other is not null && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Sha256Digest);

    /// <inheritdoc/>
    public override int GetHashCode() => BitConverter.ToInt32(_bytes);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(_bytes);

    /// <summary>Equality by content.</summary>
    public static bool operator ==(Sha256Digest? left, Sha256Digest? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Inequality by content.</summary>
    public static bool operator !=(Sha256Digest? left, Sha256Digest? right) => !(left == right);
}
