using Fota.Manifest.Log;

namespace Fota.Signer.Log;

/// <summary>The facts of entries that this signer reads back.</summary>
internal static class EntryFacts
{
    /// <summary>A fact that the entry has to have.</summary>
    /// <exception cref="SignerRefusalException">It has not.</exception>
    public static string Fact(this LogEntry entry, string name) => entry.Facts.TryGetValue(name, out string? value) ? value : throw entry.Wrong(name);

    /// <summary>That an entry cannot be read back.</summary>
    public static SignerRefusalException Wrong(this LogEntry entry, string fact) =>
        new($"entry {entry.Number} of the log ({entry.Kind}): wanted fact {fact} as this signer writes it, got {(entry.Facts.TryGetValue(fact, out string? value) ? $"\"{value}\"" : "none")}; the journal is not given back without it");
}
