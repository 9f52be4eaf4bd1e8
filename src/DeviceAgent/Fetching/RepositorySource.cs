namespace Fota.DeviceAgent.Fetching;

/// <summary>A place from which a repository's files can be had. It is not trusted: everything in a repository proves itself.</summary>
/// <param name="Address">Where the repository's layout begins, for example https://cdn.example/fota/; ends in '/'.</param>
/// <param name="Http">The connection to it; its timeout is infinite, the agent has its own.</param>
internal sealed record RepositorySource(Uri Address, HttpClient Http);
