using System.Globalization;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Journal;

namespace Fota.Signer.Log;

/// <summary>
/// What the signer says of itself, in order. An entry is on disk when <see cref="Append"/> returns, in the journal's database, with its number: the place that
/// it will have in the log's tree. <see cref="LogSequencer"/> takes it there.
/// </summary>
internal sealed class SignerLog(SignerDatabase database, TimeProvider clock)
{
    /// <summary>Entries that name manifest $0, before number $1.</summary>
    internal const string EntriesNaming = "SELECT number FROM log_entry WHERE json_extract(CAST(entry AS TEXT), '$.facts.manifest') = $0 AND number < $1 ORDER BY number";

    /// <summary>Entries about subject $0 that do not name manifest $1, before number $2.</summary>
    internal const string EntriesAbout = "FROM log_entry WHERE json_extract(CAST(entry AS TEXT), '$.subject') = $0 AND json_extract(CAST(entry AS TEXT), '$.facts.manifest') IS NOT $1 AND number < $2";

    /// <summary>How many entries there are, in the tree or on their way to it.</summary>
    public long Count => Convert.ToInt64(database.Scalar("SELECT coalesce(max(number) + 1, 0) FROM log_entry"), CultureInfo.InvariantCulture);

    /// <summary>Enters an event. Inside of a transaction of the caller's it is one with the change that it tells of.</summary>
    /// <returns>Its number.</returns>
    public long Append(LogEvent happened)
    {
        long number = -1;
        database.InTransaction(() =>
        {
            number = Count;
            Insert(number, happened.At(number, clock.GetUtcNow()).Encode());
        });
        return number;
    }

    /// <summary>Takes back entries that are in the tree already, each with the row that it tells of, and says so in a new one; all or nothing.</summary>
    public void Restore(IReadOnlyList<ReadOnlyMemory<byte>> entries, Action<LogEntry> row, LogEvent happened) => database.InTransaction(() =>
    {
        long number = Count;
        foreach (ReadOnlyMemory<byte> entry in entries)
        {
            Insert(number++, entry.ToArray());
            row(LogEntry.Decode(entry).OrThrow());
        }

        _ = Append(happened);
    });

    /// <summary>Runs <paramref name="change"/>, which writes into the journal's database, and enters the event with it: both or neither are on disk.</summary>
    public void AppendWith(LogEvent happened, Action change) => database.InTransaction(() =>
    {
        change();
        _ = Append(happened);
    });

    /// <summary>The bytes of <paramref name="count"/> entries from number <paramref name="first"/> on, or of as many as there are.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Read(long first, int count) =>
        database.Query("SELECT entry FROM log_entry WHERE number >= $0 ORDER BY number LIMIT $1", static row => (ReadOnlyMemory<byte>)row.GetFieldValue<byte[]>(0), first, count);

    /// <summary>The numbers of all entries before number <paramref name="end"/> that name the manifest with this digest, in order.</summary>
    public IReadOnlyList<long> Naming(Sha256Digest manifest, long end) =>
        database.Query(EntriesNaming, static row => row.GetInt64(0), manifest.ToString(), end);

    /// <summary>The numbers of the entries before number <paramref name="end"/> about <paramref name="subject"/> that do not name the manifest: the newest <paramref name="max"/>, and how many there are besides.</summary>
    public (IReadOnlyList<long> Newest, long LeftOut) About(string subject, Sha256Digest manifest, long end, int max)
    {
        List<long> newest = database.Query($"SELECT number {EntriesAbout} ORDER BY number DESC LIMIT $3", static row => row.GetInt64(0), subject, manifest.ToString(), end, max);
        return (newest, Convert.ToInt64(database.Scalar($"SELECT count(*) {EntriesAbout}", subject, manifest.ToString(), end), CultureInfo.InvariantCulture) - newest.Count);
    }

    private void Insert(long number, byte[] entry) => database.Execute("INSERT INTO log_entry (number, entry) VALUES ($0, $1)", number, entry);
}
