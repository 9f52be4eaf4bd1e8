using System.Formats.Cbor;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Reports;

/// <summary>What a device reports, before it is signed or after its signature was verified (docs/spec/device-api.md).</summary>
public sealed record DeviceReport
{
    /// <summary>Length of <see cref="Nonce"/> in bytes.</summary>
    public const int NonceSize = 16;

    /// <summary>Longest text field, in characters; longer details are cut when the report is written.</summary>
    public const int MaxTextLength = 256;

    private const long DeviceKey = 1, ProductKey = 2, DeploymentKey = 3, DigestKey = 4, SequenceKey = 5, VersionKey = 6, SlotKey = 7, StateKey = 8,
        FloorKey = 9, TimeKey = 10, OrdinalKey = 11, NonceKey = 12, ReasonKey = 13, DetailKey = 14;

    /// <summary>The device's id, as its certificate names it.</summary>
    public required string Device { get; init; }

    /// <summary>The product line it belongs to.</summary>
    public required ProductName Product { get; init; }

    /// <summary>The deployment this is about, or null for none.</summary>
    public string? Deployment { get; init; }

    /// <summary>Manifest this is about: of the deployment, or of the running release where there is none.</summary>
    public required Sha256Digest ManifestDigest { get; init; }

    /// <summary>That manifest's sequence number.</summary>
    public required SequenceNumber Sequence { get; init; }

    /// <summary>The release that runs now.</summary>
    public required ReleaseVersion RunningVersion { get; init; }

    /// <summary>The slot that runs now: 0 is A, 1 is B.</summary>
    public required int Slot { get; init; }

    /// <summary>What happened.</summary>
    public required ReportState State { get; init; }

    /// <summary>The device's security floor (its anti-rollback counter).</summary>
    public required SecurityVersion Floor { get; init; }

    /// <summary>When, by the device's clock, to the second. Not to be relied upon.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Grows with every report of this device; orders reports, as the clock cannot.</summary>
    public required long Ordinal { get; init; }

    /// <summary>16 random bytes that make the report unique; a repeat is recognised by them (A46).</summary>
    public required ReadOnlyMemory<byte> Nonce { get; init; }

    /// <summary>
    /// Why it was refused, for <see cref="ReportState.Failed"/> and <see cref="ReportState.RolledBack"/>; why it waits, for <see cref="ReportState.Deferred"/> and for
    /// <see cref="ReportState.Activated"/> in a trial that is undecided; what is wrong with the server's metadata, for <see cref="ReportState.Idle"/>; else <see cref="RejectionReason.None"/>.
    /// </summary>
    public RejectionReason Reason { get; init; }

    /// <summary>The text of the refusal, or what gates were overridden, for people; null for none.</summary>
    public string? Detail { get; init; }

