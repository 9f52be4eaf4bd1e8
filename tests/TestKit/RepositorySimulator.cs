using System.Text;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.TestKit;

/// <summary>
/// A TUF repository in memory: root 2 of 3, one key each for targets, snapshot and timestamp, and the product "infusion-pump" 2 of 2. It
/// is published once when made. To attack it, change a role and publish that role alone, or replace a file.
/// </summary>
public sealed class RepositorySimulator
{
    public const string ProductName = "infusion-pump";

    public RepositorySimulator()
    {
        foreach (SimulatedRole role in (SimulatedRole[])[Root, Timestamp, Snapshot, Targets, Pump])
        {
            role.Expires = Now + TimeSpan.FromDays(30);
        }

        Products.Add(Pump);
        PublishRoot();
        PublishTargets();
        PublishProduct(Pump);
        PublishSnapshot();
        PublishTimestamp();
    }

    /// <summary>The update start time of the clients.</summary>
    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Metadata by its name in a repository with consistent snapshots, for example "2.snapshot.json".</summary>
    public IDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);

    /// <summary>Target files by their name with a digest, for example "infusion-pump/1.0.0/c14a...b681.manifest.suit".</summary>
    public IDictionary<string, byte[]> TargetFiles { get; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);

    public SimulatedRole Root { get; } = new("root", 2, SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256(), SoftwareKey.Ed25519());

    public SimulatedRole Timestamp { get; } = new("timestamp", 1, SoftwareKey.EcdsaP256());

    public SimulatedRole Snapshot { get; } = new("snapshot", 1, SoftwareKey.Ed25519());

    public SimulatedRole Targets { get; } = new("targets", 1, SoftwareKey.Ed25519());

    /// <summary>The product "infusion-pump".</summary>
    public SimulatedProduct Pump { get; } = new(ProductName, 2, SoftwareKey.EcdsaP256(), SoftwareKey.Ed25519());

    /// <summary>The delegations, in their order.</summary>
    public IList<SimulatedProduct> Products { get; } = [];

    /// <summary>What the top-level targets list themselves: usually nothing.</summary>
    public IDictionary<string, TargetFile> TopLevelTargets { get; } = new Dictionary<string, TargetFile>(StringComparer.Ordinal);

    /// <summary>What the next snapshot says; publishing targets or a product keeps it current.</summary>
    public IDictionary<string, MetaFile> SnapshotMeta { get; } = new Dictionary<string, MetaFile>(StringComparer.Ordinal);

    /// <summary>What the next timestamp says; publishing the snapshot keeps it current.</summary>
    public MetaFile? TimestampMeta { get; set; }

    /// <summary>The checkpoints that the next timestamp carries.</summary>
    public IList<VerifiedCheckpoint> Logs { get; } = [];

    /// <summary>The same of servers' logs.</summary>
    public IList<VerifiedCheckpoint> ServerLogs { get; } = [];

    /// <summary>The root that devices are born with.</summary>
    public byte[] TrustedRoot => Files[MetadataFileName.Root(1)];

    /// <summary>The path of a release's envelope, for example "infusion-pump/1.0.0/manifest.suit".</summary>
    public static string PathOf(string version, string product = ProductName) => $"{product}/{version}/manifest.suit";

    /// <summary>Adds a target to <paramref name="product"/>, the infusion pump unless said otherwise, without publishing it.</summary>
    public void AddTarget(string path, byte[] content, SimulatedProduct? product = null)
    {
        ArgumentNullException.ThrowIfNull(content);
        TargetFile file = new(content.Length, Sha256Digest.Of(content));
        SimulatedBin? bin = (product ?? Pump).Bins.FirstOrDefault(candidate => candidate.Delegation.Covers(path));
        (bin?.Targets ?? (product ?? Pump).Targets)[path] = file;
        TargetFiles[MetadataFileName.OfTarget(path, file.Sha256)] = content;
    }

    /// <summary>Adds a product with two new keys and a threshold of two, and publishes everything but the root.</summary>
    public SimulatedProduct AddProduct(string name)
    {
        SimulatedProduct product = new(name, 2, SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256()) { Expires = Pump.Expires };
        Products.Add(product);
        PublishTargets();
        Publish();
        return product;
    }

    /// <summary>Splits what a product will list into 16 hash bins, without publishing them.</summary>
    public static void AddBins(SimulatedProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        foreach (char digit in "0123456789abcdef")
        {
            product.Bins.Add(new SimulatedBin($"{product.Name}.{digit}", product.Threshold, product.Keys) { Expires = product.Expires });
        }
    }

    /// <summary>Publishes all products, the snapshot and the timestamp: what a new release needs.</summary>
    public void Publish()
    {
        foreach (SimulatedProduct product in Products)
        {
            PublishProduct(product);
        }

        PublishSnapshot();
        PublishTimestamp();
    }

    public void PublishRoot() => Put(Root, new RootMetadata(++Root.Version, Root.Expires, true, Root.PublicKeys, Timestamp.PublicKeys, Snapshot.PublicKeys, Targets.PublicKeys));

    /// <summary>Publishes a root with three new root keys, signed by a threshold of the old ones and of the new ones.</summary>
    public void RotateRoot()
    {
        IReadOnlyList<SoftwareKey> old = Root.Signers;
        Root.Keys = [SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256(), SoftwareKey.Ed25519()];
        Root.Signers = [.. old, .. Root.Keys.Take(Root.Threshold)];
        PublishRoot();
        Root.ResetSigners();
    }

    public void PublishTargets() => Put(Targets, new TargetsMetadata(++Targets.Version, Targets.Expires, TopLevelTargets.AsReadOnly(), [.. Products.Select(Delegation)]));

    public void PublishProduct(SimulatedProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        foreach (SimulatedBin bin in product.Bins)
        {
            Put(bin, new TargetsMetadata(++bin.Version, bin.Expires, bin.Targets.AsReadOnly(), []));
        }

        Put(product, new TargetsMetadata(++product.Version, product.Expires, product.Targets.AsReadOnly(), [.. product.Bins.Select(static bin => bin.Delegation)]));
    }

    public void PublishSnapshot() => Put(Snapshot, new SnapshotMetadata(++Snapshot.Version, Snapshot.Expires, SnapshotMeta.AsReadOnly()));

    public void PublishTimestamp() => Put(Timestamp, new TimestampMetadata(++Timestamp.Version, Timestamp.Expires, TimestampMeta!, [.. Logs], [.. ServerLogs]));

    /// <summary>The newest file of a role.</summary>
    public byte[] Current(SimulatedRole role)
    {
        ArgumentNullException.ThrowIfNull(role);
        return Files[NameOf(role)];
    }

    /// <summary>Replaces the newest file of a role; what points to it is made to point to the new one when it is published next.</summary>
    public void Replace(SimulatedRole role, byte[] file)
    {
        ArgumentNullException.ThrowIfNull(role);
        ArgumentNullException.ThrowIfNull(file);
        Files[NameOf(role)] = file;
        MetaFile meta = new(role.Version, file.Length, Sha256Digest.Of(file));
        if (role == Snapshot)
        {
            TimestampMeta = meta;
        }
        else if (role == Targets || role is SimulatedProduct or SimulatedBin)
        {
            SnapshotMeta[role.Name + ".json"] = meta;
        }
    }

    /// <summary>Replaces the newest file of a role by one whose signed text was edited before it was signed.</summary>
    public void Edit(SimulatedRole role, Func<string, string> edit)
    {
        ArgumentNullException.ThrowIfNull(role);
        ArgumentNullException.ThrowIfNull(edit);
        byte[] old = Current(role);
        string text = Encoding.UTF8.GetString(SignedMetadata.Decode(old, old.Length, MetadataProfile.Fota).OrThrow().SignedBytes.Span);
        string edited = edit(text);
        if (string.Equals(edited, text, StringComparison.Ordinal))
        {
            throw new ArgumentException("The edit changes nothing.", nameof(edit));
        }

        Replace(role, Sign(Encoding.UTF8.GetBytes(edited), role.Signers));
    }

    /// <summary>Makes a metadata file that is signed by any keys.</summary>
    public static byte[] Sign(byte[] signedBytes, IEnumerable<SoftwareKey> keys) =>
        SignedMetadata.Assemble(signedBytes, keys.Select(key => MetadataSignature.From(key.PublicKey, key.Sign(signedBytes))));

    /// <summary>A new client that trusts the first root and has walked to the newest one.</summary>
    public TrustedMetadataSet Client()
    {
        TrustedMetadataSet client = TrustedMetadataSet.Start(TrustedRoot, Now, MetadataProfile.Fota).OrThrow();
        while (Files.TryGetValue(MetadataFileName.Root(client.Root.Version + 1), out byte[]? root))
        {
            client.UpdateRoot(root).OrThrow();
        }

        return client;
    }

    /// <summary>A new client that has taken the newest timestamp.</summary>
    public TrustedMetadataSet ClientWithTimestamp()
    {
        TrustedMetadataSet client = Client();
        client.UpdateTimestamp(Current(Timestamp)).OrThrow();
        return client;
    }

    /// <summary>A new client that has taken the newest snapshot.</summary>
    public TrustedMetadataSet ClientWithSnapshot()
    {
        TrustedMetadataSet client = ClientWithTimestamp();
        client.UpdateSnapshot(Current(Snapshot)).OrThrow();
        return client;
    }

    /// <summary>A new client that has taken the newest top-level targets.</summary>
    public TrustedMetadataSet ClientWithTargets()
    {
        TrustedMetadataSet client = ClientWithSnapshot();
        client.UpdateTargets(Current(Targets)).OrThrow();
        return client;
    }

    /// <summary>A new client that has taken all the metadata there is.</summary>
    public TrustedMetadataSet ClientWithProducts()
    {
        TrustedMetadataSet client = ClientWithTargets();
        foreach (SimulatedProduct product in Products)
        {
            client.UpdateDelegatedTargets(product.Name, Current(product)).OrThrow();
            Delegation to = client.Delegations().Single(delegation => delegation.Name == product.Name);
            foreach (Delegation below in client.Delegations(to))
            {
                client.UpdateDelegatedTargets(below, Current(product.Bins.Single(bin => bin.Name == below.Name))).OrThrow();
            }
        }

        return client;
    }

    private static DelegatedRole Delegation(SimulatedProduct product) => new(product.Name, product.PublicKeys, product.Paths, product.Terminating);

    private string NameOf(SimulatedRole role) => role == Timestamp ? MetadataFileName.Timestamp : MetadataFileName.OfRole(role.Name, role.Version);

    private void Put(SimulatedRole role, MetadataContent content) => Replace(role, Sign(content.ToSignedBytes(), role.Signers));
}
