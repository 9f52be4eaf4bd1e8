using Fota.Manifest;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps the digests of operators' tokens.</summary>
internal interface IOperatorStore
{
    /// <summary>Names and digests.</summary>
    IReadOnlyList<(string Name, Sha256Digest Digest)> Load();

    /// <summary>Adds one.</summary>
    void Add(string name, Sha256Digest digest, DateTimeOffset created);
}
