using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.Signer.Tests;

/// <summary>A device that has nothing but the first root, and files of a repository by their names.</summary>
internal static class Client
{
    public static TrustedMetadataSet Update(Func<string, byte[]?> find, byte[] root, DateTimeOffset now, string product)
    {
        TrustedMetadataSet trust = TrustedMetadataSet.Start(root, now, MetadataProfile.Fota).OrThrow();
        while (find($"metadata/{trust.Root.Version + 1}.root.json") is { } next)
        {
            _ = trust.UpdateRoot(next).OrThrow();
        }

        TimestampMetadata timestamp = trust.UpdateTimestamp(Fetch("metadata/timestamp.json")).OrThrow();
        SnapshotMetadata snapshot = trust.UpdateSnapshot(Fetch($"metadata/{timestamp.Snapshot.Version}.snapshot.json")).OrThrow();
        _ = trust.UpdateTargets(Fetch($"metadata/{snapshot.Meta["targets.json"].Version}.targets.json")).OrThrow();
        if (snapshot.Meta.TryGetValue(product + ".json", out MetaFile? role))
        {
            _ = trust.UpdateDelegatedTargets(product, Fetch($"metadata/{role.Version}.{product}.json")).OrThrow();
            foreach (Delegation bin in trust.Delegations(trust.Delegations().Single(delegation => delegation.Name == product)))
            {
                if (snapshot.Meta.TryGetValue(bin.Name + ".json", out MetaFile? file))
                {
                    _ = trust.UpdateDelegatedTargets(bin, Fetch($"metadata/{file.Version}.{bin.Name}.json")).OrThrow();
                }
            }
        }

        return trust;

        byte[] Fetch(string path) => find(path) ?? throw new FileNotFoundException(path);
    }

    public static TrustedMetadataSet Update(SignerWorld world) => Update(path => world.Repository.Has(path) ? world.Repository.Read(path) : null, world.Repository.Read("metadata/1.root.json"), world.Clock.GetUtcNow(), SignerWorld.Product);

    public static VerifiedManifest Manifest(SignerWorld world, string version)
    {
        VerifiedTarget target = Update(world).FindTarget($"{SignerWorld.Product}/{version}/manifest.suit").OrThrow();
        VerifiedTargetBytes bytes = target.Verify(world.Repository.Read("targets/" + MetadataFileName.OfTarget(target.Path, target.Sha256))).OrThrow();
        return VerifiedManifest.Verify(SignedEnvelope.Decode(bytes.Bytes.Span).OrThrow(), ReleaseAnchors.Classical(target.Keys)).OrThrow();
    }

    /// <summary>Whether a release is one that a device could be given.</summary>
    public static bool Lists(SignerWorld world, string version) => Update(world).FindTarget($"{SignerWorld.Product}/{version}/manifest.suit").IsAccepted(out _, out _);

    /// <summary>The whole image, or one of them, each chunk proven.</summary>
    public static byte[] Image(SignerWorld world, string version, int number = 0)
    {
        ListedImage listed = Manifest(world, version).Images[number];
        VerifiedChunkTable table = VerifiedChunkTable.Verify(listed, world.Repository.Read($"tables/{listed.Content.ChunkTableDigest}")).OrThrow();
        byte[] pack = world.Repository.Read(listed.Content.PackUri);
        PackIndex index = PackIndex.Decode(pack.AsMemory(0, PackIndex.SizeFor(table.Table)), table).OrThrow();
        using PackReader reader = PackReader.OfFull(table, index);
        using MemoryStream image = new();
        while (!reader.IsAtEnd)
        {
            image.Write(reader.Read(pack.AsSpan((int)reader.NextStart, reader.NextLength)).OrThrow().Bytes);
        }

        return image.ToArray();
    }
}
