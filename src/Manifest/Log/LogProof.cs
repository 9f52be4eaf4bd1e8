using System.Globalization;
using System.Text;

namespace Fota.Manifest.Log;

/// <summary>A file that shows offline that an entry is in a log (C2SP tlog-proof), well formed and believed by nobody until <see cref="Verify"/> was asked.</summary>
public sealed class LogProof
{
    private const string Header = "c2sp.org/tlog-proof@v1", Extra = "extra ", IndexLine = "index ";

    private LogProof(ReadOnlyMemory<byte> extra, long index, IReadOnlyList<Sha256Digest> hashes, ReadOnlyMemory<byte> checkpoint)
    {
        ExtraBytes = extra;
        Index = index;
        Hashes = hashes;
        Checkpoint = checkpoint;
    }

    /// <summary>Extra matter, which nobody signed; empty if there is none.</summary>
    public ReadOnlyMemory<byte> ExtraBytes { get; }

    /// <summary>The entry's place in the log, from 0.</summary>
    public long Index { get; }

    /// <summary>The inclusion proof, from the leaf's sibling up.</summary>
    public IReadOnlyList<Sha256Digest> Hashes { get; }

    /// <summary>The checkpoint's note.</summary>
    public ReadOnlyMemory<byte> Checkpoint { get; }

    /// <summary>Makes the proof that the entry at <paramref name="index"/> is in a log, and checks it. The entry stands in it as extra matter, so that it proves itself.</summary>
    /// <exception cref="RejectedException">There is no such entry, or the tiles are not those of the checkpoint.</exception>
    public static LogProof Make(ITileSource source, VerifiedCheckpoint checkpoint, long index)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        TiledTree tree = new(source, checkpoint.Content.Size);
        LogProof proof = new(tree.Entry(index), index, tree.InclusionProof(index), checkpoint.Note.Bytes);
        return proof.VerifyOwnEntry(checkpoint.Key).IsAccepted(out _, out Rejection? rejection) ? proof : throw new RejectedException(rejection);
    }

    /// <summary>Reads a proof of at most <see cref="LogLimits.ProofBytes"/>.</summary>
    public static Verdict<LogProof> Decode(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => Read(bytes));

    /// <summary>The file.</summary>
    public byte[] ToBytes()
    {
        StringBuilder text = new($"{Header}\n");
        if (!ExtraBytes.IsEmpty)
        {
            text.Append(Extra).Append(Convert.ToBase64String(ExtraBytes.Span)).Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $"{IndexLine}{Index}\n");
        foreach (Sha256Digest hash in Hashes)
        {
            text.Append(Convert.ToBase64String(hash.Bytes)).Append('\n');
        }

        return [.. SignedNote.ToBeSigned(text.Append('\n').ToString()), .. Checkpoint.Span];
    }

    /// <summary>Verifies that <paramref name="entry"/> is in the log of <paramref name="key"/>, at the place that the proof names.</summary>
    /// <returns>The checkpoint of the log that it is in.</returns>
    public Verdict<VerifiedCheckpoint> Verify(NoteKey key, ReadOnlySpan<byte> entry)
    {
        Sha256Digest leaf = MerkleHash.Leaf(entry);
        return Verdict.Of(() =>
        {
            VerifiedCheckpoint checkpoint = VerifiedCheckpoint.Demand(Checkpoint, key);
            return MerkleProof.CheckInclusion(Index, checkpoint.Content.Size, leaf, Hashes, checkpoint.Content.Root) is { } rejection
                ? throw new RejectedException(rejection)
                : checkpoint;
        });
    }

    /// <summary>Verifies that the entry that the proof carries as its extra matter is in the log of <paramref name="key"/>: it is believed because it is there, not because it is carried.</summary>
    public Verdict<VerifiedCheckpoint> VerifyOwnEntry(NoteKey key) => ExtraBytes.IsEmpty
        ? Verdict.Of<VerifiedCheckpoint>(static () => throw new RejectedException(RejectionReason.MissingField, "tlog-proof: wanted the entry as extra matter, got none"))
        : Verify(key, ExtraBytes.Span);

    private static LogProof Read(ReadOnlyMemory<byte> bytes)
    {
        string text = SignedNote.ReadLines(bytes.Span, LogLimits.ProofBytes, "tlog-proof");
        int blank = text.IndexOf("\n\n", StringComparison.Ordinal);
        string[] lines = blank < 0 ? [] : text[..blank].Split('\n');
        if (lines.Length < 2 || !string.Equals(lines[0], Header, StringComparison.Ordinal))
        {
            throw new RejectedException(RejectionReason.WrongDocument, $"tlog-proof: wanted {Header}, an index, and after an empty line a checkpoint, got something else");
        }

        bool hasExtra = lines[1].StartsWith(Extra, StringComparison.Ordinal);
        int index = hasExtra ? 2 : 1;
        byte[] extra = hasExtra ? ReadBase64(lines[1][Extra.Length..], "extra matter") : [];
        if (extra.Length > LogLimits.ExtraBytes || (hasExtra && extra.Length == 0))
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"tlog-proof: wanted 1 to {LogLimits.ExtraBytes} bytes of extra matter, or no line for it, got {extra.Length}");
        }

        string[] hashes = lines.Length > index ? lines[(index + 1)..] : [];
        if (hashes.Length > LogLimits.ProofHashes)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"tlog-proof: wanted at most {LogLimits.ProofHashes} hashes, got {hashes.Length}");
        }

        int checkpoint = System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(0, blank + 2));
        return new LogProof(
            extra,
            ReadIndex(lines.ElementAtOrDefault(index) ?? ""),
            [.. hashes.Select(static hash => Sha256Digest.FromBytes(ReadBase64(hash, "hashes")))],
            bytes[checkpoint..].ToArray());
    }

    private static long ReadIndex(string line)
    {
        string digits = line.StartsWith(IndexLine, StringComparison.Ordinal) ? line[IndexLine.Length..] : "";
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long index) && string.Equals(index.ToString(CultureInfo.InvariantCulture), digits, StringComparison.Ordinal)
            ? index
            : throw new RejectedException(RejectionReason.ValueOutOfRange, "tlog-proof: wanted \"index \" and a number without leading zeros, got another line");
    }

    private static byte[] ReadBase64(string text, string what) => SignedNote.TryBase64(text, out byte[]? bytes)
        ? bytes
        : throw new RejectedException(RejectionReason.Malformed, $"tlog-proof: {what}: wanted base64, got something else");
}
