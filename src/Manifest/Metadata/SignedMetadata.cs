using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>
/// A TUF metadata file that is well formed and believed by nobody (TUF 1.0.34 section 4.2.1). The whole file is canonical JSON, so that it
/// has one spelling, and nothing stands outside its signed part but signatures (A20).
/// </summary>
public sealed class SignedMetadata
{
    private static readonly string[] s_typeNames = ["", "root", "timestamp", "snapshot", "targets"];

    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");

    private readonly JsonElement _signed;

    private SignedMetadata(JsonElement signed, byte[] signedBytes, IReadOnlyList<MetadataSignature> signatures)
    {
        _signed = signed;
        SignedBytes = signedBytes;
        Signatures = signatures;
        int type = Array.IndexOf(s_typeNames, signed.Text("_type"), 1);
        Type = type > 0
            ? (MetadataType)type
            : throw new RejectedException(RejectionReason.WrongDocument, "\"_type\": wanted root, timestamp, snapshot or targets, got another");
    }

    /// <summary>What the file says it is.</summary>
    public MetadataType Type { get; }

    /// <summary>
    /// The bytes that are signed: those of the member "signed" as received, with JSON's escapes of control characters undone
    /// (TUF signs canonical JSON, which has none).
    /// </summary>
    public ReadOnlyMemory<byte> SignedBytes { get; }

    /// <summary>The signatures, unverified, each under another key id. None in a draft.</summary>
    public IReadOnlyList<MetadataSignature> Signatures { get; }

    /// <summary>Reads a metadata file of at most <paramref name="maxBytes"/>.</summary>
    public static Verdict<SignedMetadata> Decode(ReadOnlyMemory<byte> bytes, int maxBytes) => Verdict.Of(() => Read(Own(bytes, maxBytes)));

    /// <summary>Makes the file of <paramref name="signedBytes"/> and their signatures. With none it is a draft, which no role accepts.</summary>
    /// <exception cref="ArgumentException">The bytes are not canonical JSON, or the file would not be read back.</exception>
    public static byte[] Assemble(ReadOnlySpan<byte> signedBytes, IEnumerable<MetadataSignature> signatures)
    {
        ArgumentNullException.ThrowIfNull(signatures);
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter writer = new(output))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("signatures");
            foreach (MetadataSignature signature in signatures)
            {
                writer.WriteStartObject();
                writer.WriteString("keyid", signature.Key.ToString());
                writer.WriteString("sig", Convert.ToHexStringLower(signature.Signature.Span));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WritePropertyName("signed");
            writer.WriteRawValue(CanonicalJson.ToFileForm(signedBytes), skipInputValidation: true);
            writer.WriteEndObject();
        }

        byte[] file = output.WrittenSpan.ToArray();
        return Decode(file, file.Length).IsAccepted(out _, out Rejection? rejection)
            ? file
            : throw new ArgumentException($"These make no metadata file: {rejection}", nameof(signedBytes));
    }

    /// <summary>The content, whoever signed it: for showing and for deciding what to sign next, never for trusting it.</summary>
    public Verdict<RootMetadata> UnverifiedRoot() => Verdict.Of(ParseRoot);

    /// <inheritdoc cref="UnverifiedRoot"/>
    public Verdict<TimestampMetadata> UnverifiedTimestamp() => Verdict.Of(ParseTimestamp);

    /// <inheritdoc cref="UnverifiedRoot"/>
    public Verdict<SnapshotMetadata> UnverifiedSnapshot() => Verdict.Of(ParseSnapshot);

    /// <inheritdoc cref="UnverifiedRoot"/>
    public Verdict<TargetsMetadata> UnverifiedTargets() => Verdict.Of(ParseTargets);

    internal RootMetadata ParseRoot() => RootMetadata.Read(Content(MetadataType.Root));

    internal TimestampMetadata ParseTimestamp() => TimestampMetadata.Read(Content(MetadataType.Timestamp));

    internal SnapshotMetadata ParseSnapshot() => SnapshotMetadata.Read(Content(MetadataType.Snapshot));

    internal TargetsMetadata ParseTargets() => TargetsMetadata.Read(Content(MetadataType.Targets));

    /// <summary>A bounded copy, so that what is hashed, what is decoded and what is verified are the same bytes (A31).</summary>
    internal static byte[] Own(ReadOnlyMemory<byte> bytes, int maxBytes) => bytes.Length <= maxBytes
        ? bytes.ToArray()
        : throw new RejectedException(RejectionReason.LimitExceeded, $"metadata: wanted at most {maxBytes} bytes, got {bytes.Length}");

    /// <summary>As <see cref="Decode"/>, by exception, of bytes that nobody else writes to.</summary>
    internal static SignedMetadata Read(byte[] own)
    {
        using JsonDocument document = CanonicalJson.Parse(own);
        JsonElement file = document.RootElement;
        JsonElement signed = file.Object("signed");
        IReadOnlyList<MetadataSignature> signatures = ReadSignatures(file.Array("signatures"));
        file.AllowOnly("signed", "signatures");
        return new(signed.Clone(), CanonicalJson.ToSignedForm(JsonMarshal.GetRawUtf8Value(signed)), signatures);
    }

    private static List<MetadataSignature> ReadSignatures(JsonElement array)
    {
        if (array.GetArrayLength() > DecodeLimits.Signatures)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"\"signatures\": wanted at most {DecodeLimits.Signatures}, got {array.GetArrayLength()}");
        }

        List<MetadataSignature> signatures = [];
        foreach (JsonElement item in array.EnumerateArray())
        {
            KeyId key = KeyJson.ReadId(item.Text("keyid"));
            string hex = item.Text("sig");
            item.AllowOnly("keyid", "sig");
            if (hex.Length == 0 || hex.Length % 2 != 0 || hex.AsSpan().ContainsAnyExcept(s_hexDigits))
            {
                throw new RejectedException(RejectionReason.ValueOutOfRange, $"\"sig\": wanted lower-case hexadecimal digits, got {hex.Length} characters");
            }

            // §4.2.1: "multiple signatures with the same keyid are not allowed" (A11).
            if (signatures.Exists(signature => signature.Key == key))
            {
                throw new RejectedException(RejectionReason.DuplicateField, $"\"signatures\": wanted each key id once, got {key} twice");
            }

            signatures.Add(new MetadataSignature(key, Convert.FromHexString(hex)));
        }

        return signatures;
    }

    private JsonElement Content(MetadataType wanted) => Type == wanted
        ? _signed
        : throw new RejectedException(RejectionReason.WrongDocument, $"\"_type\": wanted {s_typeNames[(int)wanted]}, got {s_typeNames[(int)Type]}");
}
