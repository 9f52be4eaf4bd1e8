namespace Fota.Manifest.Log;

/// <summary>What a reader of logs is willing to read, whatever a log claims. Bounds are checked before memory is taken (A06).</summary>
public static class LogLimits
{
    /// <summary>Longest signed note, in bytes: room for the 16 signatures that every verifier takes, large ones among them.</summary>
    public const int NoteBytes = 128 * 1024;

    /// <summary>Most signatures of a note; more are refused. Verifiers have to take 16.</summary>
    public const int NoteSignatures = 32;

    /// <summary>Longest name of a key, and so of a log, in characters.</summary>
    public const int NameLength = 256;

    /// <summary>Most hashes of an inclusion proof: the depth of the largest tree that a signed 64-bit number can count.</summary>
    public const int ProofHashes = 63;

    /// <summary>Most bytes of extra matter in a tlog-proof, decoded.</summary>
    public const int ExtraBytes = 64 * 1024;

    /// <summary>Longest tlog-proof, in bytes.</summary>
    public const int ProofBytes = NoteBytes + (2 * ExtraBytes) + (64 * 1024);

    /// <summary>Longest entry of any log, in bytes: its length stands before it in 16 bits.</summary>
    public const int EntryBytes = ushort.MaxValue;

    /// <summary>Longest entry of a log of Fota's, in bytes.</summary>
    public const int OwnEntryBytes = 16 * 1024;
}
