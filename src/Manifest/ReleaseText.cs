using System.Globalization;
using System.Text;
using Fota.Manifest.Encoding;
using Fota.Manifest.Suit;

namespace Fota.Manifest;

/// <summary>
/// What a release says to people: a description for each language. The manifest holds its digest alone, and the text lies beside the manifest in
/// the envelope, so that it may be cut off for a device that has no use for it, under the same signatures.
/// </summary>
public sealed class ReleaseText : IEquatable<ReleaseText>
{
    /// <summary>Most languages.</summary>
    public const int MaxLanguages = 16;

    /// <summary>Longest description, in characters.</summary>
    public const int MaxLength = 4096;

    private const int MaxTagLength = 35;

    private readonly byte[]? _encoded;

    private ReleaseText(Sha256Digest digest, byte[]? encoded, IReadOnlyDictionary<string, string> descriptions)
    {
        Digest = digest;
        _encoded = encoded;
        Descriptions = descriptions;
    }

    /// <summary>SHA-256 of the encoded text with its byte string's head.</summary>
    public Sha256Digest Digest { get; }

    /// <summary>The descriptions by language tag (RFC 5646); none where the text was cut off.</summary>
    public IReadOnlyDictionary<string, string> Descriptions { get; }

    /// <summary>The encoded text with its byte string's head; null where it was cut off.</summary>
    internal ReadOnlyMemory<byte>? Encoded => _encoded is null ? default(ReadOnlyMemory<byte>?) : new ReadOnlyMemory<byte>(_encoded);

    /// <summary>Makes a text from descriptions by language tag.</summary>
    /// <exception cref="RejectedException">None or too many, too long, or with control characters other than line feeds.</exception>
    public static ReleaseText Of(IReadOnlyDictionary<string, string> descriptions)
    {
        ArgumentNullException.ThrowIfNull(descriptions);
        SortedDictionary<string, string> own = new(StringComparer.Ordinal);
        foreach ((string tag, string description) in descriptions)
        {
            own.Add(Check(tag, "a language tag", MaxTagLength, static c => char.IsAsciiLetterOrDigit(c) || c == '-'), Check(description, $"the description in {tag}", MaxLength, static c => c == '\n' || IsShown(c)));
        }

        if (own.Count is 0 or > MaxLanguages)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"text: wanted 1 to {MaxLanguages} languages, got {own.Count}");
        }

        SuitText text = new([.. own.Select(static pair => new SuitText.Language(pair.Key, [new SuitParameter(SuitNumbers.TextUpdateDescription, new SuitValue.Text(pair.Value))], []))]);
        byte[] encoded = SuitCbor.Item(writer => writer.WriteByteString(text.Encode()));
        return new ReleaseText(Sha256Digest.Of(encoded), encoded, own);
    }

    /// <inheritdoc/>
    public bool Equals(ReleaseText? other) => other is not null && Digest == other.Digest && _encoded is null == other._encoded is null;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ReleaseText);

    /// <inheritdoc/>
    public override int GetHashCode() => Digest.GetHashCode();

    // Approvers read this text: nothing in it may be invisible, or turn the order of what is read.
    private static bool IsShown(char c) => char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    /// <summary>A text of which only the digest is there.</summary>
    internal static ReleaseText CutOff(Sha256Digest digest) => new(digest, null, new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>Reads the text that lies beside the manifest, in the one form that <see cref="Of"/> gives it.</summary>
    /// <param name="digest">What the manifest says.</param>
    /// <param name="encoded">The element's value.</param>
    internal static ReleaseText Decode(Sha256Digest digest, ReadOnlyMemory<byte> encoded)
    {
        Sha256Digest got = Sha256Digest.Of(encoded.Span);
        if (got != digest)
        {
            throw new RejectedException(RejectionReason.DigestMismatch, $"text: wanted {digest}, got {got}");
        }

        SuitText text = CborDoor.Decode(encoded, "text", static reader => SuitText.Decode(reader.ReadByteString()));
        Dictionary<string, string> descriptions = new(StringComparer.Ordinal);
        foreach (SuitText.Language language in text.Languages)
        {
            descriptions.Add(language.Tag, language is { Components: [], Fields: [{ Number: SuitNumbers.TextUpdateDescription, Value: SuitValue.Text { Content: var description } }] }
                ? description
                : throw ManifestDecoder.Unsupported("text: more than an update description of a language"));
        }

        ReleaseText read = Of(descriptions);
        return read.Digest == digest
            ? read
            : throw new RejectedException(RejectionReason.NotDeterministic, "text: wanted deterministic CBOR (RFC 8949 section 4.2.1)");
    }

    private static string Check(string text, string what, int longest, Func<char, bool> mayBe) => text.Length > 0 && text.Length <= longest && text.All(mayBe) && IsWellFormed(text)
        ? text
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"{what}: wanted 1 to {longest} printable characters, got {text.Length}");

    // A lone surrogate is no character and has no UTF-8; it is enumerated as this one.
    private static bool IsWellFormed(string text) => text.EnumerateRunes().All(static rune => rune != Rune.ReplacementChar);
}
