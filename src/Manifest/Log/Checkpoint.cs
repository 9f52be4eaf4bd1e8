using System.Globalization;
using System.Text;

namespace Fota.Manifest.Log;

/// <summary>What a log says of itself at one moment (C2SP tlog-checkpoint). As content it proves nothing; only a <see cref="VerifiedCheckpoint"/> vouches for one.</summary>
/// <param name="Origin">Which log it is.</param>
/// <param name="Size">How many entries it has.</param>
/// <param name="Root">The root hash of their Merkle tree.</param>
/// <param name="Extensions">Further lines, which mean nothing here.</param>
public sealed record Checkpoint(string Origin, long Size, Sha256Digest Root, ValueList<string> Extensions)
{
    private const int Lines = 3;

    /// <summary>A checkpoint without extensions, as our logs write them.</summary>
    public Checkpoint(string origin, long size, Sha256Digest root)
        : this(origin, size, root, [])
    {
    }

    /// <summary>Reads the text of a note.</summary>
    /// <exception cref="RejectedException">It is no checkpoint.</exception>
    public static Checkpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] lines = text.Split('\n');
        if (lines.Length <= Lines || lines[..^1].Any(static line => line.Length == 0) || lines[^1].Length > 0)
        {
            throw new RejectedException(RejectionReason.Malformed, $"checkpoint: wanted at least {Lines} lines, none of them empty, got something else");
        }

        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out long size) || !string.Equals(size.ToString(CultureInfo.InvariantCulture), lines[1], StringComparison.Ordinal))
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, "checkpoint: wanted a tree size of 0 to 2^63-1 without leading zeros, got another");
        }

        return SignedNote.TryBase64(lines[2], out byte[]? root)
            ? new Checkpoint(lines[0], size, Sha256Digest.FromBytes(root), [.. lines[Lines..^1]])
            : throw new RejectedException(RejectionReason.Malformed, "checkpoint: wanted a root hash in base64, got something else");
    }

    /// <summary>The text of the note.</summary>
    public string ToText()
    {
        StringBuilder text = new();
        text.Append(Origin).Append('\n').Append(CultureInfo.InvariantCulture, $"{Size}\n").Append(Convert.ToBase64String(Root.Bytes)).Append('\n');
        foreach (string line in Extensions)
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }
}
