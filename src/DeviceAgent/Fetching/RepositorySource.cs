using Fota.Manifest;

namespace Fota.DeviceAgent.Fetching;

/// <summary>A place from which a repository's files can be had. It is not trusted: everything in a repository proves itself.</summary>
/// <param name="Address">Where the repository's layout begins, for example https://cdn.example/fota/; ends in '/'.</param>
/// <param name="Http">The connection to it; its timeout is infinite, the agent has its own.</param>
internal sealed record RepositorySource(Uri Address, HttpClient Http)
{
    /// <summary>Goes with every request, without its '?'; empty for none. It may be a key to the place: it is never logged.</summary>
    public string Query { get; init; } = "";

    /// <summary>Whether files lie there by their digest alone, and none that has no digest in its name.</summary>
    public bool IsByDigest { get; init; }

    /// <summary>Where the file with this path in the repository lies; null when it cannot be there.</summary>
    /// <exception cref="RejectedException">A signed document names paths relative to the repository; an absolute or climbing one would lead the device elsewhere (A15).</exception>
    public Uri? Find(string path)
    {
        if (!Uri.TryCreate(Address, path, out Uri? uri) || !Address.IsBaseOf(uri))
        {
            throw new RejectedException(RejectionReason.UnsafePath, "a repository path: wanted one below the repository, got another");
        }

        return IsByDigest ? Sha256Digest.TryParse(path[(path.LastIndexOf('/') + 1)..], out Sha256Digest? digest) ? new Uri(Address, $"{digest}?{Query}") : null : uri;
    }
}