    /// <summary>Deterministic CBOR: the payload that the device signs.</summary>
    public byte[] Encode()
    {
        List<(long Key, Action<CborWriter> Write)> fields =
        [
            (DeviceKey, w => w.WriteTextString(Device)),
            (ProductKey, w => w.WriteTextString(Product.ToString())),
            (DigestKey, w => w.WriteByteString(ManifestDigest.Bytes)),
            (SequenceKey, w => w.WriteUInt64(Sequence.Value)),
            (VersionKey, w => w.WriteTextString(RunningVersion.ToString())),
            (SlotKey, w => w.WriteInt32(Slot)),
            (StateKey, w => w.WriteInt32((int)State)),
            (FloorKey, w => w.WriteUInt32(Floor.Value)),
            (TimeKey, w => w.WriteInt64(Time.ToUnixTimeSeconds())),
            (OrdinalKey, w => w.WriteInt64(Ordinal)),
            (NonceKey, w => w.WriteByteString(Nonce.Span)),
            (ReasonKey, w => w.WriteInt32((int)Reason)),
        ];
        AddText(fields, DeploymentKey, Deployment);
        AddText(fields, DetailKey, Detail is null ? null : Wellformed(Detail));
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartMap(fields.Count);
        foreach ((long key, Action<CborWriter> write) in fields)
        {
            writer.WriteInt64(key);
            write(writer);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    internal static DeviceReport Decode(ReadOnlyMemory<byte> bytes)
    {
        DeterministicCbor.Require(bytes.Span, "report");
        string? device = null, product = null, deployment = null, version = null, detail = null;
        byte[]? digest = null, nonce = null;
        ulong? sequence = null;
        long? slot = null, state = null, time = null, ordinal = null, reason = null;
        uint? floor = null;
        CborDoor.Decode(bytes, "report", reader =>
        {
            reader.ReadMap("report", key =>
            {
                switch (key)
                {
                    case DeviceKey: device = ReadText(reader); break;
                    case ProductKey: product = ReadText(reader); break;
                    case DeploymentKey: deployment = ReadText(reader); break;
                    case DigestKey: digest = reader.ReadByteString(); break;
                    case SequenceKey: sequence = reader.ReadUInt64(); break;
                    case VersionKey: version = ReadText(reader); break;
                    case SlotKey: slot = reader.ReadInt64(); break;
                    case StateKey: state = reader.ReadInt64(); break;
                    case FloorKey: floor = reader.ReadUInt32(); break;
                    case TimeKey: time = reader.ReadInt64(); break;
                    case OrdinalKey: ordinal = reader.ReadInt64(); break;
                    case NonceKey: nonce = reader.ReadFixed("report: nonce", NonceSize); break;
                    case ReasonKey: reason = reader.ReadInt64(); break;
                    case DetailKey: detail = ReadText(reader); break;
                    default: throw new RejectedException(RejectionReason.UnknownField, $"report: field {key}");
                }
            });
            return true;
        });
        return new DeviceReport
        {
            Device = CborDoor.Require(device, "report: device"),
            Product = ProductName.Parse(CborDoor.Require(product, "report: product")),
            Deployment = deployment,
            ManifestDigest = Sha256Digest.FromBytes(CborDoor.Require(digest, "report: manifest digest")),
            Sequence = new SequenceNumber(CborDoor.Require(sequence, "report: sequence")),
            RunningVersion = ReleaseVersion.Parse(CborDoor.Require(version, "report: running version")),
            Slot = (int)Bounded(slot, 0, 1, "slot"),
            State = (ReportState)Bounded(state, (long)ReportState.Idle, (long)ReportState.Deferred, "state"),
            Floor = new SecurityVersion(CborDoor.Require(floor, "report: floor")),
            Time = DateTimeOffset.FromUnixTimeSeconds(Bounded(time, 0, 253402300799, "time")),
            Ordinal = Bounded(ordinal, 1, long.MaxValue, "ordinal"),
            Nonce = CborDoor.Require(nonce, "report: nonce"),
            Reason = (RejectionReason)Bounded(reason, 0, 999, "reason"),
            Detail = detail,
        };
    }

    private static void AddText(List<(long Key, Action<CborWriter> Write)> fields, long key, string? text)
    {
        if (text is not null)
        {
            fields.Add((key, w => w.WriteTextString(text)));
        }
    }

    // What a program said is anything; what is reported is text without U+0000, cut between characters, lest a report that cannot be written block all others.
    private static string Wellformed(string text)
    {
        System.Text.StringBuilder kept = new(MaxTextLength);
        foreach (System.Text.Rune rune in text.EnumerateRunes())
        {
            if (kept.Length + rune.Utf16SequenceLength > MaxTextLength)
            {
                break;
            }

            kept.Append((rune.Value == 0 ? System.Text.Rune.ReplacementChar : rune).ToString());
        }

        return kept.ToString();
    }

    private static string ReadText(CborReader reader)
    {
        string text = reader.ReadTextString();
        return text.Contains('\0', StringComparison.Ordinal) ? throw new RejectedException(RejectionReason.Malformed, "report: wanted texts without U+0000, which not every database can hold, got one with it")
            : text.Length <= MaxTextLength ? text
            : throw new RejectedException(RejectionReason.LimitExceeded, $"report: wanted texts of at most {MaxTextLength} characters, got {text.Length}");
    }

    private static long Bounded(long? value, long low, long high, string what)
    {
        long present = CborDoor.Require(value, $"report: {what}");
        return present >= low && present <= high
            ? present
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"report: {what}: wanted {low} to {high}, got {present}");
    }
}
