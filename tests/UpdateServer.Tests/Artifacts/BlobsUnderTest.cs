using Azure.Storage.Blobs;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Artifacts.Azure;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Artifacts;

/// <summary>An empty store of content, and a folder to stage in.</summary>
public abstract class BlobsUnderTest : IDisposable
{
    internal DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("fota-blobs-");

    internal IBlobStore Store { get; private protected set; } = null!;

    internal abstract Task OpenAsync();

    /// <summary>Another server's view of the same.</summary>
    internal abstract IBlobStore Another();

    /// <summary>The names of everything that is visible.</summary>
    internal abstract IReadOnlyList<string> Names();

    public void Dispose()
    {
        Close();
        Folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected virtual void Close()
    {
    }
}

/// <summary>Files.</summary>
public sealed class BlobsInFiles : BlobsUnderTest
{
    internal override Task OpenAsync()
    {
        Store = Another();
        return Task.CompletedTask;
    }

    internal override IBlobStore Another() => new FileBlobs(Folder.FullName, new ServerSeams());

    internal override IReadOnlyList<string> Names() => [.. Directory.EnumerateFiles(Path.Combine(Folder.FullName, "content"), "*", SearchOption.AllDirectories).Select(Path.GetFileName)!];
}

/// <summary>A container of a real azurite, as the server reads it: small content from memory.</summary>
public sealed class BlobsInAzure : BlobsUnderTest
{
    private readonly List<IDisposable> _caches = [];
    private BlobSettings _settings = null!;

    internal BlobContainerClient Container => AzuriteServer.Look(_settings);

    internal override async Task OpenAsync()
    {
        _settings = await (await AzuriteServer.SharedAsync).CreateContainerAsync();
        Store = Another();
    }

    internal override IBlobStore Another()
    {
        CachedBlobs cached = new(new AzureBlobs(Container, new StorageResilience(TimeProvider.System)));
        _caches.Add(cached);
        return cached;
    }

    internal override IReadOnlyList<string> Names() => [.. Container.GetBlobs().Select(static b => b.Name)];

    private protected override void Close() => _caches.ForEach(static c => c.Dispose());
}
