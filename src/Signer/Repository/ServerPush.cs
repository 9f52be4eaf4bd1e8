using Fota.Manifest.Log;
using Fota.Signer.Home;
using Fota.Signer.Log;

namespace Fota.Signer.Repository;

/// <summary>
/// Brings a server to what is in the repository. What it serves is asked of it, not remembered: a server that lost its data, or was restored from an
/// old copy, is sent what it lacks.
/// </summary>
internal sealed class ServerPush(SignerHost host, HomeFolder folder, PublicationEndpoint endpoint)
{
    /// <summary>Sends what is new.</summary>
    /// <returns>One line that says what was taken, or null when the server has all.</returns>
    public async Task<string?> RunAsync(CancellationToken cancellation)
    {
        // Written by renames only, so it is read whole without the home's lock.
        byte[] timestamp = new RepositoryFolder(folder.Repository).Read(RepositoryFolder.Timestamp);
        if (await endpoint.ReadTimestampAsync(cancellation) is { } served && served.AsSpan().SequenceEqual(timestamp))
        {
            return null;
        }

        Publication publication = await GatherAsync(forget: false, cancellation);
        PublicationRefusal? refusal = await endpoint.SendAsync(publication, cancellation);
        if (refusal is { IsMissingContent: true } && !publication.IsWhole)
        {
            await host.Error.WriteLineAsync($"{endpoint.Server} has lost files that it acknowledged ({refusal.Text}); all are sent again");
            publication = await GatherAsync(forget: true, cancellation);
            refusal = await endpoint.SendAsync(publication, cancellation);
        }

        if (refusal is not null)
        {
            throw new SignerRefusalException($"{endpoint.Server} refused the publication: {refusal.Text}");
        }

        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        home.Log.AppendWith(
            new LogEvent(LogKinds.PublicationTaken, "online", endpoint.Server.AbsoluteUri, ("timestamp", publication.TimestampVersion), ("files", publication.Files.Count)),
            () => home.Pushes.Add(endpoint.Server, publication.Files));
        return $"{endpoint.Server} took timestamp {publication.TimestampVersion}";
    }

    /// <summary>The home is locked while it is read, not while bytes travel: what is sent is immutable, and the timestamp was read.</summary>
    private async Task<Publication> GatherAsync(bool forget, CancellationToken cancellation)
    {
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        if (forget)
        {
            home.Pushes.Forget(endpoint.Server);
        }

        return Publication.Gather(home, endpoint.Server, host.Clock.GetUtcNow());
    }
}
