namespace Fota.Signer.Journal;

/// <summary>Which immutable files a server has acknowledged, so that they are not sent again. Losing it costs bandwidth, nothing else.</summary>
internal sealed class PushRecord(SignerDatabase database)
{
    public IReadOnlySet<string> PathsAt(Uri server) => database.Query("SELECT path FROM pushed WHERE server = $0", static row => row.GetString(0), server.AbsoluteUri).ToHashSet(StringComparer.Ordinal);

    public void Forget(Uri server) => database.Execute("DELETE FROM pushed WHERE server = $0", server.AbsoluteUri);

    public void Add(Uri server, IEnumerable<string> paths) => database.InTransaction(() =>
    {
        foreach (string path in paths)
        {
            _ = database.Execute("INSERT INTO pushed (server, path) VALUES ($0, $1) ON CONFLICT DO NOTHING", server.AbsoluteUri, path);
        }
    });
}
