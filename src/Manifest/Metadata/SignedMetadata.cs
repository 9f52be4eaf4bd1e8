using System.Buffers;
using System.Text.Json;

namespace Fota.Manifest.Metadata;

/// <summary>
/// A TUF metadata file that is well formed and believed by nobody (TUF 1.0.34 section 4.2.1). Whatever its profile, the content comes from the very
/// bytes over which signatures are checked, and nothing that stands outside of them is looked at (A20).
/// </summary>
public sealed class SignedMetadata
{
    private static readonly string[] s_typeNames = ["", "root", "timestamp", "snapshot", "targets"];

    private readonly MetadataProfile _profile;
    private readonly JsonElement _signed;

    private SignedMetadata(MetadataProfile profile, JsonElement signed, byte[] signedBytes, IReadOnlyList<MetadataSignature> signatures)
    {
        _profile = profile;
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
    /// The bytes that are signed: the member "signed" as canonical JSON. In our profile those are the received bytes, with JSON's escapes of
    /// control characters undone (canonical JSON has none).
    /// </summary>
    public ReadOnlyMemory<byte> SignedBytes { get; }

    /// <summary>The signatures, unverified, each under another key id. None in a draft.</summary>
    public IReadOnlyList<MetadataSignature> Signatures { get; }

    /// <summary>Reads a metadata file of at most <paramref name="maxBytes"/>.</summary>
    public static Verdict<SignedMetadata> Decode(ReadOnlyMemory<byte> bytes, int maxBytes, MetadataProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return Verdict.Of(() => Read(Own(bytes, maxBytes), profile));
    }

    /// <summary>Makes the file of <paramref name="signedBytes"/> and their signatures, in our profile. With none it is a draft, which no role accepts.</summary>
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
                writer.WriteString("keyid", signature.Key.Text);
                writer.WriteString("sig", Convert.ToHexStringLower(signature.Signature.Span));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WritePropertyName("signed");
            writer.WriteRawValue(CanonicalJson.ToFileForm(signedBytes), skipInputValidation: true);
            writer.WriteEndObject();
        }

        byte[] file = output.WrittenSpan.ToArray();
        return Decode(file, file.Length, MetadataProfile.Fota).IsAccepted(out _, out Rejection? rejection)
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

    internal RootMetadata ParseRoot() => RootMetadata.Read(Content(MetadataType.Root), _profile);

    internal TimestampMetadata ParseTimestamp() => TimestampMetadata.Read(Content(MetadataType.Timestamp), _profile);

    internal SnapshotMetadata ParseSnapshot() => SnapshotMetadata.Read(Content(MetadataType.Snapshot), _profile);

    internal TargetsMetadata ParseTargets() => TargetsMetadata.Read(Content(MetadataType.Targets), _profile);

    /// <summary>A bounded copy, so that what is hashed, what is decoded and what is verified are the same bytes (A31).</summary>
    internal static byte[] Own(ReadOnlyMemory<byte> bytes, int maxBytes) => bytes.Length <= maxBytes
        ? bytes.ToArray()
        : throw new RejectedException(RejectionReason.LimitExceeded, $"metadata: wanted at most {maxBytes} bytes, got {bytes.Length}");

    /// <summary>As <see cref="Decode"/>, by exception, of bytes that nobody else writes to.</summary>
    internal static SignedMetadata Read(byte[] own, MetadataProfile profile)
    {
        using JsonDocument document = profile.Parse(own);
        JsonElement file = document.RootElement;
        JsonElement signed = file.Object("signed");
        IReadOnlyList<MetadataSignature> signatures = ReadSignatures(file.Array("signatures"), profile);
        profile.DemandOnly(file, "signed", "signatures");
        (byte[] signedBytes, JsonElement content) = profile.ReadSigned(signed);
        return new(profile, content, signedBytes, signatures);
    }

    private static List<MetadataSignature> ReadSignatures(JsonElement array, MetadataProfile profile)
    {
        if (array.GetArrayLength() > profile.MaxSignatures)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"\"signatures\": wanted at most {profile.MaxSignatures}, got {array.GetArrayLength()}");
        }

        List<MetadataSignature> signatures = [];
        HashSet<MetadataKeyId> ids = [];
        foreach (JsonElement item in array.EnumerateArray())
        {
            MetadataKeyId key = profile.ReadKeyId(item.Text("keyid"));
            byte[]? signature = profile.ReadSignature(item.Text("sig"));
            profile.DemandOnly(item, "keyid", "sig");

            // §4.2.1: "multiple signatures with the same keyid are not allowed" (A11).
            if (!ids.Add(key))
            {
                throw new RejectedException(RejectionReason.DuplicateField, $"\"signatures\": wanted each key id once, got {key} twice");
            }

            if (signature is not null)
            {
                signatures.Add(new MetadataSignature(key, signature));
            }
        }

        return signatures;
    }

    private JsonElement Content(MetadataType wanted) => Type == wanted
        ? _signed
        : throw new RejectedException(RejectionReason.WrongDocument, $"\"_type\": wanted {s_typeNames[(int)wanted]}, got {s_typeNames[(int)Type]}");
}
