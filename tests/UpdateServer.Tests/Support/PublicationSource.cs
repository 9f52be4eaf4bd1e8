using System.Formats.Tar;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.TestKit;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A signer's side in memory: a simulated repository, releases for it, and bundles of both.</summary>
internal sealed class PublicationSource
{
    private readonly Dictionary<string, byte[]> _content = new(StringComparer.Ordinal);

    public RepositorySimulator Repository { get; } = new();

    /// <summary>One whose metadata a program that reads the real clock takes.</summary>
    public static PublicationSource ForRealTime()
    {
        PublicationSource source = new();
        foreach (SimulatedRole role in (SimulatedRole[])[source.Repository.Root, source.Repository.Timestamp, source.Repository.Snapshot, source.Repository.Targets, source.Repository.Pump])
        {
            role.Expires = new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);
        }

        source.Repository.PublishRoot();
        source.Repository.PublishTargets();
        return source;
    }

    /// <summary>Adds a release to its product and publishes metadata; it is signed by both keys of the product unless said otherwise.</summary>
    public SampleRelease Add(SampleRelease release, params SoftwareKey[] signers)
    {
        Put(release);
        SignedEnvelope envelope = release.SignedBy(signers.Length > 0 ? signers : [.. Repository.Pump.Keys]);
        Repository.AddTarget(release.TargetPath, envelope.Bytes.ToArray());
        Repository.Publish();
        return release;
    }

    /// <summary>Puts table and pack where the manifest says that they are.</summary>
    public void Put(SampleRelease release)
    {
        foreach ((string path, byte[] content) in release.Blobs)
        {
            _content[path] = content;
        }
    }

    /// <summary>The files of a bundle, to be tampered with: everything there is.</summary>
    public Dictionary<string, byte[]> Bundle()
    {
        Dictionary<string, byte[]> files = new(_content, StringComparer.Ordinal);
        foreach ((string name, byte[] bytes) in Repository.Files)
        {
            files[$"metadata/{name}"] = bytes;
        }

        foreach ((string name, byte[] bytes) in Repository.TargetFiles)
        {
            files[$"targets/{name}"] = bytes;
        }

        return files;
    }

    public static byte[] Tar(IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        using MemoryStream output = new();
        using (TarWriter writer = new(output, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach ((string path, byte[] bytes) in files)
            {
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(bytes) });
            }
        }

        return output.ToArray();
    }

    /// <summary>The SUIT digest of a release.</summary>
    public static Sha256Digest DigestOf(SampleRelease release) => SignedEnvelope.Begin(release.Manifest).ClaimedDigest;
}
